//! TLSRoute, TCPRoute and UDPRoute.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{BackendRef, DefaultScope, ParentReference, constraints};

/// How TLS connections are routed by their SNI. The schema is that of `v1`: one rule, and hosts; `v1alpha2` and
/// `v1alpha3` take up to 16 rules (Istio uses all) and none.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsRoute {
    /// What it attaches to.
    #[schemars(length(max = 32), transform = constraints::parent_refs)]
    pub parent_refs: Vec<Spanned<ParentReference>>,
    /// To which Gateways else (experimental).
    pub use_default_gateways: Option<Spanned<DefaultScope>>,
    /// SNI hosts.
    #[schemars(transform = constraints::tls_hostnames, extend("x-meshc-required" = true))]
    pub hostnames: Vec<Spanned<String>>,
    /// Where to.
    #[schemars(
        length(min = 1, max = 1),
        transform = constraints::atomic,
        extend("x-meshc-required" = true)
    )]
    pub rules: Vec<Spanned<StreamRouteRule>>,
}

/// How TCP connections are routed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpRoute {
    /// What it attaches to.
    #[schemars(length(max = 32), transform = constraints::parent_refs)]
    pub parent_refs: Vec<Spanned<ParentReference>>,
    /// To which Gateways else (experimental).
    pub use_default_gateways: Option<Spanned<DefaultScope>>,
    /// Where to.
    #[schemars(transform = constraints::stream_rules, extend("x-meshc-required" = true))]
    pub rules: Vec<Spanned<StreamRouteRule>>,
}

/// How UDP is routed; Istio does not do it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UdpRoute {
    /// What it attaches to.
    #[schemars(length(max = 32), transform = constraints::parent_refs)]
    pub parent_refs: Vec<Spanned<ParentReference>>,
    /// To which Gateways else (experimental).
    pub use_default_gateways: Option<Spanned<DefaultScope>>,
    /// Where to.
    #[schemars(transform = constraints::stream_rules, extend("x-meshc-required" = true))]
    pub rules: Vec<Spanned<StreamRouteRule>>,
}

/// Destinations by weight.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StreamRouteRule {
    /// For people.
    #[schemars(transform = constraints::section_name)]
    pub name: Option<Spanned<String>>,
    /// Where to.
    #[schemars(
        length(min = 1, max = 16),
        transform = constraints::atomic,
        extend("x-meshc-required" = true)
    )]
    pub backend_refs: Vec<Spanned<BackendRef>>,
}
