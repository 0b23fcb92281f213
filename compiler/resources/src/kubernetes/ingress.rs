//! Kubernetes Ingress and IngressClass. Their constraints are those of Kubernetes's own validation
//! (`pkg/apis/networking/validation`): they have no CustomResourceDefinition.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// How HTTP requests from outside are routed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    /// The class; Istio implements those whose IngressClass has the controller `istio.io/ingress-controller`.
    pub ingress_class_name: Option<Spanned<String>>,
    /// For what no rule matches.
    pub default_backend: Option<Spanned<IngressBackend>>,
    /// Hosts with certificates.
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub tls: Vec<Spanned<IngressTls>>,
    /// By host.
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub rules: Vec<Spanned<IngressRule>>,
}

/// The certificate of some hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressTls {
    /// All when empty.
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub hosts: Vec<Spanned<String>>,
    /// A Secret of the same namespace; Istio looks for it in that of its gateway.
    pub secret_name: Option<Spanned<String>>,
}

/// The paths of a host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressRule {
    /// Every host when absent; the first label may be `*`.
    pub host: Option<Spanned<String>>,
    /// Its paths.
    pub http: Option<Spanned<HttpIngressRule>>,
}

/// The paths of a host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpIngressRule {
    /// The longest that matches wins.
    #[schemars(extend("x-meshc-required" = true, "x-kubernetes-list-type" = "atomic"))]
    pub paths: Vec<Spanned<HttpIngressPath>>,
}

/// A path with its backend.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpIngressPath {
    /// Begins with a slash.
    pub path: Option<Spanned<String>>,
    /// How it is compared.
    #[schemars(required)]
    pub path_type: Option<Spanned<PathType>>,
    /// Where to.
    #[schemars(required)]
    pub backend: Option<Spanned<IngressBackend>>,
}

/// How an Ingress's path is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PathType {
    /// Equal.
    Exact,
    /// By whole segments.
    Prefix,
    /// As Istio always did: by characters where it ends in `*`, `.*` or is empty, else equal.
    ImplementationSpecific,
}

/// A Service with its port, or a resource; Istio knows no resources.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressBackend {
    /// A Service of the same namespace.
    pub service: Option<Spanned<IngressServiceBackend>>,
    /// Another object of the same namespace.
    pub resource: Option<Spanned<TypedLocalObjectReference>>,
}

/// A Service with its port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressServiceBackend {
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<ServiceBackendPort>>,
}

/// A Service's port: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceBackendPort {
    /// By name.
    pub name: Option<Spanned<String>>,
    /// By number.
    pub number: Option<Spanned<i32>>,
}

/// An object of the same namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TypedLocalObjectReference {
    /// Its group; Kubernetes's core when absent.
    pub api_group: Option<Spanned<String>>,
    /// Its kind.
    #[schemars(required)]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
}

/// Who implements the Ingresses that name it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClass {
    /// Istio's is `istio.io/ingress-controller`.
    #[schemars(length(max = 250))]
    pub controller: Option<Spanned<String>>,
    /// For the implementation.
    pub parameters: Option<Spanned<IngressClassParameters>>,
}

/// Parameters of a class.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressClassParameters {
    /// Its group; Kubernetes's core when absent.
    pub api_group: Option<Spanned<String>>,
    /// Its kind.
    #[schemars(required)]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// `Cluster` when absent, or `Namespace`.
    pub scope: Option<Spanned<String>>,
    /// For the scope `Namespace`.
    pub namespace: Option<Spanned<String>>,
}
