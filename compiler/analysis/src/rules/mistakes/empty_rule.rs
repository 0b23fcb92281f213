//! A rule of an AuthorizationPolicy that holds for every request.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::istio::AuthorizationAction;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds rules of AuthorizationPolicies without any condition, beside others (a warning) or alone (an info); and (as an
    /// info) ALLOW policies without a rule.
    ///
    /// ## What happens to traffic
    /// A rule without conditions holds for every request: an ALLOW policy allows all, a DENY policy refuses all, and the other
    /// rules of the policy change nothing. An ALLOW policy without rules allows nothing: what it selects refuses everything
    /// that no other policy allows.
    ///
    /// ## Example
    /// ```yaml
    /// action: ALLOW
    /// rules:
    ///   - {}
    ///   - from: [{source: {namespaces: [shop]}}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// action: ALLOW
    /// rules:
    ///   - from: [{source: {namespaces: [shop]}}]
    /// ```
    pub EMPTY_RULE = "MC1565", "empty-rule", Warning, Mesh,
    "A rule of an AuthorizationPolicy that holds for every request",
    []
}

/// Every policy.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let rules = &object.spec.rules;
        let action = object.spec.action.as_ref();
        let does = match action.map(|action| action.value).unwrap_or_default() {
            AuthorizationAction::Allow => "allows",
            AuthorizationAction::Deny => "refuses",
            AuthorizationAction::Audit | AuthorizationAction::Custom => continue,
        };
        if rules.is_empty() && does == "allows" {
            let message = "this policy has no rule: it allows nothing, and requests that no other policy allows get 403";
            let span = action.map_or(object.name_span(), |action| action.span);
            let finding = object.finding(&EMPTY_RULE, span, message).severity(Severity::Info);
            found.push(finding.help("to allow everything write `rules: [{}]`"));
        }
        for rule in
            rules.iter().filter(|rule| rule.from.is_empty() && rule.to.is_empty() && rule.when.is_empty())
        {
            let (severity, rest) = match rules.len() {
                1 => (Severity::Info, ""),
                _ => (Severity::Warning, ": the other rules of the policy change nothing"),
            };
            let message = format!("this rule has no condition and {does} every request{rest}");
            found.push(object.finding(&EMPTY_RULE, rule.span, message).severity(severity));
        }
    }
}
