//! A method in an AuthorizationPolicy that HTTP does not have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;

use super::authorization::{Values, loss, matches};

declare_rule! {
    /// ## What it does
    /// Finds methods in AuthorizationPolicies that are none of HTTP's. Methods are compared with regard to case.
    ///
    /// ## What happens to traffic
    /// No usual request has the method: the rule does not match.
    ///
    /// ## Example
    /// ```yaml
    /// to:
    ///   - operation: {methods: [get]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// to:
    ///   - operation: {methods: [GET]}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the method in capitals.
    ///
    /// ## Covers
    /// KIA0102. Kiali takes `get` for `GET`; Envoy does not.
    pub POLICY_METHOD = "MC1503", "policy-method", Warning, Mesh,
    "A method in an AuthorizationPolicy that HTTP does not have",
    ["KIA0102"]
}

/// HTTP's methods, and gRPC's only one is among them.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The methods of one list.
pub(super) fn check(object: &Object<AuthorizationPolicy>, list: &Values<'_>, found: &mut Vec<Diagnostic>) {
    for (index, value) in list.values.iter().enumerate() {
        let method = value.value.as_str();
        if METHODS.iter().any(|known| matches(method, known)) {
            continue;
        }
        let message = format!("{}[{index}]: HTTP has no method `{method}`: {}", list.path, loss(object));
        let finding = object.finding(&POLICY_METHOD, value.span, message);
        let upper = method.to_ascii_uppercase();
        found.push(if METHODS.iter().any(|known| matches(&upper, known)) {
            finding.help("methods are written in capitals").replace(
                format!("Replace with `{upper}`"),
                value.span,
                upper,
            )
        } else {
            let near = meshc_syntax::suggest::nearest(method, METHODS);
            let finding = finding.alias("KIA0102");
            match near {
                Some(near) => {
                    let finding = finding.help(format!("did you mean `{near}`?"));
                    match meshc_syntax::suggest::sole(method, METHODS) {
                        Some(meant) => finding.replace(format!("Replace with `{meant}`"), value.span, meant),
                        None => finding,
                    }
                }
                None => finding.help(format!("methods are {}", METHODS.join(", "))),
            }
        });
    }
}
