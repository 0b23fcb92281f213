//! A selector that no workload has.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{PodProxy, ROOT_NAMESPACE};
use meshc_settings::ways_out;
use meshc_syntax::suggest::list;

use super::policies::Policy;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds policies and other resources for workloads (AuthorizationPolicy, PeerAuthentication, RequestAuthentication,
    /// Sidecar, Telemetry, WasmPlugin, TrafficExtension, EnvoyFilter, ProxyConfig, DestinationRules with a
    /// `workloadSelector`) whose labels no pod in scope has; and AuthorizationPolicies of a namespace without any pod.
    /// Those of the root namespace select in every namespace.
    ///
    /// ## What happens to traffic
    /// The resource holds for nobody: what it was to forbid is allowed, what it was to change stays.
    ///
    /// ## Example
    /// ```yaml
    /// selector:
    ///   matchLabels: {app: review}    # the pods have app: reviews
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// selector:
    ///   matchLabels: {app: reviews}
    /// ```
    ///
    /// ## Covers
    /// IST0127 (AuthorizationPolicy), IST0101 (Sidecar, Telemetry), KIA0004 (Sidecar and the security kinds). Pods without a
    /// proxy do not count for an AuthorizationPolicy, as with `istioctl`.
    pub IDLE_SELECTOR = "MC1120", "idle-selector", Warning, Mesh,
    "A selector that no workload has",
    ["IST0101", "IST0127", "KIA0004"]
}

/// One resource.
pub(super) fn check(context: &Context<'_>, policy: &Policy, found: &mut Vec<Diagnostic>) {
    if policy.attached || context.mesh.external.has_workload(&policy.namespace, &policy.labels) {
        return;
    }
    let scope = (policy.namespace != ROOT_NAMESPACE).then_some(policy.namespace.as_str());
    let authorization = policy.kind == "AuthorizationPolicy";
    let whole_namespace = !policy.has_selector && authorization && scope.is_some();
    if policy.labels.is_empty() && !whole_namespace {
        return;
    }
    let mut selected = context.pods.selected(scope, &policy.labels);
    let counts =
        |pod: &&meshc_mesh::Pod| !authorization || pod.proxy != PodProxy::None || context.is_ambient(pod);
    if selected.any(|pod| counts(&pod)) {
        return;
    }
    if policy.kind != "EnvoyFilter" && context.has_workload_entry(scope, &policy.labels) {
        return;
    }
    let where_to =
        scope.map_or_else(|| "the mesh".to_owned(), |namespace| format!("namespace `{namespace}`"));
    let message = if policy.labels.is_empty() {
        format!("no pod of this tree in {where_to} has a proxy: the policy holds for nobody")
    } else {
        format!(
            "no pod of this tree in {where_to} has the labels {}: the {} holds for nobody",
            policy.written(),
            policy.kind
        )
    };
    let mut finding = policy.finding(&IDLE_SELECTOR, policy.labels_span.unwrap_or(policy.name_span), message);
    for alias in aliases(policy) {
        finding = finding.alias(alias);
    }
    if let Some(key) = policy.labels.keys().next() {
        let pods = context.pods.selected(scope, &std::collections::BTreeMap::new());
        let mut values: Vec<&str> = pods.filter_map(|pod| pod.labels.get(key)).map(String::as_str).collect();
        values.sort_unstable();
        values.dedup();
        if (1..=8).contains(&values.len()) {
            finding = finding.help(format!("pods there have `{key}` {}", list(&values)));
        }
    }
    if finding.help.is_none() {
        finding = finding.help(ways_out("workloads"));
    }
    // A tree without any pod in scope says nothing about those that there are.
    let unseen = !context.pods.any(scope, &std::collections::BTreeMap::new());
    found.push(if unseen && !authorization {
        finding.severity(meshc_diagnostics::Severity::Info)
    } else {
        finding
    });
}

fn aliases(policy: &Policy) -> &'static [&'static str] {
    match policy.kind {
        "AuthorizationPolicy" if policy.labels.is_empty() => &["IST0127"],
        "AuthorizationPolicy" => &["IST0127", "KIA0004"],
        "Telemetry" => &["IST0101"],
        "Sidecar" => &["IST0101", "KIA0004"],
        "PeerAuthentication" | "RequestAuthentication" => &["KIA0004"],
        _ => &[],
    }
}
