//! `security.istio.io` PeerAuthentication: which connections a workload takes.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::common::WorkloadSelector;

/// Whether connections to a workload must, may or cannot be mutual TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? \
             self.selector.matchLabels : {}).size() > 0) : true",
    "message": "portLevelMtls requires selector",
}]))]
pub struct PeerAuthentication {
    /// The pods; without it those of the namespace, or of the mesh in the root namespace.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// For all ports.
    pub mtls: Option<Spanned<MutualTls>>,
    /// By the port of the pod.
    #[schemars(extend(
        "minProperties" = 1,
        "x-kubernetes-validations" = [
            {"rule": "self.all(key, 0 < int(key) && int(key) <= 65535)", "message": "port must be between 1-65535"},
        ],
    ))]
    pub port_level_mtls: IndexMap<Spanned<String>, Spanned<MutualTls>>,
}

/// Istio's `PeerAuthentication.MutualTLS`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MutualTls {
    /// Inherited where it is absent.
    pub mode: Option<Spanned<MutualTlsMode>>,
}

/// What a port takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MutualTlsMode {
    /// What the wider policy says.
    Unset,
    /// Plaintext only.
    Disable,
    /// Both.
    Permissive,
    /// Mutual TLS only.
    Strict,
}
