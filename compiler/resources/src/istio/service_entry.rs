//! `networking.istio.io` ServiceEntry: static addresses; other resolutions not yet.

use indexmap::IndexMap;
use meshc_syntax::de::{NotYet, Spanned};
use serde::Deserialize;

/// A service that Kubernetes does not know.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntry {
    /// Names.
    pub hosts: Vec<Spanned<String>>,
    /// Virtual addresses.
    pub addresses: Vec<Spanned<String>>,
    /// Ports.
    pub ports: Vec<Spanned<ServiceEntryPort>>,
    /// Outside the mesh, unless it says inside.
    pub location: Option<Spanned<Location>>,
    /// How endpoints are found; NONE when absent.
    pub resolution: Option<Spanned<Resolution>>,
    /// Static endpoints.
    pub endpoints: Vec<Spanned<ServiceEntryEndpoint>>,
    /// Pods and WorkloadEntries, not yet.
    pub workload_selector: Option<NotYet>,
    /// Namespaces that see it: `.`, `*` or names.
    pub export_to: Vec<Spanned<String>>,
    /// Identities of the endpoints, not yet.
    pub subject_alt_names: Option<NotYet>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryPort {
    /// The port that clients use.
    pub number: Option<Spanned<u32>>,
    /// As in a Gateway; TCP unless the name or this says otherwise.
    pub protocol: Option<Spanned<String>>,
    /// A label.
    pub name: Option<Spanned<String>>,
    /// The endpoints' port where it differs.
    pub target_port: Option<Spanned<u32>>,
}

/// Where the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Location {
    /// Outside: no mutual TLS.
    MeshExternal,
    /// Inside.
    MeshInternal,
}

/// How endpoints are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resolution {
    /// Wherever the caller was going.
    None,
    /// The endpoints' addresses.
    Static,
    /// By name, each answer an endpoint.
    Dns,
    /// By name, one answer at a time.
    DnsRoundRobin,
    /// By the request's host.
    DynamicDns,
}

/// Istio's inline `WorkloadEntry`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryEndpoint {
    /// An IP address (STATIC) or a name (DNS).
    pub address: Option<Spanned<String>>,
    /// Ports by name, where they differ.
    pub ports: IndexMap<Spanned<String>, Spanned<u32>>,
    /// Labels, for subsets.
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Another network, not yet.
    pub network: Option<NotYet>,
    /// A locality, not yet.
    pub locality: Option<NotYet>,
    /// Its share; 1 when absent.
    pub weight: Option<Spanned<u32>>,
    /// Its identity, not yet.
    pub service_account: Option<NotYet>,
}
