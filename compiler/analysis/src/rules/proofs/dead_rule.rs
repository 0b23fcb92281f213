//! A rule of an AuthorizationPolicy that decides about no request.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::{AuthorizationAction, AuthorizationPolicy};
use meshc_source::Span;

use super::World;
use super::policies::Why;

declare_rule! {
    /// ## What it does
    /// Finds rules of AuthorizationPolicies that no request of any caller fulfils, because their conditions exclude each
    /// other, and rules that allow what DENY rules refuse altogether, at every workload where they hold. It is a proof for
    /// all requests and callers. A condition that no request fulfils alone is the business of other rules.
    ///
    /// ## What happens to traffic
    /// Nothing is allowed, or denied, because of it.
    ///
    /// ## Example
    /// ```yaml
    /// - to: [{operation: {methods: [GET]}}]
    ///   when: [{key: "request.headers[:method]", values: [POST]}]
    /// ```
    ///
    /// ## Use instead
    /// Conditions that some request fulfils, or no rule.
    pub DEAD_RULE = "MC1530", "dead-rule", Warning, Routes,
    "A rule of an AuthorizationPolicy that decides about no request",
    []
}

/// The policy that has the rule at a span, with the rule's number.
pub(super) fn owner<'m>(
    world: &World<'m, '_>,
    span: Span,
) -> Option<(&'m Object<AuthorizationPolicy>, usize)> {
    world.resources.authorization_policies.iter().find_map(|object| {
        let at = object.spec.rules.iter().position(|rule| rule.span == span)?;
        Some((object, at))
    })
}

/// What a policy does with what it matches, as a verb.
fn verb(object: &Object<AuthorizationPolicy>) -> &'static str {
    match object.spec.action.as_ref().map(|action| action.value) {
        Some(AuthorizationAction::Deny) => "denies",
        Some(AuthorizationAction::Audit) => "audits",
        Some(AuthorizationAction::Custom) => "asks about",
        Some(AuthorizationAction::Allow) | None => "allows",
    }
}

/// The finding.
pub(super) fn finding(world: &World<'_, '_>, span: Span, why: &Why) -> Option<Diagnostic> {
    let (object, at) = owner(world, span)?;
    let (text, by) = match why {
        Why::Impossible => ("no request fulfils all of its conditions".to_owned(), Vec::new()),
        Why::Denied(by) => ("a DENY refuses all that it matches".to_owned(), by.clone()),
        Why::Covered(..) => return None,
    };
    let message = format!("rules[{at}] {} nothing: {text}", verb(object));
    let finding = object.finding(&DEAD_RULE, span, message);
    let finding = by.into_iter().take(3).fold(finding, |finding, span| finding.label(span, "refuses them"));
    Some(finding.help("conditions of one rule must hold together; write alternatives as rules of their own"))
}
