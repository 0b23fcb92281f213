//! CORS policies that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::text;
use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds CORS policies with an empty origin, a method that HTTP does not have, a malformed name of a header, or a
    /// `maxAge` with parts of seconds.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// corsPolicy: {allowMethods: [get]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// corsPolicy: {allowMethods: [GET]}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub CORS_POLICY = "MC0255", "cors-policy", Error, Document,
    "A CORS policy that Istio refuses",
    ["IST0106"]
}

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

/// Those of all routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &CORS_POLICY, found };
    for policy in object.spec.http.iter().filter_map(|route| route.cors_policy.as_ref()) {
        for origin in &policy.allow_origins {
            let written = origin.exact.as_ref().or(origin.prefix.as_ref()).or(origin.regex.as_ref());
            if text(written).is_empty() {
                refusals.at(origin.span, "an origin is empty");
            }
        }
        for method in policy.allow_methods.iter().filter(|method| !METHODS.contains(&method.as_str())) {
            refusals.at(method.span, format!("`{}` is no method", method.value));
        }
        for name in policy.allow_headers.iter().chain(&policy.expose_headers) {
            if name.value != "*" && !names::is_header(name) {
                refusals.at(name.span, format!("`{}` is no name of a header", name.value));
            }
        }
        if let Some(age) = &policy.max_age {
            refusals.maybe(age.span, names::duration(age.value));
            if age.as_nanos() % 1_000_000_000 != 0 {
                refusals.at(age.span, "`maxAge` is counted in whole seconds");
            }
        }
    }
}
