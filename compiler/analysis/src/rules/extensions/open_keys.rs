//! A control plane that fetches keys from anywhere.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Kind;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds istiod's Deployment without `BLOCKED_CIDRS_IN_JWKS_URIS` in a tree with RequestAuthentications.
    ///
    /// ## What happens to traffic
    /// istiod fetches the keys of a RequestAuthentication from whatever address its `jwksUri` names: who may write one can
    /// have istiod ask services of the inside, the cloud's metadata for instance.
    ///
    /// ## Example
    /// istiod as it is installed.
    ///
    /// ## Use instead
    /// ```yaml
    /// env:
    ///   - {name: BLOCKED_CIDRS_IN_JWKS_URIS, value: "169.254.0.0/16,10.0.0.0/8"}
    /// ```
    ///
    /// ## Covers
    /// IST0175.
    pub OPEN_KEYS = "MC1521", "open-keys", Warning, Mesh,
    "A control plane that fetches keys from anywhere",
    ["IST0175"]
}

/// istiod's Deployments.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let Some(authentication) = context.resources.request_authentications.first() else { return };
    for object in &context.resources.workloads {
        if object.kind != Kind::Deployment || object.metadata.label("app") != Some("istiod") {
            continue;
        }
        let spec = object.spec.template.as_ref().and_then(|template| template.spec.as_ref());
        let mut variables =
            spec.iter().flat_map(|spec| &spec.containers).flat_map(|container| &container.env);
        let set = variables.any(|variable| {
            variable.name.as_ref().is_some_and(|name| name.value == "BLOCKED_CIDRS_IN_JWKS_URIS")
                && variable.value.value.as_ref().is_some_and(|value| !value.is_empty())
        });
        if set {
            continue;
        }
        let message = "istiod fetches the keys of RequestAuthentications from any address, those of the inside included";
        found.push(
            object
                .finding(&OPEN_KEYS, object.name_span(), message)
                .label(authentication.name_span(), "a RequestAuthentication")
                .help("set `BLOCKED_CIDRS_IN_JWKS_URIS` for istiod to the ranges that it is not to ask")
                .alias("IST0175"),
        );
    }
}
