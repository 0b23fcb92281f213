//! Two routes of a VirtualService that ask for some of the same requests.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::World;
use super::pairs::Pair;

declare_rule! {
    /// ## What it does
    /// Finds routes of one VirtualService that ask for some of the same requests, each for others too, by conditions on the
    /// same parts of a request (the path, the same header), and do something else with them: their order decides. Nothing is
    /// said where the earlier route asks for a part of what the later one asks for, or where they look at different parts (a
    /// header first, then a path), which is how an exception is written; nor of hosts with more than 100 routes.
    ///
    /// ## What happens to traffic
    /// The earlier route takes what both ask for. Whoever moves one of them moves those requests.
    ///
    /// ## Example
    /// ```yaml
    /// - match: [{uri: {regex: ".*/export"}}]
    ///   route: [{destination: {host: reports}}]
    /// - match: [{uri: {prefix: /api}}]
    ///   route: [{destination: {host: api}}]    # not for /api/v1/export
    /// ```
    ///
    /// ## Use instead
    /// The same, if it is meant so; otherwise let one of them leave out what the other asks for.
    pub OVERLAPPING_ROUTES = "MC1661", "overlapping-routes", Info, Routes,
    "Routes whose order decides about some requests",
    []
}

/// The finding, at the later one.
pub(super) fn finding(world: &World<'_, '_>, pair: &Pair<'_>) -> Option<Diagnostic> {
    let written = &world.written;
    let (before, after) = (pair.first.origins.first()?, pair.second.origins.first()?);
    let (first, second) = (written.get(&before.span)?, written.get(&after.span)?);
    let request = &pair.both.request;
    let headers: Vec<String> = request.headers.iter().map(|(n, v)| format!(" {n}: {v}")).collect();
    let message = format!(
        "{} and {} both ask for requests such as {} {}{}, and their order decides: {} takes them",
        first.named_from(second),
        second.title(),
        request.method,
        request.path,
        headers.concat(),
        first.named_from(second),
    );
    Some(
        Diagnostic::new(&OVERLAPPING_ROUTES, second.span, message)
            .resource("VirtualService", Some(&second.owner.namespace), &second.owner.name)
            .label(first.span, "takes those that both ask for")
            .help("if the order is meant, all is well; otherwise let one leave out what the other asks for")
            .witness(pair.both.clone()),
    )
}
