//! Code in proxies that nobody here runs.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Meta;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Names each WasmPlugin and TrafficExtension that some proxy of the mesh gets.
    ///
    /// ## What happens to traffic
    /// Proxies of Istio run the code, which may change, answer or refuse any request. meshc shows where it stands among
    /// the filters and does not run it: `trace`, `diff` and `up` answer as if it let every request pass unchanged. What
    /// is written for Envoy without Istio's agent has scripts and no modules, which only the agent can fetch.
    ///
    /// ## Example
    /// ```yaml
    /// kind: WasmPlugin
    /// spec:
    ///   url: oci://registry.example.com/auth:1.0
    ///   phase: AUTHN
    /// ```
    ///
    /// ## Use instead
    /// An AuthorizationPolicy, a RequestAuthentication or an EnvoyFilter where one of them does the job.
    pub UNKNOWN_CODE = "MC1371", "unknown-code", Warning, Mesh,
    "Code in proxies that meshc does not run",
    []
}

/// The finding for an extension that a proxy gets.
pub(crate) fn unknown_code(meta: &Meta) -> Diagnostic {
    let message = "what this code does to requests is not known here: answers are given as if it let them pass unchanged";
    finding(&UNKNOWN_CODE, meta, meta.span, message.to_owned())
}
