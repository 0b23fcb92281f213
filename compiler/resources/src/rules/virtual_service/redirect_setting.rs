//! Redirects and direct answers that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;

use super::text;
use crate::Object;
use crate::istio::{HttpRedirect, HttpRoute, VirtualService};
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds redirects that change nothing, that replace the path twice, that replace a prefix where conditions match
    /// none, with a scheme other than `http` and `https`; and settings beside a redirect or a direct answer that only a
    /// forwarded request can have.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// redirect: {uri: /new}
    /// rewrite: {uri: /new}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// redirect: {uri: /new}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub REDIRECT_SETTING = "MC0253", "redirect-setting", Error, Document,
    "A redirect or direct answer that Istio refuses",
    ["IST0106"]
}

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let is_delegate = object.spec.hosts.is_empty();
    let mut refusals = Refusals { object, rule: &REDIRECT_SETTING, found };
    for route in &object.spec.http {
        let answers = route.redirect.is_some() || route.direct_response.is_some();
        let is_root = route.delegate.is_some() && !is_delegate;
        if answers && !is_root {
            let what = if route.redirect.is_some() { "a redirect" } else { "a direct answer" };
            if let Some(fault) = &route.fault {
                refusals.at(fault.span, format!("a fault cannot stand beside {what}"));
            }
            if let Some(rewrite) = &route.rewrite {
                refusals.at(rewrite.span, format!("a rewrite cannot stand beside {what}"));
            }
        }
        if let (Some(_), Some(first), false) = (&route.mirror, route.mirrors.first(), is_root) {
            refusals.at(first.span, "`mirror` and `mirrors` exclude each other");
        }
        if let Some(redirect) = &route.redirect
            && let Some((span, problem)) = problem(redirect, route)
        {
            refusals.at(span.unwrap_or(redirect.span), problem);
        }
    }
}

/// What is wrong, and the field where it is one alone.
fn problem(redirect: &HttpRedirect, route: &HttpRoute) -> Option<(Option<Span>, &'static str)> {
    let (uri, prefix) = (text(redirect.uri.as_ref()), text(redirect.prefix_rewrite.as_ref()));
    if !uri.is_empty() && !prefix.is_empty() {
        return Some((None, "`uri` and `prefixRewrite` exclude each other"));
    }
    let by_prefix =
        |condition: &crate::istio::HttpMatch| condition.uri.as_ref().is_none_or(|uri| uri.prefix.is_some());
    if !prefix.is_empty() && !route.matches.iter().all(|condition| by_prefix(condition)) {
        return Some((None, "`prefixRewrite` needs conditions on a prefix of the path"));
    }
    let scheme = text(redirect.scheme.as_ref());
    let elsewhere = redirect.port.is_some() || redirect.derive_port.is_some();
    let says_nothing = uri.is_empty() && prefix.is_empty() && scheme.is_empty() && !elsewhere;
    if says_nothing && text(redirect.authority.as_ref()).is_empty() {
        return Some((None, "this redirect says no path, authority, scheme or port"));
    }
    let code = redirect.redirect_code.as_ref().map_or(0, |code| code.value);
    if code != 0 && !(300..=399).contains(&code) {
        return Some((redirect.redirect_code.as_ref().map(|code| code.span), "`redirectCode` must be 3xx"));
    }
    if !matches!(scheme, "" | "http" | "https") {
        return Some((
            redirect.scheme.as_ref().map(|scheme| scheme.span),
            "`scheme` must be `http` or `https`",
        ));
    }
    let port = redirect.port.as_ref().map_or(0, |port| port.value);
    (port > 65535).then(|| (redirect.port.as_ref().map(|port| port.span), "`port` is above 65535"))
}
