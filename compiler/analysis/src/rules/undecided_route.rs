//! A route of which it is not known whether requests reach it.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::routes::Written;

declare_rule! {
    /// ## What it does
    /// Says of which routes it is not known whether any request reaches them, and why: an expression whose automaton
    /// is too large, or too many overlapping conditions. meshc claims nothing that it has not worked out.
    ///
    /// ## What happens to traffic
    /// It is routed as configured; what is unknown is only whether this route is ever taken.
    ///
    /// ## Example
    /// A `uri` with the expression `/(a|b)*a(a|b){900}`.
    ///
    /// ## Use instead
    /// A simpler expression, or a prefix.
    pub UNDECIDED_ROUTE = "MC2003", "undecided-route", Info, Routes,
    "A route of which it is not known whether requests reach it",
    []
}

/// The finding, with the reason.
pub(super) fn finding(route: &Written<'_>, why: &str) -> Diagnostic {
    let message = format!("it is unknown whether any request reaches {}: {why}", route.title());
    Diagnostic::new(&UNDECIDED_ROUTE, route.span, message).resource(
        "VirtualService",
        Some(&route.owner.namespace),
        &route.owner.name,
    )
}
