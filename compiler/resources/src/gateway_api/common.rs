//! What several of the Gateway API's kinds share.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::constraints;

/// The API's own group, which references mean that name none.
pub const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// What a route attaches to: a Gateway or ListenerSet, or a Service for traffic within the mesh.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ParentReference {
    /// The API's own when absent; empty for a Service.
    #[schemars(transform = constraints::group, extend("default" = GATEWAY_GROUP))]
    pub group: Option<Spanned<String>>,
    /// `Gateway` when absent.
    #[schemars(transform = constraints::kind, extend("default" = "Gateway"))]
    pub kind: Option<Spanned<String>>,
    /// The route's own when absent.
    #[schemars(transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// One listener of a Gateway, or one port of a Service by name; all when absent.
    #[schemars(transform = constraints::section_name)]
    pub section_name: Option<Spanned<String>>,
    /// The listeners, or the Service's port, of this number (experimental); all when absent.
    #[schemars(transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
}

impl ParentReference {
    /// Its group, defaulted.
    pub fn group(&self) -> &str {
        self.group.as_ref().map_or(GATEWAY_GROUP, |group| group.value.as_str())
    }

    /// Its kind, defaulted.
    pub fn kind(&self) -> &str {
        self.kind.as_ref().map_or("Gateway", |kind| kind.value.as_str())
    }

    /// Its name, empty where none is written.
    pub fn name(&self) -> &str {
        text(&self.name)
    }

    /// Its namespace, of a route in `own`.
    pub fn namespace<'a>(&'a self, own: &'a str) -> &'a str {
        written(&self.namespace).unwrap_or(own)
    }
}

/// An object that is sent to without a weight: where copies go, who authorizes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::backend)]
pub struct BackendObjectReference {
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
}

/// A destination with its share, of routes without filters for one destination.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::backend)]
pub struct BackendRef {
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
}

/// A Secret, or what else holds a certificate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretObjectReference {
    /// Kubernetes's core when absent.
    #[schemars(transform = constraints::group, extend("default" = ""))]
    pub group: Option<Spanned<String>>,
    /// `Secret` when absent.
    #[schemars(transform = constraints::kind, extend("default" = "Secret"))]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// The Gateway's own when absent; another one needs a ReferenceGrant.
    #[schemars(transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
}

/// An object of any namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Its group.
    #[schemars(required, transform = constraints::group)]
    pub group: Option<Spanned<String>>,
    /// Its kind.
    #[schemars(required, transform = constraints::kind)]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// The own when absent.
    #[schemars(transform = constraints::namespace)]
    pub namespace: Option<Spanned<String>>,
}

/// An object of the same namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalObjectReference {
    /// Its group.
    #[schemars(required, transform = constraints::group)]
    pub group: Option<Spanned<String>>,
    /// Its kind.
    #[schemars(required, transform = constraints::kind)]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
}

/// Parameters of a class, of any or no namespace.
pub type ParametersReference = ObjectReference;

/// Kubernetes's label selector.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that must be so.
    pub match_labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Further conditions.
    #[schemars(transform = constraints::atomic)]
    pub match_expressions: Vec<Spanned<LabelExpression>>,
}

/// A condition on one label.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelExpression {
    /// The label.
    #[schemars(required)]
    pub key: Option<Spanned<String>>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    #[schemars(required)]
    pub operator: Option<Spanned<String>>,
    /// For `In` and `NotIn`.
    #[schemars(transform = constraints::atomic)]
    pub values: Vec<Spanned<String>>,
}

/// The same backend for all requests of a client (experimental).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "!has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
        "message": "AbsoluteTimeout must be specified when cookie lifetimeType is Permanent"
    },
    {"rule": "!has(self.cookie) || self.type == 'Cookie'", "message": "cookie must be nil if type is not Cookie"},
    {"rule": "self.type != 'Cookie' || has(self.cookie)", "message": "cookie must be specified for Cookie type"},
    {"rule": "!has(self.header) || self.type == 'Header'", "message": "header must be nil if type is not Header"},
    {"rule": "self.type != 'Header' || has(self.header)", "message": "header must be specified for Header type"}
]))]
pub struct SessionPersistence {
    /// How long at most.
    #[schemars(transform = constraints::duration)]
    pub absolute_timeout: Option<Spanned<Duration>>,
    /// `Cookie` when absent.
    #[serde(rename = "type")]
    #[schemars(extend("default" = "Cookie"))]
    pub kind: Option<Spanned<SessionPersistenceType>>,
    /// For `Cookie`.
    pub cookie: Option<Spanned<CookieConfig>>,
    /// For `Header`.
    pub header: Option<Spanned<HeaderConfig>>,
}

/// What tells sessions apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SessionPersistenceType {
    /// A cookie.
    Cookie,
    /// A header.
    Header,
}

/// The cookie of a session.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CookieConfig {
    /// Its name.
    #[schemars(transform = constraints::header_name)]
    pub name: Option<Spanned<String>>,
    /// `Session` when absent.
    #[schemars(extend("default" = "Session"))]
    pub lifetime_type: Option<Spanned<CookieLifetimeType>>,
    /// `/` when absent.
    #[schemars(length(max = 1024), extend("default" = "/"))]
    pub path: Option<Spanned<String>>,
}

/// How long a cookie lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum CookieLifetimeType {
    /// Until the absolute timeout.
    Permanent,
    /// Until the browser forgets it.
    Session,
}

/// The header of a session.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HeaderConfig {
    /// Its name.
    #[schemars(required, transform = constraints::header_name)]
    pub name: Option<Spanned<String>>,
}

/// Whether a route also attaches to the Gateways that are said to be defaults (experimental).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum DefaultScope {
    /// To all.
    All,
    /// To none.
    None,
}

/// A text, empty where none is written.
pub(crate) fn text(value: &Option<Spanned<String>>) -> &str {
    value.as_ref().map_or("", |value| value.value.as_str())
}

/// A text that is not empty.
pub(crate) fn written(value: &Option<Spanned<String>>) -> Option<&str> {
    value.as_ref().map(|value| value.value.as_str()).filter(|value| !value.is_empty())
}
