//! Patches of EnvoyFilters that Istio refuses, or that cannot do anything.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::Object;
use crate::istio::{
    ApplyTo, ConfigPatch, EnvoyFilter, ListenerMatch, PatchContext, PatchMatch, PatchOperation,
};
use crate::rules::webhook::Refusals;
use crate::rules::{patch_value, silent_patch};

declare_rule! {
    /// ## What it does
    /// Finds patches that lack what they are applied to, their operation or their value; whose match is about another
    /// kind of thing than they are applied to; whose filter match has no name; whose `proxyVersion` is no regular
    /// expression; or whose value is not the message of Envoy's that they are applied to, an unknown `@type` included.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the EnvoyFilter; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// configPatches:
    ///   - applyTo: CLUSTER
    ///     match: {listener: {portNumber: 9080}}
    ///     patch: {operation: MERGE, value: {connect_timeout: 1s}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// configPatches:
    ///   - applyTo: CLUSTER
    ///     match: {cluster: {portNumber: 9080}}
    ///     patch: {operation: MERGE, value: {connect_timeout: 1s}}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub ENVOY_PATCH = "MC0285", "envoy-patch", Error, Document,
    "A patch of an EnvoyFilter that Istio refuses",
    ["IST0106", "IST0133"]
}

/// Longer expressions are ignored.
const LONGEST_VERSION: usize = 1024;

/// The network filters that hold HTTP filters, by both of their names.
const HTTP_CONNECTION_MANAGER: [&str; 2] =
    ["envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"];

/// The selector, then each patch.
pub(crate) fn check(object: &Object<EnvoyFilter>, found: &mut Vec<Diagnostic>) {
    if let Some(selector) = &object.spec.workload_selector {
        let mut refusals = Refusals { object, rule: &ENVOY_PATCH, found };
        for (key, value) in &selector.labels {
            if key.is_empty() {
                refusals.at(key.span, "a label has no key");
            }
            if key.contains('*') || value.contains('*') {
                refusals.at(value.span, "a label of the selector has a wildcard");
            }
        }
        if selector.labels.is_empty() {
            let message =
                "this selector has no labels: the EnvoyFilter is for every workload of the namespace";
            found.push(object.finding(&ENVOY_PATCH, selector.span, message).severity(Severity::Warning));
        }
    }
    for patch in &object.spec.config_patches {
        let of_waypoint = patch.matches.as_ref().and_then(|matches| matches.context.as_ref());
        if of_waypoint.is_some_and(|context| context.value == PatchContext::Waypoint) {
            continue;
        }
        let mut refusals = Refusals { object, rule: &ENVOY_PATCH, found };
        match problem(patch) {
            Some(problem) => refusals.at(patch.span, problem),
            None => value(object, patch, found),
        }
        without_effect(object, patch, found);
        silent_patch::check(object, patch, found);
    }
}

/// The value is the message that is changed, or a part of one.
fn value(object: &Object<EnvoyFilter>, patch: &ConfigPatch, found: &mut Vec<Diagnostic>) {
    match patch_value::read(patch) {
        None => {}
        Some(Ok(reading)) => patch_value::check(object, patch, &reading, found),
        Some(Err(problem)) => {
            let span = patch_value::place(patch, &problem.path, false).unwrap_or(object.span);
            let subject = match problem.path.0.as_slice() {
                [] => "the value of this patch".to_owned(),
                _ => format!("`{}`", problem.path),
            };
            let mut refusals = Refusals { object, rule: &ENVOY_PATCH, found };
            refusals.at(span, format!("{subject} {}", problem.message));
        }
    }
}

fn apply_to(patch: &ConfigPatch) -> ApplyTo {
    patch.apply_to.as_ref().map(|apply_to| apply_to.value).unwrap_or_default()
}

/// The first thing that is wrong: Istio looks no further.
fn problem(patch: &ConfigPatch) -> Option<&'static str> {
    let apply_to = apply_to(patch);
    if apply_to == ApplyTo::Invalid {
        return Some("this patch does not say what it is applied to (`applyTo`)");
    }
    let Some(change) = &patch.patch else { return Some("this patch has no `patch`") };
    let operation = change.operation.as_ref().map(|operation| operation.value).unwrap_or_default();
    if operation == PatchOperation::Invalid {
        return Some("this patch has no operation");
    }
    if operation != PatchOperation::Remove && change.value.value.is_none() {
        return Some("this operation needs a `value`");
    }
    let matches = patch.matches.as_ref()?;
    let version = matches.proxy.as_ref().and_then(|proxy| proxy.proxy_version.as_ref());
    if let Some(version) = version.filter(|version| !version.is_empty() && version.len() <= LONGEST_VERSION)
        && let Err(meshc_re2::Error::Syntax { .. }) = meshc_re2::parse(version)
    {
        return Some("`proxyVersion` is no regular expression of RE2");
    }
    of_match(apply_to, matches)
}

/// Whether the match is about what the patch is applied to.
fn of_match(apply_to: ApplyTo, matches: &PatchMatch) -> Option<&'static str> {
    let of_something = matches.listener.is_some()
        || matches.route_configuration.is_some()
        || matches.cluster.is_some()
        || matches.waypoint.is_some();
    match apply_to {
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::NetworkFilter | ApplyTo::HttpFilter => {
            match &matches.listener {
                None => {
                    of_something.then_some("what is applied to listeners matches listeners, nothing else")
                }
                Some(listener) => of_filter(apply_to, listener),
            }
        }
        ApplyTo::RouteConfiguration | ApplyTo::VirtualHost | ApplyTo::HttpRoute => (of_something
            && matches.route_configuration.is_none())
        .then_some("what is applied to routes matches route configurations, nothing else"),
        ApplyTo::Cluster => (of_something && matches.cluster.is_none())
            .then_some("what is applied to clusters matches clusters, nothing else"),
        ApplyTo::Invalid | ApplyTo::ExtensionConfig | ApplyTo::Bootstrap | ApplyTo::ListenerFilter => None,
    }
}

fn of_filter(apply_to: ApplyTo, listener: &ListenerMatch) -> Option<&'static str> {
    let filter = listener.filter_chain.as_ref()?.filter.as_ref()?;
    let name = filter.name.as_ref().map_or("", |name| name.value.as_str());
    if name.is_empty() {
        return Some("this match on a filter has no name");
    }
    let inner = filter.sub_filter.as_ref()?;
    if apply_to != ApplyTo::HttpFilter {
        return Some("`subFilter` is for what is applied to HTTP filters");
    }
    if !HTTP_CONNECTION_MANAGER.contains(&name) {
        return Some("`subFilter` is in the HTTP connection manager, whose name `filter` must have");
    }
    inner
        .name
        .as_ref()
        .is_none_or(|name| name.is_empty())
        .then_some("this match on an HTTP filter has no name")
}

/// What Istio accepts though it does nothing.
fn without_effect(object: &Object<EnvoyFilter>, patch: &ConfigPatch, found: &mut Vec<Diagnostic>) {
    let chain = patch.matches.as_ref().and_then(|matches| matches.listener.as_ref()?.filter_chain.as_ref());
    let filter = chain.and_then(|chain| chain.filter.as_ref());
    if let Some(filter) =
        filter.filter(|_| matches!(apply_to(patch), ApplyTo::Listener | ApplyTo::FilterChain))
    {
        let message = "a match on a filter has no effect on what is applied to whole listeners and chains";
        found.push(object.finding(&ENVOY_PATCH, filter.span, message).severity(Severity::Warning));
    }
}
