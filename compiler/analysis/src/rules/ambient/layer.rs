//! Which resources need a waypoint: those about requests, which ztunnel does not read.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_mesh::hostname::{MESH_GATEWAY, qualify};
use meshc_resources::Object;
use meshc_resources::istio::{
    AuthorizationPolicy, DestinationRule, PolicyTargetReference, Telemetry, TrafficPolicy, WorkloadSelector,
};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::{is_ambient, waypoint};
use crate::rules::context::Context;

/// A policy about requests in a namespace of the ambient mesh.
pub(super) struct Policy<'a> {
    id: ResourceId,
    /// `AuthorizationPolicy`
    pub(super) kind: &'static str,
    /// Where it lives.
    pub(super) namespace: &'a str,
    /// Where its name is written.
    pub(super) span: Span,
    /// The labels that it selects by.
    pub(super) selector: BTreeMap<String, String>,
    /// What it is attached to by name.
    pub(super) targets: Vec<&'a Spanned<PolicyTargetReference>>,
}

impl Policy<'_> {
    pub(super) fn finding(&self, rule: &Rule, message: String) -> Diagnostic {
        Diagnostic::new(rule, self.span, message).resource_id(self.id.clone())
    }

    fn new<'a, T>(
        object: &'a Object<T>,
        selector: Option<&'a Spanned<WorkloadSelector>>,
        one: Option<&'a Spanned<PolicyTargetReference>>,
        several: &'a [Spanned<PolicyTargetReference>],
    ) -> Policy<'a> {
        let labels = selector.map(|selector| &selector.match_labels);
        Policy {
            id: object.id(),
            kind: object.kind.as_str(),
            namespace: object.namespace(),
            span: object.name_span(),
            selector: labels.into_iter().flatten().map(|(k, v)| (k.value.clone(), v.value.clone())).collect(),
            targets: one.into_iter().chain(several).collect(),
        }
    }
}

/// The policies about requests of namespaces in the ambient mesh.
pub(super) fn policies<'a>(context: &Context<'a>) -> Vec<Policy<'a>> {
    let all = context.resources;
    let mut found = Vec::new();
    for object in all.authorization_policies.iter().filter(|object| is_about_requests(object)) {
        let spec = &object.spec;
        found.push(Policy::new(object, spec.selector.as_ref(), spec.target_ref.as_ref(), &spec.target_refs));
    }
    for object in &all.request_authentications {
        let spec = &object.spec;
        found.push(Policy::new(object, spec.selector.as_ref(), spec.target_ref.as_ref(), &spec.target_refs));
    }
    for object in &all.wasm_plugins {
        let spec = &object.spec;
        found.push(Policy::new(object, spec.selector.as_ref(), spec.target_ref.as_ref(), &spec.target_refs));
    }
    for object in all.telemetries.iter().filter(|object| measures_requests(object)) {
        let spec = &object.spec;
        found.push(Policy::new(object, spec.selector.as_ref(), spec.target_ref.as_ref(), &spec.target_refs));
    }
    found.retain(|policy| is_ambient(context, policy.namespace));
    found
}

/// Whether ztunnel cannot enforce a policy: it asks for what only HTTP has.
pub(super) fn is_about_requests(object: &Object<AuthorizationPolicy>) -> bool {
    let keys = ["request.headers", "request.auth."];
    object.spec.rules.iter().any(|rule| {
        let condition = rule
            .when
            .iter()
            .filter_map(|condition| condition.key.as_ref())
            .any(|key| keys.iter().any(|k| key.starts_with(k)));
        let operation = rule.to.iter().filter_map(|to| to.operation.as_ref()).any(|operation| {
            let lists = operation.fields();
            lists.iter().any(|(field, list)| !list.is_empty() && !matches!(*field, "ports" | "notPorts"))
        });
        let source =
            rule.from.iter().filter_map(|from| from.source.as_ref()).any(|source| {
                !source.request_principals.is_empty() || !source.not_request_principals.is_empty()
            });
        condition || operation || source
    })
}

fn measures_requests(object: &Object<Telemetry>) -> bool {
    let spec = &object.spec;
    !spec.tracing.is_empty()
        || !spec.access_logging.is_empty()
        || spec.metrics.iter().any(|metrics| !metrics.overrides.is_empty())
}

/// A VirtualService or DestinationRule about requests, with one of its hosts.
pub(super) struct OfHost<'a> {
    id: ResourceId,
    /// `VirtualService`
    pub(super) kind: &'static str,
    /// Where it lives.
    pub(super) namespace: &'a str,
    /// The host as written.
    pub(super) host: &'a Spanned<String>,
    /// The Service of the ambient mesh that it is: where it lives, and whether it has a waypoint.
    pub(super) service: Option<Destination>,
}

/// A Service of the ambient mesh.
pub(super) struct Destination {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) span: Span,
    pub(super) has_waypoint: bool,
}

impl OfHost<'_> {
    pub(super) fn finding(&self, rule: &Rule, message: String) -> Diagnostic {
        Diagnostic::new(rule, self.host.span, message).resource_id(self.id.clone())
    }
}

/// Every host of every VirtualService and DestinationRule about requests.
pub(super) fn hosts<'a>(context: &Context<'a>) -> Vec<OfHost<'a>> {
    let mut all = Vec::new();
    for object in &context.resources.virtual_services {
        let spec = &object.spec;
        let for_mesh = spec.gateways.is_empty() || spec.gateways.iter().any(|g| g.value == MESH_GATEWAY);
        if !for_mesh || (spec.http.is_empty() && spec.tls.is_empty()) {
            continue;
        }
        for host in spec.hosts.iter().filter(|host| host.value != "*") {
            all.push(of_host(context, object, host));
        }
    }
    for object in context.resources.destination_rules.iter().filter(|object| rules_requests(object)) {
        if let Some(host) = object.spec.host.as_ref().filter(|host| host.value != "*") {
            all.push(of_host(context, object, host));
        }
    }
    all
}

fn of_host<'a, T>(context: &Context<'a>, object: &'a Object<T>, host: &'a Spanned<String>) -> OfHost<'a> {
    let full = qualify(host, object.namespace());
    let parts = full.strip_suffix(".svc.cluster.local").and_then(|rest| rest.split_once('.'));
    let service = parts.and_then(|(name, namespace)| {
        let service = context.service_object(namespace, name).filter(|_| is_ambient(context, namespace))?;
        let own = service.metadata.label("istio.io/use-waypoint");
        Some(Destination {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            span: service.name_span(),
            has_waypoint: waypoint(context, own, namespace).is_some(),
        })
    });
    OfHost { id: object.id(), kind: object.kind.as_str(), namespace: object.namespace(), host, service }
}

fn rules_requests(object: &Object<DestinationRule>) -> bool {
    let of_requests = |policy: &TrafficPolicy| {
        let by_header = policy.load_balancer.as_ref().and_then(|lb| lb.consistent_hash.as_ref());
        by_header.is_some_and(|hash| hash.http_header_name.is_some() || hash.http_cookie.is_some())
            || policy.connection_pool.as_ref().is_some_and(|pool| pool.http.is_some())
            || policy.outlier_detection.is_some()
    };
    let own = object.spec.traffic_policy.iter().map(|policy| &policy.value);
    let of_subsets = object.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
    own.chain(of_subsets.map(|policy| &policy.value)).any(of_requests)
}
