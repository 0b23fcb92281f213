//! What several of Istio's resources share.

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
