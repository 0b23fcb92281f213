//! `networking.istio.io` ProxyConfig: how the proxies of some workloads run.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::WorkloadSelector;

/// How the proxies of some workloads run. Threads and images change nothing that a proxy is sent; what of the variables
/// does is told at [`MeshProxyConfig`](super::mesh::MeshProxyConfig).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfig {
    /// Which workloads of its namespace; all when absent.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// Worker threads; all cores when 0.
    #[schemars(range(min = 0), extend("nullable" = true, "format" = "int32"))]
    pub concurrency: Option<Spanned<i32>>,
    /// Variables of the proxy's environment.
    #[schemars(transform = meshc_schema::values(serde_json::json!({"maxLength": 2048})))]
    pub environment_variables: IndexMap<Spanned<String>, Spanned<String>>,
    /// The proxy's image.
    pub image: Option<Spanned<ProxyImage>>,
}

/// Which image a proxy runs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyImage {
    /// `default`, `debug`, `distroless`.
    pub image_type: Option<Spanned<String>>,
}
