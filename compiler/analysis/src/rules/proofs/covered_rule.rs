//! A rule of an AuthorizationPolicy that adds nothing to others.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_effective::model::RbacAction;
use meshc_source::Span;

use super::World;
use super::dead_rule::owner;

declare_rule! {
    /// ## What it does
    /// Finds rules that match no request that others of the same action do not match, at every workload where they hold: an
    /// ALLOW beside a broader one, which looks as if it narrowed that one, and a DENY that others make needless. It is a
    /// proof for all requests and callers.
    ///
    /// ## What happens to traffic
    /// The broader rule decides: what the narrow one leaves out is allowed, or denied, all the same. ALLOW policies add to
    /// each other, they never take away.
    ///
    /// ## Example
    /// ```yaml
    /// # One policy of the namespace:
    /// rules: [{from: [{source: {namespaces: [shop]}}]}]
    /// # Another, for payments alone, that was to let GET in only:
    /// rules: [{from: [{source: {namespaces: [shop]}}], to: [{operation: {methods: [GET]}}]}]
    /// ```
    ///
    /// ## Use instead
    /// Narrow the broad one, or deny with `notMethods` what the narrow one was to leave out.
    pub COVERED_RULE = "MC1531", "covered-rule", Warning, Routes,
    "A rule of an AuthorizationPolicy that adds nothing to others",
    []
}

/// The finding.
pub(super) fn finding(
    world: &World<'_, '_>,
    span: Span,
    by: &[Span],
    action: RbacAction,
) -> Option<Diagnostic> {
    let (object, at) = owner(world, span)?;
    let others: Vec<String> = by
        .iter()
        .filter_map(|span| owner(world, *span))
        .map(|(other, index)| {
            if other.name() == object.name() && other.namespace() == object.namespace() {
                format!("rules[{index}]")
            } else {
                format!("rules[{index}] of {}/{}", other.namespace(), other.name())
            }
        })
        .collect();
    let by_whom = match others.as_slice() {
        [] => "other rules match".to_owned(),
        [only] => format!("{only} matches"),
        [first @ .., last] => format!("{} and {last} together match", first.join(", ")),
    };
    let verb = if action == RbacAction::Deny { "denies" } else { "allows" };
    let message = format!("rules[{at}] {verb} nothing more: {by_whom} every request that it matches");
    let finding = object.finding(&COVERED_RULE, span, message);
    let finding = by.iter().take(3).fold(finding, |finding, span| finding.label(*span, "matches them too"));
    Some(if action == RbacAction::Deny {
        finding.help("remove it, or narrow the other")
    } else {
        finding.help("ALLOW rules add to each other: to narrow what the other allows, change that one")
    })
}
