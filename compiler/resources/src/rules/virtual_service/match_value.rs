//! Conditions that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::{StringMatch, VirtualService};
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds names of headers in conditions that HTTP does not have, empty prefixes (but of the path) and regular expressions
    /// that are empty or longer than 1,024 bytes.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - headers: {"x user": {exact: ann}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match:
    ///   - headers: {x-user: {exact: ann}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub MATCH_VALUE = "MC0257", "match-value", Error, Document,
    "A condition that Istio refuses",
    ["IST0106"]
}

/// The longest expression, in bytes; Envoy's own limit is on the size of the program.
const LONGEST: usize = 1024;

/// Names of headers that Envoy makes of a request's first line.
const PSEUDO: [&str; 5] = [":method", ":scheme", ":authority", ":path", ":status"];

/// Those of HTTP routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &MATCH_VALUE, found };
    for condition in object.spec.http.iter().flat_map(|route| &route.matches) {
        for name in condition.headers.keys().chain(condition.without_headers.keys()) {
            let known = names::is_claim(name) || PSEUDO.contains(&name.as_str()) || names::is_header(name);
            if !known {
                refusals.at(name.span, format!("`{}` is no name of a header", name.value));
            }
        }
        let without = condition.without_headers.values();
        // A lone `*` stands for presence.
        let without = without.filter(|value| value.regex.as_ref().is_none_or(|regex| regex.value != "*"));
        let single = [&condition.scheme, &condition.method, &condition.authority].into_iter().flatten();
        let all =
            condition.headers.values().chain(without).chain(condition.query_params.values()).chain(single);
        for value in all {
            prefix(&mut refusals, value);
            regex(&mut refusals, value);
        }
        if let Some(uri) = &condition.uri {
            regex(&mut refusals, uri);
        }
    }
    for origin in
        object.spec.http.iter().filter_map(|route| route.cors_policy.as_ref()).flat_map(|c| &c.allow_origins)
    {
        regex(&mut refusals, origin);
    }
    let rewrites =
        object.spec.http.iter().filter_map(|route| route.rewrite.as_ref()?.uri_regex_rewrite.as_ref());
    for pattern in rewrites.filter_map(|rewrite| rewrite.matches.as_ref()) {
        too_long(&mut refusals, pattern);
    }
}

fn prefix(refusals: &mut Refusals<'_, VirtualService>, value: &StringMatch) {
    if let Some(prefix) = value.prefix.as_ref().filter(|prefix| prefix.is_empty()) {
        refusals.at(prefix.span, "an empty prefix matches everything");
    }
}

fn regex(refusals: &mut Refusals<'_, VirtualService>, value: &StringMatch) {
    let Some(regex) = &value.regex else { return };
    if regex.is_empty() {
        refusals.at(regex.span, "an empty expression");
    }
    too_long(refusals, regex);
}

fn too_long(refusals: &mut Refusals<'_, VirtualService>, regex: &Spanned<String>) {
    if regex.len() > LONGEST {
        refusals.at(regex.span, format!("an expression of {} bytes, more than {LONGEST}", regex.len()));
    }
}
