//! Routes of connections: TLS by SNI, raw TCP.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::istio::Destination;

/// Istio's `TLSRoute`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsRoute {
    /// Any of them.
    #[serde(rename = "match")]
    #[schemars(extend("x-meshc-required" = true))]
    pub matches: Vec<Spanned<TlsMatch>>,
    /// Where to, by weight.
    pub route: Vec<Spanned<RouteDestination>>,
}

/// Istio's `TLSMatchAttributes`; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsMatch {
    /// Server names, within the VirtualService's hosts.
    #[schemars(extend("x-meshc-required" = true))]
    pub sni_hosts: Vec<Spanned<String>>,
    /// Addresses or CIDR ranges that the caller connects to.
    pub destination_subnets: Vec<Spanned<String>>,
    /// The port that the caller connects to.
    pub port: Option<Spanned<u32>>,
    /// Labels of the caller.
    pub source_labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Gateways it holds for, in place of the resource's.
    pub gateways: Vec<Spanned<String>>,
    /// The namespace of the caller.
    pub source_namespace: Option<Spanned<String>>,
}

/// Istio's `TCPRoute`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpRoute {
    /// Any of them; every connection when empty.
    #[serde(rename = "match")]
    pub matches: Vec<Spanned<L4Match>>,
    /// Where to, by weight.
    pub route: Vec<Spanned<RouteDestination>>,
}

/// Istio's `L4MatchAttributes`; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct L4Match {
    /// Addresses or CIDR ranges that the caller connects to.
    pub destination_subnets: Vec<Spanned<String>>,
    /// The port that the caller connects to.
    pub port: Option<Spanned<u32>>,
    /// In Istio's schema; Istio does not read it.
    pub source_subnet: Option<Spanned<String>>,
    /// Labels of the caller.
    pub source_labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Gateways it holds for, in place of the resource's.
    pub gateways: Vec<Spanned<String>>,
    /// The namespace of the caller.
    pub source_namespace: Option<Spanned<String>>,
}

/// Istio's `RouteDestination`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteDestination {
    /// Where.
    #[schemars(required)]
    pub destination: Option<Spanned<Destination>>,
    /// Its share of the sum of weights.
    pub weight: Option<Spanned<i32>>,
}
