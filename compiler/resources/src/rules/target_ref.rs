//! A policy attached to something that takes no policies.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::PolicyTargetReference;

declare_rule! {
    /// ## What it does
    /// Finds a `targetRef` or an item of `targetRefs` that names another kind than a Gateway or GatewayClass of the
    /// Gateway API, a Service, or a ServiceEntry.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the policy; without the webhook it is attached to nothing.
    ///
    /// ## Example
    /// ```yaml
    /// targetRefs:
    ///   - {group: networking.istio.io, kind: Gateway, name: public}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// targetRefs:
    ///   - {group: gateway.networking.k8s.io, kind: Gateway, name: public}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub TARGET_REF = "MC0401", "target-ref", Error, Document,
    "A policy attached to a kind that takes none",
    ["IST0106"]
}

/// What a policy can be attached to, with the group as it is written.
const TARGETS: [(&str, &str); 4] = [
    ("", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
];

/// Each reference is to one of the kinds that take policies.
pub(crate) fn check<'a, T>(
    object: &Object<T>,
    references: impl IntoIterator<Item = &'a Spanned<PolicyTargetReference>>,
    found: &mut Vec<Diagnostic>,
) {
    for reference in references {
        let group = reference.group.as_ref().map_or("", |group| group.value.as_str());
        // Kubernetes's own group may be written out.
        let group = if group == "core" { "" } else { group };
        let kind = reference.kind.as_ref().map_or("", |kind| kind.value.as_str());
        if kind.is_empty() || TARGETS.contains(&(group, kind)) {
            continue;
        }
        let shown = if group.is_empty() { kind.to_owned() } else { format!("{group}/{kind}") };
        let message = format!("no policy can be attached to a {shown}: Istio refuses it");
        let finding = object.finding(&TARGET_REF, reference.span, message);
        let meant = TARGETS.iter().find(|(_, target)| *target == kind);
        found.push(match meant {
            Some(("", _)) => finding.help("leave `group` out for a Service"),
            Some((group, _)) => finding.help(format!("did you mean `group: {group}`?")),
            None => finding.help("attach it to a Gateway of `gateway.networking.k8s.io`, or use `selector`"),
        });
    }
}
