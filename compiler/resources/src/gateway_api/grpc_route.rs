//! GRPCRoute.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    DefaultScope, HttpHeaderFilter, HttpRequestMirrorFilter, LocalObjectReference, ParentReference,
    SessionPersistence, ValueMatchType, constraints,
};

/// How gRPC calls of a Gateway, or to a Service, are routed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRoute {
    /// What it attaches to.
    #[schemars(length(max = 32), transform = constraints::parent_refs)]
    pub parent_refs: Vec<Spanned<ParentReference>>,
    /// To which Gateways else (experimental).
    pub use_default_gateways: Option<Spanned<DefaultScope>>,
    /// Hosts of calls; those of the listener when empty.
    #[schemars(length(max = 16), transform = constraints::hostnames)]
    pub hostnames: Vec<Spanned<String>>,
    /// The most specific match wins.
    #[schemars(transform = constraints::grpc_rules)]
    pub rules: Vec<Spanned<GrpcRouteRule>>,
}

/// Matches, with what becomes of the calls.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRouteRule {
    /// For people.
    #[schemars(transform = constraints::section_name)]
    pub name: Option<Spanned<String>>,
    /// Any of them; every call when empty.
    #[schemars(length(max = 64), transform = constraints::atomic)]
    pub matches: Vec<Spanned<GrpcRouteMatch>>,
    /// What is done to calls.
    #[schemars(length(max = 16), transform = constraints::grpc_filters)]
    pub filters: Vec<Spanned<GrpcRouteFilter>>,
    /// Where to, by weight.
    #[schemars(length(max = 16), transform = constraints::atomic)]
    pub backend_refs: Vec<Spanned<GrpcBackendRef>>,
    /// The same backend for all calls of a client (experimental).
    pub session_persistence: Option<Spanned<SessionPersistence>>,
}

/// Conditions on a call; all must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRouteMatch {
    /// The service and method; any when absent.
    pub method: Option<Spanned<GrpcMethodMatch>>,
    /// Headers.
    #[schemars(length(max = 16), transform = constraints::by_name)]
    pub headers: Vec<Spanned<GrpcHeaderMatch>>,
}

/// A condition on service and method; one of them at least is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "has(self.type) ? has(self.service) || has(self.method) : true",
        "message": "One or both of 'service' or 'method' must be specified"
    },
    {
        "rule": "(!has(self.type) || self.type == 'Exact') && has(self.service) ? self.service.matches(r\"\"\"^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$\"\"\"): true",
        "message": "service must only contain valid characters (matching ^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$)"
    },
    {
        "rule": "(!has(self.type) || self.type == 'Exact') && has(self.method) ? self.method.matches(r\"\"\"^[A-Za-z_][A-Za-z_0-9]*$\"\"\"): true",
        "message": "method must only contain valid characters (matching ^[A-Za-z_][A-Za-z_0-9]*$)"
    }
]))]
pub struct GrpcMethodMatch {
    /// `Exact` when absent.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "Exact"))]
    pub kind: Option<Spanned<ValueMatchType>>,
    /// With its package.
    #[schemars(length(max = 1024))]
    pub service: Option<Spanned<String>>,
    /// Its name.
    #[schemars(length(max = 1024))]
    pub method: Option<Spanned<String>>,
}

/// A condition on a header.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcHeaderMatch {
    /// `Exact` when absent.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "Exact"))]
    pub kind: Option<Spanned<ValueMatchType>>,
    /// Its name.
    #[schemars(required, transform = constraints::header_name)]
    pub name: Option<Spanned<String>>,
    /// Its value.
    #[schemars(required, length(min = 1, max = 4096))]
    pub value: Option<Spanned<String>>,
}

/// Something done to a call; `type` says which field is set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::grpc_filter)]
pub struct GrpcRouteFilter {
    /// What is done.
    #[serde(rename = "type")]
    #[schemars(required)]
    pub kind: Option<Spanned<GrpcRouteFilterType>>,
    /// Headers on the way in.
    pub request_header_modifier: Option<Spanned<HttpHeaderFilter>>,
    /// Headers on the way out.
    pub response_header_modifier: Option<Spanned<HttpHeaderFilter>>,
    /// Copies.
    pub request_mirror: Option<Spanned<HttpRequestMirrorFilter>>,
    /// Of an implementation; Istio knows none.
    pub extension_ref: Option<Spanned<LocalObjectReference>>,
}

/// The kinds of a GRPCRoute's filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum GrpcRouteFilterType {
    /// Headers on the way out.
    ResponseHeaderModifier,
    /// Headers on the way in.
    RequestHeaderModifier,
    /// Copies.
    RequestMirror,
    /// Of an implementation.
    ExtensionRef,
}

/// A destination with its share and its own filters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::backend)]
pub struct GrpcBackendRef {
    /// Kubernetes's core when absent.
    #[schemars(transform = constraints::group, extend("default" = ""))]
    pub group: Option<Spanned<String>>,
    /// `Service` when absent.
    #[schemars(transform = constraints::kind, extend("default" = "Service"))]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// The route's own when absent; another one needs a ReferenceGrant.
    #[schemars(transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
    /// Its port; a Service needs one.
    #[schemars(transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
    /// Its share of the sum of weights; 1 when absent.
    #[schemars(range(min = 0, max = 1_000_000), extend("default" = 1))]
    pub weight: Option<Spanned<i32>>,
    /// For calls that go there.
    #[schemars(length(max = 16), transform = constraints::grpc_filters)]
    pub filters: Vec<Spanned<GrpcRouteFilter>>,
}
