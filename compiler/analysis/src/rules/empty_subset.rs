//! A subset that no endpoint has the labels of.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::{Resolution, Service, selects};
use meshc_resources::istio::Subset;
use meshc_syntax::de::Spanned;

use super::context::{Context, Found};
use super::destinations::Place;

declare_rule! {
    /// ## What it does
    /// Finds subsets of DestinationRules whose labels no endpoint of the host has. It is an error where a route sends
    /// requests there, and a warning otherwise. Labels that Istio takes from nodes (regions and zones) are not looked
    /// at: nodes are no part of a tree.
    ///
    /// ## What happens to traffic
    /// The subset's cluster has no endpoint: requests sent there get 503.
    ///
    /// ## Example
    /// ```yaml
    /// subsets:
    ///   - name: v2
    ///     labels: {version: "2"}    # the pods have version: v2
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// subsets:
    ///   - name: v2
    ///     labels: {version: v2}
    /// ```
    ///
    /// ## Covers
    /// IST0173 and KIA0203.
    pub EMPTY_SUBSET = "MC1003", "empty-subset", Error, Mesh,
    "A subset that no endpoint has the labels of",
    ["IST0173", "KIA0203"]
}

/// Every subset of every DestinationRule whose host's endpoints are those of the tree.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.destination_rules {
        let Some(host) = &object.spec.host else { continue };
        let Found::Services(services) = context.find(host, object.namespace()) else { continue };
        let known = |s: &&Service| s.resolution == Resolution::ClientSide;
        let services: Vec<&Service> = services.into_iter().map(|s| &**s).filter(known).collect();
        if services.is_empty() {
            continue;
        }
        for subset in &object.spec.subsets {
            if services.iter().any(|service| has_endpoint(service, subset)) || of_nodes(subset) {
                continue;
            }
            let elsewhere = |service: &&Service| {
                let mut labels = service.selector.clone();
                labels.extend(wanted(subset));
                context.mesh.external.has_workload(service.namespace(), &labels)
            };
            if services.iter().any(elsewhere) {
                continue;
            }
            let name = subset.name.as_ref().map_or("", |name| name.value.as_str());
            let labels: Vec<String> =
                subset.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let used = context.destinations.iter().find(|place| uses(context, place, &services, name));
            let loss = if used.is_some() {
                "requests that are sent to it get 503"
            } else {
                "no route sends requests to it yet; they would get 503"
            };
            let message = format!(
                "no workload of this tree behind `{}` has the labels {} of subset `{name}`: {loss}",
                host.value,
                labels.join(", ")
            );
            let lost = |(key, value): &(&Spanned<String>, &Spanned<String>)| {
                let has = |labels: &BTreeMap<String, String>| labels.get(&key.value) == Some(&value.value);
                !services.iter().flat_map(|service| &service.endpoints).any(|endpoint| has(&endpoint.labels))
            };
            // The one label that nobody has, else the subset: its labels are there, but not together.
            let span = subset.labels.iter().find(lost).map_or_else(
                || subset.name.as_ref().map_or(subset.span, |name| name.span),
                |(_, value)| value.span,
            );
            let mut finding = object
                .finding(&EMPTY_SUBSET, span, message)
                .severity(if used.is_some() { Severity::Error } else { Severity::Warning })
                .alias("IST0173")
                .alias("KIA0203");
            if let Some(place) = used {
                finding = finding.label(place.destination.span, "used here");
            }
            found.push(finding.help(help(&services, subset)));
        }
    }
}

fn wanted(subset: &Subset) -> BTreeMap<String, String> {
    subset.labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
}

/// Whether the subset asks for a label that endpoints get from their node.
fn of_nodes(subset: &Subset) -> bool {
    let from_node = |key: &str| key.starts_with("topology.") || key == "kubernetes.io/hostname";
    subset.labels.iter().any(|(key, value)| from_node(key) && !value.is_empty())
}

fn has_endpoint(service: &Service, subset: &Subset) -> bool {
    let wanted = wanted(subset);
    service.endpoints.iter().any(|endpoint| selects(&wanted, &endpoint.labels))
}

fn uses(context: &Context<'_>, place: &Place<'_>, services: &[&Service], subset: &str) -> bool {
    place.destination.subset.as_ref().is_some_and(|written| written.value == subset)
        && place
            .host()
            .and_then(|host| context.service(host, place.object.namespace()))
            .is_some_and(|service| services.iter().any(|s| s.hostname == service.hostname))
}

/// The values that the endpoints do have for the subset's labels.
fn help(services: &[&Service], subset: &Subset) -> String {
    let mut parts = Vec::new();
    for (key, _) in &subset.labels {
        let endpoints = services.iter().flat_map(|service| &service.endpoints);
        let mut values: Vec<&str> =
            endpoints.filter_map(|endpoint| endpoint.labels.get(&key.value)).map(String::as_str).collect();
        values.sort_unstable();
        values.dedup();
        parts.push(if values.is_empty() {
            format!("no workload has a label `{}`", key.value)
        } else {
            format!("the workloads have `{}` {}", key.value, meshc_syntax::suggest::list(&values))
        });
    }
    parts.join("; ")
}
