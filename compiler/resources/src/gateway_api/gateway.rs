//! Gateway and its listeners.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    DefaultScope, GATEWAY_GROUP, LabelSelector, LocalObjectReference, ObjectReference, SecretObjectReference,
    constraints,
};

/// Where traffic comes in, and who may route it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// Who implements it.
    #[schemars(required, transform = constraints::object_name)]
    pub gateway_class_name: Option<Spanned<String>>,
    /// Ports, each with a protocol and a host.
    #[schemars(transform = constraints::listeners, extend("x-meshc-required" = true))]
    pub listeners: Vec<Spanned<Listener>>,
    /// Addresses that are asked for.
    #[schemars(transform = constraints::addresses)]
    pub addresses: Vec<Spanned<GatewayAddress>>,
    /// What is made for it.
    pub infrastructure: Option<Spanned<GatewayInfrastructure>>,
    /// Namespaces whose ListenerSets may add listeners; none when absent.
    pub allowed_listeners: Option<Spanned<AllowedListeners>>,
    /// TLS beyond that of single listeners.
    pub tls: Option<Spanned<GatewayTlsConfig>>,
    /// Whether routes that ask for default Gateways attach (experimental).
    pub default_scope: Option<Spanned<DefaultScope>>,
}

/// One port with a protocol and a host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Listener {
    /// What routes call it.
    #[schemars(required, transform = constraints::section_name)]
    pub name: Option<Spanned<String>>,
    /// Every host when absent.
    #[schemars(transform = constraints::hostname)]
    pub hostname: Option<Spanned<String>>,
    /// The port that clients use.
    #[schemars(required, transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or an implementation's own with its domain.
    #[schemars(
        required,
        length(min = 1, max = 255),
        regex(
            pattern = r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$"
        )
    )]
    pub protocol: Option<Spanned<String>>,
    /// For `HTTPS` and `TLS`.
    pub tls: Option<Spanned<ListenerTlsConfig>>,
    /// Which routes may attach; those of the Gateway's namespace when absent.
    #[schemars(extend("default" = {"namespaces": {"from": "Same"}}))]
    pub allowed_routes: Option<Spanned<AllowedRoutes>>,
}

/// How a listener handles TLS.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
    "message": "certificateRefs or options must be specified when mode is Terminate"
}]))]
pub struct ListenerTlsConfig {
    /// `Terminate` when absent.
    #[schemars(extend("default" = "Terminate"))]
    pub mode: Option<Spanned<TlsMode>>,
    /// Certificates with keys.
    #[schemars(length(max = 64), transform = constraints::atomic)]
    pub certificate_refs: Vec<Spanned<SecretObjectReference>>,
    /// Of the implementation.
    #[schemars(transform = constraints::options)]
    pub options: IndexMap<Spanned<String>, Spanned<String>>,
}

/// What becomes of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum TlsMode {
    /// It ends at the Gateway.
    Terminate,
    /// It goes through, routed by its SNI.
    Passthrough,
}

/// Which routes may attach to a listener.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedRoutes {
    /// Their namespaces.
    #[schemars(extend("default" = {"from": "Same"}))]
    pub namespaces: Option<Spanned<RouteNamespaces>>,
    /// Their kinds; those of the protocol when empty.
    #[schemars(length(max = 8), transform = constraints::atomic)]
    pub kinds: Vec<Spanned<RouteGroupKind>>,
}

/// Namespaces of routes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteNamespaces {
    /// `Same` when absent.
    #[schemars(extend("default" = "Same"))]
    pub from: Option<Spanned<FromNamespaces>>,
    /// For `Selector`.
    #[schemars(extend("x-kubernetes-map-type" = "atomic"))]
    pub selector: Option<Spanned<LabelSelector>>,
}

/// Namespaces that routes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum FromNamespaces {
    /// Any.
    All,
    /// Those with labels.
    Selector,
    /// The Gateway's own.
    Same,
}

/// A kind of routes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteGroupKind {
    /// The API's own when absent.
    #[schemars(transform = constraints::group, extend("default" = GATEWAY_GROUP))]
    pub group: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::kind)]
    pub kind: Option<Spanned<String>>,
}

/// An address that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::address)]
pub struct GatewayAddress {
    /// `IPAddress` when absent, `Hostname`, `NamedAddress`, or an implementation's own with its domain.
    #[serde(rename = "type")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$"),
        extend("default" = "IPAddress")
    )]
    pub kind: Option<Spanned<String>>,
    /// The address; any of the type when absent.
    #[schemars(length(max = 253))]
    pub value: Option<Spanned<String>>,
}

/// What is made for a Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayInfrastructure {
    /// Its labels.
    #[schemars(transform = constraints::infrastructure_labels)]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Its annotations.
    #[schemars(transform = constraints::infrastructure_annotations)]
    pub annotations: IndexMap<Spanned<String>, Spanned<String>>,
    /// For the implementation; of Istio a ConfigMap with overlays.
    pub parameters_ref: Option<Spanned<LocalObjectReference>>,
}

/// Namespaces whose ListenerSets may add listeners.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowedListeners {
    /// None when absent.
    #[schemars(extend("default" = {"from": "None"}))]
    pub namespaces: Option<Spanned<ListenerNamespaces>>,
}

/// Namespaces of ListenerSets.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerNamespaces {
    /// `None` when absent.
    #[schemars(extend("default" = "None"))]
    pub from: Option<Spanned<FromListenerNamespaces>>,
    /// For `Selector`.
    #[schemars(extend("x-kubernetes-map-type" = "atomic"))]
    pub selector: Option<Spanned<LabelSelector>>,
}

/// Namespaces that ListenerSets come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum FromListenerNamespaces {
    /// Any.
    All,
    /// Those with labels.
    Selector,
    /// The Gateway's own.
    Same,
    /// None.
    None,
}

/// TLS of a whole Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayTlsConfig {
    /// Towards backends.
    pub backend: Option<Spanned<GatewayBackendTls>>,
    /// Towards clients.
    pub frontend: Option<Spanned<FrontendTlsConfig>>,
}

/// How a Gateway shows itself to backends.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayBackendTls {
    /// Its certificate.
    pub client_certificate_ref: Option<Spanned<SecretObjectReference>>,
}

/// How clients show themselves.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FrontendTlsConfig {
    /// On ports that `per_port` does not name.
    #[schemars(required)]
    pub default: Option<Spanned<PortTlsConfig>>,
    /// On single ports.
    #[schemars(
        length(max = 64),
        transform = constraints::by_port,
        extend("x-kubernetes-validations" = [{
            "rule": "self.all(t1, self.exists_one(t2, t1.port == t2.port))",
            "message": "Port for TLS configuration must be unique within the Gateway"
        }])
    )]
    pub per_port: Vec<Spanned<TlsPortConfig>>,
}

/// How clients of one port show themselves.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsPortConfig {
    /// The port.
    #[schemars(required, transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
    /// How.
    #[schemars(required)]
    pub tls: Option<Spanned<PortTlsConfig>>,
}

/// How clients show themselves.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PortTlsConfig {
    /// Not asked for a certificate when absent.
    pub validation: Option<Spanned<FrontendTlsValidation>>,
}

/// What certificates of clients must be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FrontendTlsValidation {
    /// Who signs them.
    #[schemars(
        length(min = 1, max = 16),
        transform = constraints::atomic,
        extend("x-meshc-required" = true)
    )]
    pub ca_certificate_refs: Vec<Spanned<ObjectReference>>,
    /// `AllowValidOnly` when absent.
    #[schemars(extend("default" = "AllowValidOnly"))]
    pub mode: Option<Spanned<FrontendValidationMode>>,
}

/// What becomes of clients without a valid certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum FrontendValidationMode {
    /// They are turned away.
    AllowValidOnly,
    /// They come in; backends must look.
    AllowInsecureFallback,
}
