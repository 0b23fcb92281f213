//! A DENY rule that refuses all of TCP.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{AuthorizationAction, AuthorizationPolicy, AuthorizationRule};

declare_rule! {
    /// ## What it does
    /// Finds a rule of a DENY policy that has only conditions on HTTP.
    ///
    /// ## What happens to traffic
    /// A TCP port cannot see what is asked, so Istio drops these conditions there: every connection to a TCP port of
    /// the workloads is refused. Istio's webhook warns.
    ///
    /// ## Example
    /// ```yaml
    /// action: DENY
    /// rules:
    ///   - to:
    ///       - operation: {paths: [/admin/*]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// action: DENY
    /// rules:
    ///   - to:
    ///       - operation: {paths: [/admin/*], ports: ["8080"]}
    /// ```
    ///
    /// ## Covers
    /// IST0133 (what Istio's webhook warns of).
    pub HTTP_ONLY_DENY = "MC0407", "http-only-deny", Warning, Document,
    "A DENY rule with only HTTP conditions refuses all connections to TCP ports",
    ["IST0133"]
}

/// Fields of a source that only HTTP shows (Istio's webhook counts trust domains among them).
const HTTP_SOURCES: [&str; 4] =
    ["requestPrincipals", "notRequestPrincipals", "trustDomains", "notTrustDomains"];

/// Each rule of a DENY policy has something that a TCP port can see.
pub(crate) fn check(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    if object.spec.action.as_ref().is_none_or(|action| action.value != AuthorizationAction::Deny) {
        return;
    }
    for rule in object.spec.rules.iter().filter(|rule| is_http_only(rule)) {
        let message = "this DENY rule has only HTTP conditions: on TCP ports it refuses every connection";
        found.push(
            object
                .finding(&HTTP_ONLY_DENY, rule.span, message)
                .help("name the HTTP ports in `to.operation.ports`"),
        );
    }
}

fn is_http_only(rule: &AuthorizationRule) -> bool {
    let sources = || rule.from.iter().filter_map(|from| from.source.as_ref());
    let operations = || rule.to.iter().filter_map(|to| to.operation.as_ref());
    let tcp_source = sources().any(|source| {
        source.fields().iter().any(|(name, values)| !values.is_empty() && !HTTP_SOURCES.contains(name))
    });
    let tcp_operation = operations().any(|o| !o.ports.is_empty() || !o.not_ports.is_empty());
    match (sources().next().is_some(), operations().next().is_some()) {
        (_, true) => !tcp_operation,
        (true, false) => !tcp_source,
        (false, false) => false,
    }
}
