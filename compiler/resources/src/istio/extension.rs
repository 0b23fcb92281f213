//! `extensions.istio.io` WasmPlugin and TrafficExtension: code of one's own in the proxies.

use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PolicyTargetReference, WorkloadSelector};

/// A WebAssembly filter of some workloads.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = json!([{
    "rule": "(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1",
    "message": "only one of targetRefs or selector can be set",
}])))]
pub struct WasmPlugin {
    /// Which workloads of its namespace; all when absent.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// Deprecated form of `targetRefs`.
    pub target_ref: Option<Spanned<PolicyTargetReference>>,
    /// What it is attached to in place of a selector.
    #[schemars(length(max = 16))]
    pub target_refs: Vec<Spanned<PolicyTargetReference>>,
    /// Where the module is: `oci://`, `https://`, `http://`, `file://`; OCI when it has no scheme.
    #[schemars(required, length(min = 1), extend("x-kubernetes-validations" = url_rule(
        r#"["", "http", "https", "oci", "file"]"#, "http, https, file, oci",
    )))]
    pub url: Option<Spanned<String>>,
    /// Of the module, in hexadecimal.
    #[schemars(regex(pattern = "(^$|^[a-f0-9]{64}$)"))]
    pub sha256: Option<Spanned<String>>,
    /// When an OCI image is fetched again.
    pub image_pull_policy: Option<Spanned<PullPolicy>>,
    /// A Secret for the registry.
    #[schemars(length(min = 1, max = 253))]
    pub image_pull_secret: Option<Spanned<String>>,
    /// Not used yet by Istio.
    pub verification_key: Option<Spanned<String>>,
    /// For the plugin.
    pub plugin_config: Option<Spanned<Raw>>,
    /// Of the module's root context.
    #[schemars(length(min = 1, max = 256))]
    pub plugin_name: Option<Spanned<String>>,
    /// Where among the filters.
    pub phase: Option<Spanned<PluginPhase>>,
    /// Higher ones first.
    #[schemars(extend("nullable" = true))]
    pub priority: Option<Spanned<i32>>,
    /// What happens when the module cannot be fetched or fails.
    pub fail_strategy: Option<Spanned<FailStrategy>>,
    /// The virtual machine.
    pub vm_config: Option<Spanned<VmConfig>>,
    /// Which traffic; any of them, all when empty.
    #[serde(rename = "match")]
    pub matches: Vec<Spanned<TrafficSelector>>,
    /// A filter of requests or of connections.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<PluginType>>,
}

/// The CRD's rule on URLs of modules.
fn url_rule(schemes: &str, named: &str) -> Value {
    json!([{
        "rule": format!(
            "isURL(self) ? (url(self).getScheme() in {schemes}) : (isURL(\"http://\" + self) && \
             url(\"http://\" + self).getScheme() in {schemes})"
        ),
        "message": format!("url must have schema one of [{named}]"),
    }])
}

/// When an OCI image is fetched again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
pub enum PullPolicy {
    /// Always where the tag is `latest`, else if it is not there.
    #[default]
    #[serde(rename = "UNSPECIFIED_POLICY")]
    Unspecified,
    /// If it is not there.
    IfNotPresent,
    /// Always.
    Always,
}

/// Where among the filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PluginPhase {
    /// At the end, before the router.
    #[default]
    UnspecifiedPhase,
    /// Before Istio's authentication.
    Authn,
    /// Before Istio's authorization.
    Authz,
    /// Before Istio's statistics.
    Stats,
}

/// What happens when the module cannot be fetched or fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailStrategy {
    /// Requests get 5xx.
    #[default]
    FailClose,
    /// Requests pass without it.
    FailOpen,
    /// The machine is started again; requests of the meantime get 5xx.
    FailReload,
}

/// A filter of requests or of connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PluginType {
    /// Of requests.
    #[default]
    UnspecifiedPluginType,
    /// Of requests.
    Http,
    /// Of connections.
    Network,
}

/// The virtual machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VmConfig {
    /// Its environment.
    #[schemars(
        length(max = 256),
        extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"])
    )]
    pub env: Vec<Spanned<EnvVar>>,
}

/// A variable of the machine's environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = json!([{
    "rule": "(has(self.valueFrom) ? self.valueFrom : \"\") != \"HOST\" || !has(self.value)",
    "message": "value may only be set when valueFrom is INLINE",
}])))]
pub struct EnvVar {
    /// Its name.
    #[schemars(required, length(min = 1, max = 256))]
    pub name: Option<Spanned<String>>,
    /// Where its value is.
    pub value_from: Option<Spanned<EnvValueSource>>,
    /// Its value.
    #[schemars(length(max = 2048))]
    pub value: Option<Spanned<String>>,
}

/// Where a variable's value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnvValueSource {
    /// Beside it.
    #[default]
    Inline,
    /// In the proxy's environment.
    Host,
}

/// Which traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrafficSelector {
    /// Which side; both when absent.
    pub mode: Option<Spanned<TrafficMode>>,
    /// Which ports; all when empty.
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["number"]))]
    pub ports: Vec<Spanned<PortNumber>>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PortNumber {
    /// Its number.
    #[schemars(required, range(min = 1, max = 65535))]
    pub number: Option<Spanned<u32>>,
}

/// Which side of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrafficMode {
    /// Both.
    #[default]
    Undefined,
    /// Requests that the workload makes.
    Client,
    /// Requests that the workload gets.
    Server,
    /// Both.
    ClientAndServer,
}

/// A filter of some workloads: WebAssembly or Lua.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend(
    "x-meshc-one-of" = [["wasm", "lua"]],
    "x-kubernetes-validations" = json!([
        {
            "rule": "(has(self.selector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1",
            "message": "only one of targetRefs or selector can be set",
        },
        {
            "rule": "has(self.wasm) != has(self.lua)",
            "message": "exactly one of wasm or lua must be set",
        },
    ])
))]
pub struct TrafficExtension {
    /// Which workloads of its namespace; all when absent.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// What it is attached to in place of a selector.
    #[schemars(length(max = 16))]
    pub target_refs: Vec<Spanned<PolicyTargetReference>>,
    /// Where among the filters.
    pub phase: Option<Spanned<ExtensionPhase>>,
    /// Higher ones first.
    #[schemars(extend("nullable" = true))]
    pub priority: Option<Spanned<i32>>,
    /// Which traffic; any of them, all when empty.
    #[serde(rename = "match")]
    pub matches: Vec<Spanned<TrafficSelector>>,
    /// A WebAssembly module.
    pub wasm: Option<Spanned<WasmConfig>>,
    /// A Lua script.
    pub lua: Option<Spanned<LuaConfig>>,
}

/// Where among the filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExtensionPhase {
    /// At the end, before the router.
    #[default]
    Unspecified,
    /// Before Istio's authentication.
    Authn,
    /// Before Istio's authorization.
    Authz,
    /// Before Istio's statistics.
    Stats,
}

/// A WebAssembly module.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WasmConfig {
    /// Where the module is.
    #[schemars(required, length(min = 1), extend("x-kubernetes-validations" = url_rule(
        r#"["", "http", "https", "file", "oci"]"#, "http, https, file, oci",
    )))]
    pub url: Option<Spanned<String>>,
    /// Of the module, in hexadecimal.
    #[schemars(regex(pattern = "(^$|^[a-f0-9]{64}$)"))]
    pub sha256: Option<Spanned<String>>,
    /// When an OCI image is fetched again.
    pub image_pull_policy: Option<Spanned<PullPolicy>>,
    /// A Secret for the registry.
    #[schemars(length(min = 1, max = 253))]
    pub image_pull_secret: Option<Spanned<String>>,
    /// Not used yet by Istio.
    pub verification_key: Option<Spanned<String>>,
    /// For the plugin.
    pub plugin_config: Option<Spanned<Raw>>,
    /// Of the module's root context.
    #[schemars(length(min = 1, max = 256))]
    pub plugin_name: Option<Spanned<String>>,
    /// What happens when the module cannot be fetched or fails.
    pub fail_strategy: Option<Spanned<FailStrategy>>,
    /// The virtual machine.
    pub vm_config: Option<Spanned<VmConfig>>,
    /// A filter of requests or of connections.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<PluginType>>,
}

/// A Lua script.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LuaConfig {
    /// The script: `envoy_on_request`, `envoy_on_response`.
    #[schemars(required, length(min = 1, max = 65536))]
    pub inline_code: Option<Spanned<String>>,
}
