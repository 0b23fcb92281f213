//! A patch that finds nothing to change.

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_effective::model::{EffectiveMesh, Patch, PatchKind, PatchOperation, PatchSide};
use meshc_source::Span;

use crate::Target;
use crate::patched::Finder;

declare_rule! {
    /// ## What it does
    /// Finds patches of EnvoyFilters that are for some proxy of the mesh and find nothing to change in any: no listener,
    /// chain, filter, route table, virtual host, route or cluster is what their `match` asks for, or the operation needs a
    /// filter to stand beside and none is named.
    ///
    /// ## What happens to traffic
    /// Nothing: the patch is left out in silence, and what it was to change stays as it was.
    ///
    /// ## Example
    /// ```yaml
    /// - applyTo: CLUSTER
    ///   match: {context: SIDECAR_OUTBOUND, cluster: {service: review.shop.svc.cluster.local}}    # reviews
    ///   patch: {operation: MERGE, value: {connect_timeout: 1s}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// - applyTo: CLUSTER
    ///   match: {context: SIDECAR_OUTBOUND, cluster: {service: reviews.shop.svc.cluster.local}}
    ///   patch: {operation: MERGE, value: {connect_timeout: 1s}}
    /// ```
    /// `meshc show PROXY listeners --format envoy --target istio-proxy` shows the names that there are.
    pub IDLE_PATCH = "MC1380", "idle-patch", Warning, Mesh,
    "A patch of an EnvoyFilter that finds nothing to change",
    []
}

/// Every patch that some proxy has.
pub(super) fn check(mesh: &EffectiveMesh, found: &mut Vec<Diagnostic>) {
    let mut finder = Finder::default();
    let mut all: BTreeMap<Span, &Patch> = BTreeMap::new();
    let mut used: BTreeSet<Span> = BTreeSet::new();
    for proxy in &mesh.proxies {
        let patches = &proxy.patches.all;
        let here = |patch: &Patch| PatchSide::of(proxy).iter().any(|side| patch.is_for(*side));
        all.extend(patches.iter().filter(|patch| here(patch)).map(|patch| (patch.origin.span, patch)));
        if patches.iter().all(|patch| used.contains(&patch.origin.span)) {
            continue;
        }
        let places = finder.used(proxy, Target::IstioProxy);
        used.extend(places.into_iter().filter_map(|place| Some(patches.get(place)?.origin.span)));
    }
    for (span, patch) in all {
        // Which filters ask for a configuration by name is not known here: WasmPlugins are fetched by Istio's agent.
        if used.contains(&span) || patch.kind == PatchKind::ExtensionConfig {
            continue;
        }
        let what = match patch.kind {
            PatchKind::Listener => "listener",
            PatchKind::ListenerFilter => "listener filter",
            PatchKind::FilterChain => "filter chain",
            PatchKind::NetworkFilter => "network filter",
            PatchKind::HttpFilter => "HTTP filter",
            PatchKind::RouteConfiguration => "route table",
            PatchKind::VirtualHost => "virtual host",
            PatchKind::HttpRoute => "route",
            PatchKind::Cluster | PatchKind::ExtensionConfig => "cluster",
        };
        let place = match patch.operation {
            PatchOperation::Add
            | PatchOperation::InsertAfter
            | PatchOperation::InsertBefore
            | PatchOperation::InsertFirst => {
                format!("there is no place for this {what} in any proxy that the EnvoyFilter is for")
            }
            _ => format!("no {what} of any proxy that the EnvoyFilter is for is matched"),
        };
        let message = format!("{place}: the patch has no effect");
        found.push(finding(patch, span, message));
    }
}

fn finding(patch: &Patch, span: Span, message: String) -> Diagnostic {
    let (namespace, name) = &patch.filter;
    Diagnostic::new(&IDLE_PATCH, span, message)
        .resource("EnvoyFilter", Some(namespace), name)
        .help("`meshc show PROXY listeners|routes|clusters --format envoy --target istio-proxy` shows what there is to match")
}
