//! Where Istio lets the older of two resources decide and the files do not tell which one it is (MC0395).

mod contest;
mod destinations;
mod entries;
mod policies;
mod routes;
mod servers;

use meshc_diagnostics::{Diagnostic, Rule, Severity, declare_rule};

use super::context::Context;
use contest::Contest;

declare_rule! {
    /// ## What it does
    /// Finds two resources of which the one that was created first decides, where the files do not say which one that is:
    /// VirtualServices that sidecars follow for one host, and routes of several resources that a gateway merges for a host;
    /// routes of the Gateway API that are equally specific; DestinationRules for one host that set the same; ServiceEntries
    /// for one host; Gateways with a server for the same host and port; PeerAuthentications, Sidecars, Telemetry and
    /// ProxyConfig resources for the same workloads; EnvoyFilters, WasmPlugins and TrafficExtensions of one priority for the
    /// same workloads; BackendTLSPolicies for one target.
    ///
    /// ## What happens to traffic
    /// In a cluster the API server writes `metadata.creationTimestamp`, which Git has not. Where it is not in the file,
    /// meshc takes resources to be of one age, as Istio would if they were made in one second: then the first by name
    /// decides, and by namespace where the names are equal. With `creationOrder: git` in `meshc.yaml` each is as old as
    /// the commit by which it came to the branch (the whole history is read for it). The cluster may disagree with both:
    /// whoever deletes a resource and makes it anew makes it the youngest.
    ///
    /// ## Example
    /// VirtualServices `reviews-a` and `reviews-b` with `hosts: [reviews]` in one namespace: sidecars follow one of them.
    ///
    /// ## Use instead
    /// One resource with what both say; else hosts, matches, selectors or priorities that do not meet.
    pub ORDER_BY_NAME = "MC0395", "order-by-name", Info, Mesh,
    "Of two resources the older decides, and nothing says which one it is",
    []
}

/// By code.
pub(super) const RULES: &[&Rule] = &[&ORDER_BY_NAME];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut contests = Vec::new();
    routes::find(context, &mut contests);
    destinations::find(context, &mut contests);
    entries::find(context, &mut contests);
    servers::find(context, &mut contests);
    policies::find(context, &mut contests);
    contests.retain(Contest::is_open);
    // Two resources that meet in several places are told once.
    contests.sort_by_key(|contest| (contest.second.span, contest.first.span));
    contests.dedup_by_key(|contest| (contest.second.span, contest.first.span));
    found.extend(contests.iter().map(finding));
}

fn finding(contest: &Contest) -> Diagnostic {
    let Contest { first, second, meeting } = contest;
    let taken = if first.created != second.created {
        "what has no time counts as the older"
    } else if first.name == second.name {
        "the first by namespace"
    } else {
        "the first by name"
    };
    let message = format!(
        "{first} and this {meeting}, where the older decides; nothing says which one that is, so {first} is taken, {taken}"
    );
    Diagnostic::new(&ORDER_BY_NAME, second.span, message)
        .severity(Severity::Info)
        .resource(second.kind, Some(&second.namespace), &second.name)
        .label(first.span, "taken")
        .help("put what both say into one; `creationOrder: git` in meshc.yaml takes the order in which they came to Git")
}
