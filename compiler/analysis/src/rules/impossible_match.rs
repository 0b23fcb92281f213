//! A match that no request can fulfil.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::routes::Written;

declare_rule! {
    /// ## What it does
    /// Finds matches that no request fulfils, whatever stands before them: conditions that exclude each other, a path
    /// that Envoy's normalisation never gives (`/a/../b`, a query in a `uri`), an authority that is none of the hosts,
    /// a header that proxies drop.
    ///
    /// ## What happens to traffic
    /// The route is never taken.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - uri: {exact: "/search?sort=price"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match:
    ///   - uri: {exact: /search}
    ///     queryParams: {sort: {exact: price}}
    /// ```
    pub IMPOSSIBLE_MATCH = "MC2002", "impossible-match", Warning, Routes,
    "A match that no request can fulfil",
    []
}

/// The finding for a match that holds nowhere.
pub(super) fn finding(route: &Written<'_>) -> Diagnostic {
    let uri = route.condition.and_then(|condition| condition.uri.as_ref());
    let text = uri.and_then(|uri| uri.exact.as_ref().or(uri.prefix.as_ref()));
    let (why, help) = match text {
        Some(text) if text.contains('?') => {
            ("a path has no query when it is matched".to_owned(), Some("match the query with `queryParams`"))
        }
        Some(text) if !text.starts_with('/') => ("every path begins with a slash".to_owned(), None),
        Some(text) if meshc_trace::normalize_path(text).is_some_and(|seen| seen != text.value) => (
            format!(
                "paths are normalised before they are matched, and `{}` is seen as `{}`",
                text.value,
                meshc_trace::normalize_path(text).unwrap_or_default()
            ),
            Some("write the path as it is seen"),
        ),
        _ => {
            ("its conditions exclude each other, or the hosts, or what proxies let through".to_owned(), None)
        }
    };
    let message = format!("{} is never taken: no request can fulfil this match ({why})", route.title());
    let finding = Diagnostic::new(&IMPOSSIBLE_MATCH, route.span, message).resource(
        "VirtualService",
        Some(&route.owner.namespace),
        &route.owner.name,
    );
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}
