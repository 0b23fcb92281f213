//! A subset that an older DestinationRule of the same host has already.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Mesh;
use meshc_resources::istio::Subset;
use meshc_syntax::de::Spanned;

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds subsets whose name an older DestinationRule for the same host and namespace has already.
    ///
    /// ## What happens to traffic
    /// Istio merges the DestinationRules of a host; of several subsets with one name the oldest rule's holds, and
    /// the others are dropped.
    ///
    /// ## Example
    /// Two DestinationRules for `reviews`, each with a subset `v1`, one of them with other labels.
    ///
    /// ## Use instead
    /// One DestinationRule for each host.
    ///
    /// ## Covers
    /// KIA0201
    pub DUPLICATE_SUBSET = "MC1305", "duplicate-subset", Warning, Mesh,
    "A subset that an older DestinationRule of the same host has already",
    ["KIA0201"]
}

/// One finding for each dropped subset.
pub(super) fn check(mesh: &Mesh, found: &mut Vec<Diagnostic>) {
    let span = |subset: &Spanned<Subset>| subset.name.as_ref().map_or(subset.span, |name| name.span);
    for rule in mesh.destination_rules.iter() {
        for (of, dropped, first) in &rule.duplicates {
            let name = dropped.name.as_ref().map_or("", |name| name.value.as_str());
            let message = format!(
                "an older DestinationRule for `{}` has subset `{name}`: this one is dropped",
                rule.host
            );
            let finding = finding(&DUPLICATE_SUBSET, of, span(dropped), message);
            found.push(finding.label(span(first), "this one holds"));
        }
    }
}
