//! Code of one's own in a proxy: WebAssembly and Lua.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Origin;

/// Where an extension stands among the filters, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionPhase {
    /// Before Istio's authentication.
    Authentication,
    /// Before Istio's authorization.
    Authorization,
    /// Before Istio's statistics.
    Statistics,
    /// Last.
    Unspecified,
}

/// An extension of a proxy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Extension {
    /// Istio's name of the filter.
    pub name: String,
    /// Where among the filters.
    pub phase: ExtensionPhase,
    /// Which traffic; any of them, all when empty.
    pub matches: Vec<ExtensionMatch>,
    /// Whether it is a filter of connections, not of requests.
    pub of_connections: bool,
    /// What it runs.
    pub code: ExtensionCode,
    /// The resource.
    pub origins: Vec<Origin>,
}

/// Which traffic an extension is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExtensionMatch {
    /// Requests that the workload makes, or those that it gets; both where absent.
    pub inbound: Option<bool>,
    /// Ports; all when empty.
    pub ports: Vec<u16>,
}

/// What an extension runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionCode {
    /// A script.
    Lua(String),
    /// A module.
    Wasm(Box<Wasm>),
}

/// A WebAssembly module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wasm {
    /// How the plugin is called.
    pub name: String,
    /// Of the module's root context.
    pub root_id: String,
    /// For the plugin, JSON.
    pub config: Option<String>,
    /// `file:///PATH`, `https://…`, `http://…`, `oci://…`.
    pub url: String,
    /// Of the module, in hexadecimal.
    pub sha256: String,
    /// What happens when it cannot be fetched or fails.
    pub on_failure: WasmFailure,
    /// Variables with their values.
    pub env: BTreeMap<String, String>,
    /// Variables of the proxy's environment.
    pub host_env: Vec<String>,
}

/// What happens when a module cannot be fetched or fails; Envoy's `FailurePolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WasmFailure {
    /// Requests get 5xx.
    FailClosed,
    /// Requests pass.
    FailOpen,
    /// The machine is started again.
    FailReload,
}

impl Extension {
    /// Whether it is for traffic of one side at a port.
    pub fn is_for(&self, inbound: bool, port: u16) -> bool {
        self.matches.is_empty()
            || self.matches.iter().any(|traffic| {
                traffic.inbound.is_none_or(|side| side == inbound)
                    && (traffic.ports.is_empty() || traffic.ports.contains(&port))
            })
    }
}
