//! A request that shows a finding: one line of `meshc trace`'s input, so that anyone can replay it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Which listeners of the proxy the request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the proxy's own application to the mesh.
    Outbound,
    /// From the mesh to the proxy's own application.
    Inbound,
    /// At a gateway's listener.
    Gateway,
}

/// A request at a proxy. Serialized, all keys are there and what is absent is null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// `NAME` or `NAME.NAMESPACE` of a pod or a workload.
    pub proxy: String,
    /// The route table as Istio names it: `9080`, `http.8080`. Wins over `port`.
    #[serde(default)]
    pub route_table: Option<String>,
    /// The destination port; at a gateway, the listener's.
    #[serde(default)]
    pub port: Option<u16>,
    /// Which listeners are meant, where the other fields do not say it.
    #[serde(default)]
    pub direction: Option<Direction>,
    /// The SPIFFE identity of the client; none: plaintext.
    #[serde(default)]
    pub peer: Option<String>,
    /// The address of the client.
    #[serde(default)]
    pub source_ip: Option<String>,
    /// The request itself.
    pub request: WitnessRequest,
}

/// The HTTP part of a [`Witness`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessRequest {
    /// `GET`
    pub method: String,
    /// `Host` or `:authority`, with its port if the client sends one.
    pub authority: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}
