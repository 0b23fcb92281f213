//! A namespace in an AuthorizationPolicy that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;
use meshc_settings::ways_out;

use super::authorization::{Values, loss, matches};
use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds namespaces in `from[].source.namespaces` and `notNamespaces` of AuthorizationPolicies that nothing in the tree
    /// shows.
    ///
    /// ## What happens to traffic
    /// No request comes from there: the rule does not match whom it was to match.
    ///
    /// ## Example
    /// ```yaml
    /// from:
    ///   - source: {namespaces: [shopp]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// from:
    ///   - source: {namespaces: [shop]}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest namespace that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// IST0101 and, for `namespaces`, KIA0101. An info in a tree that declares no Namespace at all.
    pub POLICY_NAMESPACE = "MC1501", "policy-namespace", Warning, Mesh,
    "A namespace in an AuthorizationPolicy that does not exist",
    ["IST0101", "KIA0101"]
}

/// The namespaces of one list.
pub(super) fn check(
    context: &Context<'_>,
    object: &Object<AuthorizationPolicy>,
    list: &Values<'_>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, value) in list.values.iter().enumerate() {
        let name = value.value.as_str();
        // Istio compares without regard to case.
        let lower = name.to_ascii_lowercase();
        let exists = name == "*"
            || context.has_namespace(name)
            || context.namespaces().any(|namespace| matches(&lower, &namespace.to_ascii_lowercase()));
        if exists {
            continue;
        }
        let missing = Missing::Namespace(name);
        let Some(severity) = missing.severity(context, POLICY_NAMESPACE.severity) else { continue };
        let message = format!(
            "{}[{index}]: there is no namespace `{name}` in this tree, so that no request comes from it: {}",
            list.path,
            loss(object)
        );
        let mut finding =
            object.finding(&POLICY_NAMESPACE, value.span, message).severity(severity).alias("IST0101");
        if list.field == "namespaces" {
            finding = finding.alias("KIA0101");
        }
        found.push(context.suggest(
            finding,
            value.span,
            name,
            context.namespaces(),
            format!("declare the Namespace; {}", ways_out("namespaces")),
        ));
    }
}
