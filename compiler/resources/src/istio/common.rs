//! What several of Istio's resources share.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The rule that Istio's CRDs put on durations: a millisecond or more.
pub(crate) fn at_least_a_millisecond() -> Value {
    json!([{
        "rule": "duration(self) >= duration('1ms')",
        "message": "must be a valid duration greater than 1ms",
    }])
}

/// The rule that Istio's CRDs put on ports.
pub(crate) fn port_rule() -> Value {
    json!([{"rule": "0 < self && self <= 65535", "message": "port must be between 1-65535"}])
}

/// Istio's `StringMatch`: exactly one of the three is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["exact", "prefix", "regex"]]))]
pub struct StringMatch {
    /// Equal.
    pub exact: Option<Spanned<String>>,
    /// Starts with.
    pub prefix: Option<Spanned<String>>,
    /// The whole value, RE2.
    pub regex: Option<Spanned<String>>,
}

/// Istio's `Destination`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Destination {
    /// A service's name, short (in the resource's namespace) or full.
    #[schemars(required)]
    pub host: Option<Spanned<String>>,
    /// A subset of a DestinationRule for the host.
    pub subset: Option<Spanned<String>>,
    /// Needed when the service has several ports.
    pub port: Option<Spanned<PortSelector>>,
}

/// Istio's `PortSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PortSelector {
    /// The service's port.
    pub number: Option<Spanned<u32>>,
}

/// Istio's `WorkloadSelector` of the policies (`type/v1beta1`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSelector {
    /// All of them must be on the pod; none of them means every pod in scope.
    #[schemars(extend(
        "maxProperties" = 4096,
        "x-kubernetes-validations" = [
            {"rule": "self.all(key, !key.contains(\"*\"))", "message": "wildcard not allowed in label key match"},
            {"rule": "self.all(key, key.size() != 0)", "message": "key must not be empty"},
        ],
    ))]
    #[schemars(transform = meshc_schema::values(json!({
        "maxLength": 63,
        "x-kubernetes-validations": [
            {"rule": "!self.contains(\"*\")", "message": "wildcard not allowed in label value match"},
        ],
    })))]
    pub match_labels: IndexMap<Spanned<String>, Spanned<String>>,
}

/// Istio's `PolicyTargetReference`: what a policy is attached to in place of a selector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyTargetReference {
    /// Empty for Kubernetes's own.
    #[schemars(
        length(max = 253),
        regex(pattern = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub group: Option<Spanned<String>>,
    /// `Gateway`, `GatewayClass`, `Service` or `ServiceEntry`.
    #[schemars(
        required,
        length(min = 1, max = 63),
        regex(pattern = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
    )]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, length(min = 1, max = 253))]
    pub name: Option<Spanned<String>>,
    /// Refused where it is not empty.
    #[schemars(extend("x-kubernetes-validations" = [
        {"rule": "self.size() == 0", "message": "cross namespace referencing is not currently supported"},
    ]))]
    pub namespace: Option<Spanned<String>>,
}
