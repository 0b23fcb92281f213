//! A rewrite or redirect that makes a broken path.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::istio::HttpRoute;
use meshc_source::Span;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds rewrites and redirects to a path that does not begin with a slash, redirects to a URL in place of a path, and
    /// rewrites of a prefix of which only one of both ends with a slash: the prefix is cut off, and the new one put in its place.
    ///
    /// ## What happens to traffic
    /// The service gets a path such as `v1/books`, `/v1books` or `//books`, and mostly answers 400 or 404; the client of a
    /// redirect is sent to a host that does not exist.
    ///
    /// ## Example
    /// ```yaml
    /// match: [{uri: {prefix: /api}}]
    /// rewrite: {uri: /}            # /api/books becomes //books
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match: [{uri: {prefix: /api/}}, {uri: {exact: /api}}]
    /// rewrite: {uri: /}
    /// ```
    pub PATH_VALUE = "MC1556", "path-value", Warning, Mesh,
    "A rewrite or redirect that makes a broken path",
    []
}

/// Every rewrite and redirect.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        for route in &object.spec.http {
            let redirect = route.redirect.as_ref().and_then(|redirect| redirect.uri.as_ref());
            if let Some(uri) = redirect.filter(|uri| !uri.is_empty() && !uri.starts_with('/')) {
                let (message, help) = if uri.contains("://") {
                    (
                        format!("`uri` is a path: the client is sent to the same host, then `{}`", uri.value),
                        "write `scheme`, `authority` and `uri` apart",
                    )
                } else {
                    (format!("the path `{}` does not begin with a slash", uri.value), "put a `/` in front")
                };
                found.push(object.finding(&PATH_VALUE, uri.span, message).help(help));
            }
            let Some(uri) = route.rewrite.as_ref().and_then(|rewrite| rewrite.uri.as_ref()) else { continue };
            if uri.is_empty() {
                continue;
            }
            if !uri.starts_with('/') {
                let message =
                    format!("the service gets a path that begins with `{}`, without a slash", uri.value);
                found.push(object.finding(&PATH_VALUE, uri.span, message).help("put a `/` in front"));
                continue;
            }
            if let Some((prefix, span)) = torn(route, uri) {
                let (asked, seen) = example(prefix, uri);
                let message = format!(
                    "`{prefix}` is cut off and `{}` put in its place: `{asked}` becomes `{seen}`",
                    uri.value
                );
                let finding = object.finding(&PATH_VALUE, uri.span, message);
                let finding = match span {
                    Some(span) => finding.label(span, "the prefix"),
                    None => finding,
                };
                found.push(finding.help("let both end with a slash, or neither"));
            }
        }
    }
}

/// The prefix of which one end only has a slash; without a match on the path it is `/`.
fn torn<'a>(route: &'a HttpRoute, uri: &str) -> Option<(&'a str, Option<Span>)> {
    let is_torn = |prefix: &str| prefix.ends_with('/') != uri.ends_with('/');
    if route.matches.is_empty() {
        return is_torn("/").then_some(("/", None));
    }
    route.matches.iter().find_map(|condition| match &condition.uri {
        None => is_torn("/").then_some(("/", None)),
        Some(path) => {
            let prefix = path.prefix.as_ref().filter(|prefix| is_torn(prefix) && !prefix.is_empty())?;
            Some((prefix.value.as_str(), Some(prefix.span)))
        }
    })
}

/// A path that begins so, and what becomes of it.
fn example(prefix: &str, uri: &str) -> (String, String) {
    let rest = if prefix.ends_with('/') { "books" } else { "/books" };
    (format!("{prefix}{rest}"), format!("{uri}{rest}"))
}
