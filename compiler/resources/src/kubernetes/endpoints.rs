//! Kubernetes Endpoints: endpoints as facts, before there were EndpointSlices.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{TargetRef, forms};
use crate::{Ignored, Metadata};

/// The endpoints of the Service of the same name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Endpoints {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// Addresses that have the same ports.
    pub subsets: Vec<Spanned<EndpointSubset>>,
}

/// Addresses that have the same ports.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "has(self.addresses) && self.addresses.size() > 0 || \
     has(self.notReadyAddresses) && self.notReadyAddresses.size() > 0",
    "`addresses` or `notReadyAddresses` must be there"
))]
pub struct EndpointSubset {
    /// Those that take traffic.
    pub addresses: Vec<Spanned<EndpointAddress>>,
    /// Those that do not.
    pub not_ready_addresses: Vec<Spanned<EndpointAddress>>,
    /// Their ports.
    #[schemars(transform = forms::holds(
        "self.size() <= 1 || self.all(p, has(p.name) && p.name != '')",
        "each port needs a name where there are several"
    ))]
    pub ports: Vec<Spanned<EndpointPort>>,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointAddress {
    /// Its address.
    #[schemars(required, transform = forms::ip)]
    pub ip: Option<Spanned<String>>,
    /// The pod's own name in DNS.
    #[schemars(transform = forms::dns_label)]
    pub hostname: Option<Spanned<String>>,
    /// The node.
    pub node_name: Option<Spanned<String>>,
    /// The pod.
    pub target_ref: Option<Spanned<TargetRef>>,
}

/// A port of endpoints.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointPort {
    /// The Service port's name.
    #[schemars(length(max = 63), regex(pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"))]
    pub name: Option<Spanned<String>>,
    /// The pods' port.
    #[schemars(required, transform = forms::port)]
    pub port: Option<Spanned<u32>>,
    /// `TCP`, `UDP`, `SCTP`.
    #[schemars(transform = forms::protocol)]
    pub protocol: Option<Spanned<String>>,
    /// The application protocol.
    #[schemars(transform = forms::qualified_name)]
    pub app_protocol: Option<Spanned<String>>,
}
