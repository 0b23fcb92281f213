//! Rewrites that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::text;
use crate::Object;
use crate::istio::{HttpRewrite, VirtualService};
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds rewrites that change nothing, that rewrite the path both as text and by expression, or by half an expression.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// rewrite: {uriRegexRewrite: {match: "/a(.*)"}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// rewrite: {uriRegexRewrite: {match: "/a(.*)", rewrite: '/b\1'}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub REWRITE_SETTING = "MC0263", "rewrite-setting", Error, Document,
    "A rewrite that Istio refuses",
    ["IST0106"]
}

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &REWRITE_SETTING, found };
    for rewrite in object.spec.http.iter().filter_map(|route| route.rewrite.as_ref()) {
        refusals.maybe(rewrite.span, problem(rewrite));
    }
}

fn problem(rewrite: &HttpRewrite) -> Option<&'static str> {
    let (uri, regex) = (text(rewrite.uri.as_ref()), rewrite.uri_regex_rewrite.as_ref());
    if !uri.is_empty() && regex.is_some() {
        return Some("`uri` and `uriRegexRewrite` exclude each other");
    }
    if uri.is_empty() && regex.is_none() && text(rewrite.authority.as_ref()).is_empty() {
        return Some("this rewrite changes neither the path nor the authority");
    }
    let incomplete = |regex: &crate::istio::RegexRewrite| {
        text(regex.matches.as_ref()).is_empty() || text(regex.rewrite.as_ref()).is_empty()
    };
    regex.is_some_and(|regex| incomplete(regex)).then_some("`uriRegexRewrite` needs `match` and `rewrite`")
}
