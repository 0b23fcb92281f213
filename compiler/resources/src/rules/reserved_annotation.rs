//! An annotation that Istio's webhook does not let pass.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{AuthorizationAction, AuthorizationPolicy};

declare_rule! {
    /// ## What it does
    /// Finds `istio.io/dry-run` where it is not understood (it is for AuthorizationPolicies that ALLOW or DENY, and
    /// true or false), and annotations that only Istio itself may set.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the resource.
    ///
    /// ## Example
    /// ```yaml
    /// metadata:
    ///   annotations: {istio.io/dry-run: "yes"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metadata:
    ///   annotations: {istio.io/dry-run: "true"}
    /// ```
    pub RESERVED_ANNOTATION = "MC0408", "reserved-annotation", Error, Document,
    "An annotation that Istio's webhook does not let pass",
    []
}

/// Makes a policy count without holding.
const DRY_RUN: &str = "istio.io/dry-run";

/// Set by Istio alone.
const INTERNAL: [&str; 3] = [
    "internal.istio.io/webhook-always-reject",
    "internal.istio.io/parent-namespace",
    "internal.istio.io/parents",
];

/// As Go's `strconv.ParseBool`.
const BOOLEANS: [&str; 12] =
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

/// For any of Istio's resources but an AuthorizationPolicy.
pub(crate) fn check<T>(object: &Object<T>, found: &mut Vec<Diagnostic>) {
    internal(object, found);
    for (key, _) in object.metadata.annotations.iter().filter(|(key, _)| key.value == DRY_RUN) {
        let message = format!("`{DRY_RUN}` is for AuthorizationPolicies: Istio refuses this {}", object.kind);
        found.push(object.finding(&RESERVED_ANNOTATION, key.span, message).help("remove the annotation"));
    }
}

/// For an AuthorizationPolicy, which may be tried.
pub(crate) fn authorization_policy(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    internal(object, found);
    let action = object.spec.action.as_ref().map(|action| action.value).unwrap_or_default();
    let can_be_tried = matches!(action, AuthorizationAction::Allow | AuthorizationAction::Deny);
    for (key, value) in object.metadata.annotations.iter().filter(|(key, _)| key.value == DRY_RUN) {
        if !can_be_tried {
            let message = format!("`{DRY_RUN}` is for ALLOW and DENY policies: Istio refuses this one");
            found.push(object.finding(&RESERVED_ANNOTATION, key.span, message).help("remove the annotation"));
        } else if !BOOLEANS.contains(&value.as_str()) {
            let message = format!("`{}` is neither true nor false: Istio refuses the policy", value.value);
            found.push(
                object
                    .finding(&RESERVED_ANNOTATION, value.span, message)
                    .help("use `\"true\"` or `\"false\"`"),
            );
        }
    }
}

fn internal<T>(object: &Object<T>, found: &mut Vec<Diagnostic>) {
    for (key, _) in object.metadata.annotations.iter().filter(|(key, _)| INTERNAL.contains(&key.as_str())) {
        let message = format!("`{}` is Istio's own: it refuses the resource", key.value);
        found.push(object.finding(&RESERVED_ANNOTATION, key.span, message).help("remove the annotation"));
    }
}
