//! `meshc.dev` Invariant: what holds of the whole mesh, whoever changes it.

use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

/// A promise about all requests; exactly one is written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.neverReaches) ? 1 : 0) + (has(self.maxTimeout) ? 1 : 0) + (has(self.maxWeight) ? 1 : 0) + \
             (has(self.mutualTls) ? 1 : 0) == 1",
    "message": "write exactly one of `neverReaches`, `maxTimeout`, `maxWeight` and `mutualTls`",
}]))]
pub struct Invariant {
    /// No request from these places is routed to those.
    pub never_reaches: Option<Spanned<NeverReaches>>,
    /// Every route there has a limit of time, and at most this one.
    pub max_timeout: Option<Spanned<MaxTimeout>>,
    /// No route sends a greater share there.
    pub max_weight: Option<Spanned<MaxWeight>>,
    /// The workloads take mutual TLS alone.
    pub mutual_tls: Option<Spanned<MustBeMutualTls>>,
}

/// Istio's proxies as senders; what is written counts together, nothing means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Places {
    /// In these namespaces.
    pub namespaces: Vec<Spanned<String>>,
    /// In all namespaces but these.
    pub not_namespaces: Vec<Spanned<String>>,
    /// Of these workloads, by name.
    pub workloads: Vec<Spanned<String>>,
    /// Only gateways, or no gateway.
    pub gateways: Option<Spanned<bool>>,
}

/// Destinations; what is written counts together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("minProperties" = 1))]
pub struct Target {
    /// A service, short (in the invariant's namespace) or full, or a wildcard.
    pub host: Option<Spanned<String>>,
    /// All services of a namespace.
    pub namespace: Option<Spanned<String>>,
    /// A subset.
    pub subset: Option<Spanned<String>>,
}

/// Who never reaches what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NeverReaches {
    /// The senders; all without it.
    pub from: Option<Spanned<Places>>,
    /// The destinations.
    #[schemars(required)]
    pub to: Option<Spanned<Target>>,
}

/// A bound on timeouts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MaxTimeout {
    /// The senders; all without it.
    pub from: Option<Spanned<Places>>,
    /// The destinations.
    #[schemars(required)]
    pub to: Option<Spanned<Target>>,
    /// For the whole request, all tries; a route without a limit breaks it.
    #[schemars(required)]
    pub at_most: Option<Spanned<Duration>>,
}

/// A bound on a share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MaxWeight {
    /// The senders; all without it.
    pub from: Option<Spanned<Places>>,
    /// The destinations.
    #[schemars(required)]
    pub to: Option<Spanned<Target>>,
    /// In percent of a route's requests.
    #[schemars(required, range(min = 0, max = 100))]
    pub at_most: Option<Spanned<u32>>,
}

/// Who takes mutual TLS alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MustBeMutualTls {
    /// The namespaces of the workloads; all without it.
    pub namespaces: Vec<Spanned<String>>,
    /// Their names; all without it.
    pub workloads: Vec<Spanned<String>>,
}
