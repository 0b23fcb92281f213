//! Two VirtualServices of a gateway's host that both take every request.

use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::VirtualService;

use super::finding;
use crate::http::is_catch_all;
use crate::model::Route;

declare_rule! {
    /// ## What it does
    /// Finds hosts of gateways for which several VirtualServices have a route that takes every request.
    ///
    /// ## What happens to traffic
    /// A gateway tries the routes of all its VirtualServices for a host, the oldest VirtualService first, and those
    /// that take every request behind all others. Of these only the first is ever taken.
    ///
    /// ## Example
    /// Two VirtualServices for `shop.example.com`, each ending in a route without `match`.
    ///
    /// ## Use instead
    /// A route without `match` in one of them only.
    pub SECOND_DEFAULT = "MC1305", "second-default", Warning, Mesh,
    "A host of a gateway for which several VirtualServices take every request",
    []
}

/// The findings for a host whose routes several VirtualServices made, in the order in which they are tried.
pub(crate) fn second_default(
    host: &str,
    by: &[Arc<VirtualService>],
    routes: &[Arc<Vec<Route>>],
) -> Vec<Diagnostic> {
    let mut takers = by.iter().zip(routes).filter_map(|(by, routes)| {
        let default = routes.last().filter(|route| is_catch_all(route))?;
        Some((by, default.origins.first().map_or(by.meta.span, |origin| origin.span)))
    });
    let Some((first, first_span)) = takers.next() else { return Vec::new() };
    let others = takers.filter(|(by, _)| by.meta != first.meta);
    others
        .map(|(by, span)| {
            let message =
                format!("{} takes every request for `{host}` already: this route is never taken", first.meta);
            finding(&SECOND_DEFAULT, &by.meta, span, message).label(first_span, "taken")
        })
        .collect()
}
