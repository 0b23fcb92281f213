//! A match that no request can fulfil.

use std::borrow::Cow;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::istio::mesh::NormalizationType;
use meshc_source::Span;
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::nearest;
use meshc_trace::{merge_slashes, normalize_path};

use super::routes::Written;

declare_rule! {
    /// ## What it does
    /// Finds matches that no request fulfils, whatever stands before them: conditions that exclude each other, a path
    /// that Envoy's normalisation never gives, a query in a `uri`, an authority that is none of the hosts, a header that
    /// proxies drop.
    ///
    /// Which paths normalisation never gives, the mesh's `pathNormalization` says: `BASE`, which is the default, resolves
    /// `.` and `..` and makes `\` a slash (`/a/../b` is never seen); `MERGE_SLASHES` makes one slash of several besides
    /// (nor is `//a`); `DECODE_AND_MERGE_SLASHES` reads `%2F` and `%5C` as slashes before that (nor is `/a%2Fb`); under
    /// `NONE` every path is seen as it is sent. What a proxy's own `connectionSettings` change about it is judged too.
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

/// The one value that no request has, if there is one.
fn culprit(route: &Written<'_>, how: NormalizationType) -> Option<Span> {
    let condition = route.condition?;
    let uri = condition.uri.as_ref();
    let path = uri.and_then(|uri| uri.exact.as_ref().or(uri.prefix.as_ref()));
    let never = |text: &&Spanned<String>| {
        text.contains('?')
            || !text.starts_with('/')
            || seen_as(text, how).is_some_and(|seen| seen != text.value)
    };
    let expression = uri.and_then(|uri| uri.regex.as_ref());
    let expression = expression.filter(|text| text.starts_with(|first: char| first.is_ascii_alphanumeric()));
    let method = condition.method.as_ref().and_then(|method| method.exact.as_ref());
    path.filter(never).or(expression).or(method.filter(|method| !is_method(method))).map(|text| text.span)
}

/// A path as conditions see it; none where proxies refuse it.
fn seen_as(path: &str, how: NormalizationType) -> Option<String> {
    let resolved = |path: &str| normalize_path(path).map(Cow::into_owned);
    match how {
        NormalizationType::None => Some(path.to_owned()),
        NormalizationType::Default | NormalizationType::Base => resolved(path),
        NormalizationType::MergeSlashes => resolved(path).map(|path| merge_slashes(&path).into_owned()),
        NormalizationType::DecodeAndMergeSlashes => {
            let decoded = ["%2F", "%2f", "%5C", "%5c"]
                .iter()
                .fold(path.to_owned(), |path, code| path.replace(code, "/"));
            resolved(&decoded).map(|path| merge_slashes(&path).into_owned())
        }
    }
}

/// A method that some client may use; their letters are upper case.
fn is_method(text: &str) -> bool {
    METHODS.contains(&text)
}

/// Those that the proof knows of.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The finding for a match that holds nowhere.
pub(super) fn finding(route: &Written<'_>, how: NormalizationType) -> Diagnostic {
    let uri = route.condition.and_then(|condition| condition.uri.as_ref());
    let text = uri.and_then(|uri| uri.exact.as_ref().or(uri.prefix.as_ref()));
    let method = route.condition.and_then(|condition| condition.method.as_ref()?.exact.as_ref());
    let method = method.map(|method| method.value.as_str());
    let (why, help) = match text {
        Some(text) if text.contains('?') => (
            "a path has no query when it is matched".to_owned(),
            Some("match the query with `queryParams`".to_owned()),
        ),
        Some(text) if !text.starts_with('/') => ("every path begins with a slash".to_owned(), None),
        Some(text) if seen_as(text, how).is_some_and(|seen| seen != text.value) => (
            format!(
                "paths are normalised before they are matched, and `{}` is seen as `{}`",
                text.value,
                seen_as(text, how).unwrap_or_default()
            ),
            Some("write the path as it is seen".to_owned()),
        ),
        _ if method.is_some_and(|method| !is_method(method)) => {
            let written = method.unwrap_or_default();
            let upper = written.to_ascii_uppercase();
            let meant = nearest(&upper, METHODS).map(|meant| format!("did you mean `{meant}`?"));
            (format!("no request has the method `{written}`"), meant)
        }
        _ => {
            ("its conditions exclude each other, or the hosts, or what proxies let through".to_owned(), None)
        }
    };
    let message = format!("{} is never taken: no request can fulfil this match ({why})", route.title());
    let span = culprit(route, how).unwrap_or(route.span);
    let finding = Diagnostic::new(&IMPOSSIBLE_MATCH, span, message).resource(
        "VirtualService",
        Some(&route.owner.namespace),
        &route.owner.name,
    );
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}
