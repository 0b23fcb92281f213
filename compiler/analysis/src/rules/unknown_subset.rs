//! A subset that no DestinationRule has.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::suggest::{list, nearest, sole};

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds destinations whose subset no DestinationRule for the host has, among those that the VirtualService's
    /// namespace follows: its own first, then those of the service's namespace, then those of the root namespace.
    ///
    /// ## What happens to traffic
    /// The cluster does not exist: requests sent there get 503, copies of a mirror are lost.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews, subset: v4}
    /// ```
    ///
    /// ## Use instead
    /// A subset that the DestinationRule for `reviews` has, or add `v4` there.
    ///
    /// ## Fix safety
    /// The fix writes the one subset that is spelt nearly so; where there are several there is no fix.
    ///
    /// ## Covers
    /// IST0101 and KIA1107.
    pub UNKNOWN_SUBSET = "MC1002", "unknown-subset", Error, Mesh,
    "A subset that no DestinationRule has",
    ["IST0101", "KIA1107"]
}

/// Every destination and mirror with a subset, on a host that exists.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for place in &context.destinations {
        let (Some(host), Some(subset)) = (place.host(), &place.destination.subset) else { continue };
        let namespace = place.object.namespace();
        let Some(service) = context.service(host, namespace) else { continue };
        if subset.is_empty() {
            continue;
        }
        let rules = context.mesh.destination_rules.rules(namespace, service);
        if rules.iter().any(|rule| rule.subset(subset).is_some()) {
            continue;
        }
        let rule = rules.first().copied();
        let what = match rule {
            None => format!("no DestinationRule of this tree is for host `{}`", service.hostname),
            Some(rule) => format!("{} has no subset `{}`", rule.meta, subset.value),
        };
        let message = format!("{}: {what}: {}", place.path, place.loss());
        let mut finding = place.object.finding(&UNKNOWN_SUBSET, subset.span, message);
        // Istio and Kiali look at the subsets of all rules for the host, whoever follows them.
        let elsewhere = context
            .mesh
            .destination_rules
            .iter()
            .any(|other| other.host.value == service.hostname && other.subset(subset).is_some());
        if !elsewhere {
            finding = finding.alias("IST0101");
            finding = if place.mirror { finding } else { finding.alias("KIA1107") };
        }
        let Some(rule) = rule else {
            found.push(finding.help(format!(
                "declare the subset `{}` in a DestinationRule for `{}`",
                subset.value, host.value
            )));
            continue;
        };
        finding = finding.label(rule.meta.span, "the DestinationRule that is followed");
        let names: Vec<&str> =
            rule.subsets.iter().filter_map(|s| s.name.as_ref()).map(|name| name.value.as_str()).collect();
        // Of names as short as `v3`, every other one is near.
        let meant = nearest(subset, names.iter().copied()).filter(|_| subset.chars().count() > 3);
        found.push(match meant {
            Some(meant) => {
                let finding = finding.help(format!("did you mean `{meant}`?"));
                match sole(subset, names.iter().copied()) {
                    Some(meant) => finding.replace(format!("Replace with `{meant}`"), subset.span, meant),
                    None => finding,
                }
            }
            None if names.is_empty() => finding.help("the DestinationRule has no subsets at all"),
            None => finding.help(format!("the DestinationRule has {}", list(&names))),
        });
    }
}
