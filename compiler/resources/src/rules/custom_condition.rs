//! A condition that a CUSTOM policy cannot have.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{AuthorizationAction, AuthorizationPolicy};

declare_rule! {
    /// ## What it does
    /// Finds conditions on the identity of the peer or on the token in a CUSTOM policy.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the policy: whether the provider is asked is decided before tokens are verified, and
    /// may only depend on addresses, ports, hosts, methods, paths and headers.
    ///
    /// ## Example
    /// ```yaml
    /// action: CUSTOM
    /// provider: {name: my-authz}
    /// rules:
    ///   - from:
    ///       - source: {namespaces: [prod]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// action: CUSTOM
    /// provider: {name: my-authz}
    /// rules:
    ///   - to:
    ///       - operation: {paths: [/admin/*]}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub CUSTOM_CONDITION = "MC0403", "custom-condition", Error, Document,
    "A condition that a CUSTOM policy cannot have",
    ["IST0106"]
}

/// Fields of a source that a CUSTOM policy may have.
const ALLOWED_SOURCES: [&str; 4] = ["ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"];

/// Attributes that a CUSTOM policy cannot ask for.
const REFUSED_KEYS: [&str; 4] =
    ["source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"];

/// A CUSTOM policy asks neither for the peer nor for the token.
pub(crate) fn check(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    if object.spec.action.as_ref().is_none_or(|action| action.value != AuthorizationAction::Custom) {
        return;
    }
    for rule in &object.spec.rules {
        for source in rule.from.iter().filter_map(|from| from.source.as_ref()) {
            for (name, values) in source.fields() {
                if let Some(first) = values.first().filter(|_| !ALLOWED_SOURCES.contains(&name)) {
                    let message = format!("`{name}` cannot be in a CUSTOM policy: Istio refuses it");
                    found.push(object.finding(&CUSTOM_CONDITION, first.span, message));
                }
            }
        }
        for key in rule.when.iter().filter_map(|when| when.key.as_ref()) {
            if REFUSED_KEYS.contains(&key.as_str()) || key.starts_with("request.auth.") {
                let message = format!("`{}` cannot be in a CUSTOM policy: Istio refuses it", key.value);
                found.push(object.finding(&CUSTOM_CONDITION, key.span, message));
            }
        }
    }
}
