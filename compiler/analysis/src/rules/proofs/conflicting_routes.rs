//! Two resources that decide the same request differently.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Meta;

use super::World;
use super::pairs::Pair;

declare_rule! {
    /// ## What it does
    /// Finds routes of two VirtualServices that a gateway merges for one host, which ask for some of the same requests and
    /// do something else with them. Routes for every request, which Istio puts behind all others, are no conflict.
    ///
    /// ## What happens to traffic
    /// The routes of the older VirtualService come first (by `creationTimestamp`, then by name and namespace): it decides
    /// about what both ask for. Whoever makes the other one anew, or renames it, moves those requests.
    ///
    /// ## Example
    /// `prefix: /api` in one VirtualService for `shop.example.com`, `prefix: /api/v2` in another.
    ///
    /// ## Use instead
    /// One VirtualService with both routes, the narrower one first; or matches that exclude each other.
    ///
    /// ## Covers
    /// What Istio's KIA1106 and IST0109 say of hosts as a whole is MC1301; this is about requests.
    pub CONFLICTING_ROUTES = "MC1660", "conflicting-routes", Warning, Routes,
    "Two resources that decide the same request differently",
    []
}

/// The finding, at the one that loses.
pub(super) fn finding(world: &World<'_, '_>, pair: &Pair<'_>) -> Option<Diagnostic> {
    let written = &world.written;
    let (before, after) = (pair.first.origins.first()?, pair.second.origins.first()?);
    let (first, second) = (written.get(&before.span)?, written.get(&after.span)?);
    let request = &pair.both.request;
    let mut message = format!(
        "{} {} is taken by {} of {}, which comes first because it is {}; {} asks for it too and would do something else",
        request.method,
        request.path,
        first.title(),
        first.owner,
        reason(&first.root.meta, &second.root.meta),
        second.title(),
    );
    if let Some(other) = &pair.second_only {
        let request = &other.request;
        message = format!("{message}; it takes {} {} alone", request.method, request.path);
    }
    Some(
        Diagnostic::new(&CONFLICTING_ROUTES, second.span, message)
            .resource("VirtualService", Some(&second.owner.namespace), &second.owner.name)
            .label(first.span, "takes those that both ask for")
            .help("put both into one VirtualService in the order that is meant, or let their matches exclude each other")
            .witness(pair.both.clone()),
    )
}

/// Why one resource comes before another.
fn reason(first: &Meta, second: &Meta) -> &'static str {
    match (first.created, second.created) {
        (a, b) if a != b => "older",
        _ if first.name != second.name => "earlier by name (their ages are not known, or equal)",
        _ => "earlier by namespace (their ages are not known, or equal)",
    }
}
