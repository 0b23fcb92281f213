//! A route that the routes before it leave no request.

use meshc_diagnostics::{Diagnostic, Witness, declare_rule};

use super::routes::{Written, sentence};

declare_rule! {
    /// ## What it does
    /// Finds routes of VirtualServices that no request of any proxy reaches, because one earlier route or several
    /// together take every request that they ask for. The claim is exact: paths, expressions, methods, headers (absent
    /// ones too), query parameters and hosts are all compared as sets. A route that some proxy can reach is no finding.
    ///
    /// ## What happens to traffic
    /// None arrives: the requests that the route asks for go where the earlier routes send them.
    ///
    /// ## Example
    /// ```yaml
    /// http:
    ///   - match: [{uri: {prefix: /api}}]
    ///     route: [{destination: {host: reviews, subset: v1}}]
    ///   - match: [{uri: {prefix: /api/v2}}]
    ///     route: [{destination: {host: reviews, subset: v2}}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// http:
    ///   - match: [{uri: {prefix: /api/v2}}]
    ///     route: [{destination: {host: reviews, subset: v2}}]
    ///   - match: [{uri: {prefix: /api}}]
    ///     route: [{destination: {host: reviews, subset: v1}}]
    /// ```
    ///
    /// ## Covers
    /// IST0130 (a second route without `match`, or one whose matches all stand earlier) and IST0131 (the same match,
    /// or a longer prefix, behind an earlier one). Istio compares text with text; it does not see expressions, several
    /// routes together, or headers against `withoutHeaders`.
    pub HIDDEN_ROUTE = "MC2001", "hidden-route", Warning, Routes,
    "A route that the routes before it leave no request",
    ["IST0130", "IST0131"]
}

/// The finding for a route that is hidden everywhere.
pub(super) fn finding(
    route: &Written<'_>,
    hiders: &[&Written<'_>],
    witness: Option<Witness>,
    aliases: &[&'static str],
) -> Diagnostic {
    let names: Vec<String> = hiders.iter().map(|hider| hider.named_from(route)).collect();
    let takers = match hiders {
        [_] => format!("{} takes every request that it asks for", sentence(&names)),
        _ => format!("{} together take every request that it asks for", sentence(&names)),
    };
    let shown = witness
        .as_ref()
        .map(|witness| format!(", such as {} {}", witness.request.method, witness.request.path));
    let message = format!("{} is never taken: {takers}{}", route.title(), shown.unwrap_or_default());
    let mut finding = Diagnostic::new(&HIDDEN_ROUTE, route.span, message)
        .resource("VirtualService", Some(&route.owner.namespace), &route.owner.name)
        .help(format!(
            "put it before {}, or narrow what that matches, or remove it",
            names.first().map_or("the other", String::as_str)
        ));
    for hider in hiders {
        finding = finding
            .label(hider.span, if hiders.len() == 1 { "takes them all" } else { "takes some of them" });
    }
    if let Some(witness) = witness {
        finding = finding.witness(witness);
    }
    aliases.iter().fold(finding, |finding, alias| finding.alias(alias))
}
