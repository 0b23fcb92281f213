//! Policies of workloads: which hold for a pod, in Istio's order.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_resources::istio::{
    AuthorizationPolicy, EnvoyFilter, PatchTarget, PeerAuthentication, PolicyTargetReference,
    RequestAuthentication, Telemetry, TrafficExtension, WasmPlugin, WorkloadSelector,
};
use meshc_resources::{Metadata, Object, Resources};
use meshc_syntax::de::Spanned;

use crate::mtls::{self, Mtls};
use crate::{Meta, selects};

/// On pods of a Gateway of the Gateway API: the Gateway's name.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// The group of a Gateway that a policy can be attached to.
const GATEWAY_GROUP: &str = "gateway.networking.k8s.io";

/// A policy with what selects by.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy<T> {
    /// The resource.
    pub meta: Meta,
    /// Annotations of the resource.
    pub annotations: BTreeMap<String, String>,
    /// Labels of its pods; none: every pod in scope.
    pub selector: BTreeMap<String, String>,
    /// The Gateways that it is attached to by name, where it has references: then it holds for nothing else.
    pub attached_to: Option<Vec<String>>,
    /// What it says.
    pub spec: T,
}

/// All policies of one kind, by namespace, oldest first.
type ByNamespace<T> = BTreeMap<String, Vec<Arc<Policy<T>>>>;

/// The policies of a mesh: security, telemetry, extensions.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    root_namespace: String,
    peer: ByNamespace<PeerAuthentication>,
    request: ByNamespace<RequestAuthentication>,
    authorization: ByNamespace<AuthorizationPolicy>,
    telemetry: ByNamespace<Telemetry>,
    wasm: ByNamespace<WasmPlugin>,
    extensions: ByNamespace<TrafficExtension>,
    envoy_filters: ByNamespace<EnvoyFilter>,
}

// === impl Policies ===

impl Policies {
    pub(crate) fn new(resources: &Resources, root_namespace: &str) -> Self {
        let peer = &resources.peer_authentications;
        let request = &resources.request_authentications;
        let authorization = &resources.authorization_policies;
        Self {
            root_namespace: root_namespace.to_owned(),
            telemetry: by_namespace("Telemetry", &resources.telemetries, |spec| {
                (spec.selector.as_ref(), references(spec.target_ref.as_ref(), &spec.target_refs))
            }),
            wasm: by_namespace("WasmPlugin", &resources.wasm_plugins, |spec| {
                (spec.selector.as_ref(), references(spec.target_ref.as_ref(), &spec.target_refs))
            }),
            extensions: by_namespace("TrafficExtension", &resources.traffic_extensions, |spec| {
                (spec.selector.as_ref(), references(None, &spec.target_refs))
            }),
            envoy_filters: envoy_filters(&resources.envoy_filters),
            peer: by_namespace("PeerAuthentication", peer, |spec| (spec.selector.as_ref(), Vec::new())),
            request: by_namespace("RequestAuthentication", request, |spec| {
                (spec.selector.as_ref(), references(spec.target_ref.as_ref(), &spec.target_refs))
            }),
            authorization: by_namespace("AuthorizationPolicy", authorization, |spec| {
                (spec.selector.as_ref(), references(spec.target_ref.as_ref(), &spec.target_refs))
            }),
        }
    }

    /// Which connections a workload with these labels takes.
    pub fn mtls(&self, namespace: &str, labels: &BTreeMap<String, String>) -> Mtls {
        mtls::compose(&self.peer_authentications(namespace, labels), &self.root_namespace)
    }

    /// The PeerAuthentications that hold for a workload: those of its namespace, then those of the root's.
    pub fn peer_authentications(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<PeerAuthentication>>> {
        holding(&self.peer, &[namespace, &self.root_namespace], namespace, labels)
    }

    /// The RequestAuthentications that hold for a workload: those of its namespace, then those of the root's.
    pub fn request_authentications(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<RequestAuthentication>>> {
        holding(&self.request, &[namespace, &self.root_namespace], namespace, labels)
    }

    /// The AuthorizationPolicies that hold for a workload: those of the root namespace, then those of its own.
    pub fn authorization_policies(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<AuthorizationPolicy>>> {
        holding(&self.authorization, &[&self.root_namespace, namespace], namespace, labels)
    }

    /// The Telemetries that hold for a workload, from the widest to the narrowest: the first for all of the root
    /// namespace, the first for all of its own, those that select it (Istio's `applicableTelemetries`).
    pub fn telemetries(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<Telemetry>>> {
        let of = |namespace: &str| self.telemetry.get(namespace).map(Vec::as_slice).unwrap_or_default();
        let for_all = |policy: &&Arc<Policy<Telemetry>>| policy.is_for_all();
        let root = of(&self.root_namespace).iter().find(for_all);
        let own = of(namespace).iter().find(for_all).filter(|_| namespace != self.root_namespace);
        let selecting =
            of(namespace).iter().filter(|policy| !policy.is_for_all() && policy.holds_for(namespace, labels));
        root.into_iter().chain(own).chain(selecting).collect()
    }

    /// The WasmPlugins that hold for a workload: those of its namespace, then those of the root's.
    pub fn wasm_plugins(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<WasmPlugin>>> {
        holding(&self.wasm, &[namespace, &self.root_namespace], namespace, labels)
    }

    /// The TrafficExtensions that hold for a workload: those of its namespace, then those of the root's.
    pub fn traffic_extensions(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<TrafficExtension>>> {
        holding(&self.extensions, &[namespace, &self.root_namespace], namespace, labels)
    }

    /// The EnvoyFilters that hold for a workload, in the order in which they are applied: by priority, those of the root
    /// namespace first, then by age and name (Istio's `EnvoyFilters`).
    pub fn envoy_filters(
        &self,
        namespace: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Arc<Policy<EnvoyFilter>>> {
        let mut filters = holding(&self.envoy_filters, &[&self.root_namespace, namespace], namespace, labels);
        let key = |filter: &Arc<Policy<EnvoyFilter>>| {
            let priority = filter.spec.priority.as_ref().map_or(0, |priority| priority.value);
            let meta = &filter.meta;
            let name = format!("{}.{}", meta.name, meta.namespace);
            (priority, meta.namespace != self.root_namespace, meta.created, name)
        };
        filters.sort_by_cached_key(|filter| key(filter));
        filters
    }

    /// Every EnvoyFilter, by namespace, oldest first.
    pub fn all_envoy_filters(&self) -> impl Iterator<Item = &Arc<Policy<EnvoyFilter>>> {
        self.envoy_filters.values().flatten()
    }

    /// Every PeerAuthentication, by namespace, oldest first.
    pub fn all_peer_authentications(&self) -> impl Iterator<Item = &Arc<Policy<PeerAuthentication>>> {
        self.peer.values().flatten()
    }

    /// Every RequestAuthentication, by namespace, oldest first.
    pub fn all_request_authentications(&self) -> impl Iterator<Item = &Arc<Policy<RequestAuthentication>>> {
        self.request.values().flatten()
    }

    /// Every AuthorizationPolicy, by namespace, oldest first.
    pub fn all_authorization_policies(&self) -> impl Iterator<Item = &Arc<Policy<AuthorizationPolicy>>> {
        self.authorization.values().flatten()
    }
}

// === impl Policy ===

impl<T> Policy<T> {
    /// Whether it says of nothing that it is for that alone.
    pub fn is_for_all(&self) -> bool {
        self.selector.is_empty() && self.attached_to.is_none()
    }

    /// Whether it holds for a pod of a namespace in which it is looked for (Istio's `ShouldAttachPolicy`; ambient
    /// mode's waypoints are not modelled).
    fn holds_for(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let Some(attached_to) = &self.attached_to else { return selects(&self.selector, labels) };
        let gateway = labels.get(GATEWAY_NAME);
        self.meta.namespace == namespace && gateway.is_some_and(|name| attached_to.contains(name))
    }
}

fn holding<'a, T>(
    all: &'a ByNamespace<T>,
    looked_for_in: &[&str; 2],
    namespace: &str,
    labels: &BTreeMap<String, String>,
) -> Vec<&'a Arc<Policy<T>>> {
    let [first, second] = looked_for_in;
    let namespaces = std::iter::once(first).chain((first != second).then_some(second));
    let policies = namespaces.filter_map(|namespace| all.get(*namespace)).flatten();
    policies.filter(|policy| policy.holds_for(namespace, labels)).collect()
}

/// What selects: a selector, and references with the kind that they are to.
type Selection<'a> = (Option<&'a Spanned<WorkloadSelector>>, Vec<&'a PolicyTargetReference>);

fn by_namespace<T: Clone>(
    kind: &'static str,
    objects: &[Object<T>],
    selection: impl Fn(&T) -> Selection<'_>,
) -> ByNamespace<T> {
    let mut policies: Vec<_> = objects
        .iter()
        .map(|object| {
            let (selector, references) = selection(&object.spec);
            let selector = selector.map(|selector| crate::meta::plain(&selector.match_labels));
            Arc::new(Policy {
                meta: Meta::new(kind, &object.metadata, object.span),
                annotations: annotations(&object.metadata),
                selector: selector.unwrap_or_default(),
                attached_to: (!references.is_empty()).then(|| gateways(&references)),
                spec: object.spec.clone(),
            })
        })
        .collect();
    sorted(&mut policies)
}

/// EnvoyFilters select as policies do, with types of their own.
fn envoy_filters(objects: &[Object<EnvoyFilter>]) -> ByNamespace<EnvoyFilter> {
    let mut filters: Vec<_> = objects
        .iter()
        .map(|object| {
            let selector = object.spec.workload_selector.as_ref();
            let references: Vec<_> =
                object.spec.target_refs.iter().map(|target| reference(&target.value)).collect();
            let references: Vec<_> = references.iter().collect();
            Arc::new(Policy {
                meta: Meta::new("EnvoyFilter", &object.metadata, object.span),
                annotations: annotations(&object.metadata),
                selector: selector.map(|selector| crate::meta::plain(&selector.labels)).unwrap_or_default(),
                attached_to: (!references.is_empty()).then(|| gateways(&references)),
                spec: object.spec.clone(),
            })
        })
        .collect();
    sorted(&mut filters)
}

fn reference(target: &PatchTarget) -> PolicyTargetReference {
    PolicyTargetReference {
        group: target.group.clone(),
        kind: target.kind.clone(),
        name: target.name.clone(),
        namespace: target.namespace.clone(),
    }
}

fn sorted<T>(policies: &mut Vec<Arc<Policy<T>>>) -> ByNamespace<T> {
    policies.sort_by(|a, b| a.meta.by_age(&b.meta));
    let mut all = ByNamespace::new();
    for policy in policies.drain(..) {
        all.entry(policy.meta.namespace.clone()).or_default().push(policy);
    }
    all
}

fn annotations(metadata: &Metadata) -> BTreeMap<String, String> {
    crate::meta::plain(&metadata.annotations)
}

/// `targetRefs`, else the deprecated `targetRef`.
fn references<'a>(
    one: Option<&'a Spanned<PolicyTargetReference>>,
    several: &'a [Spanned<PolicyTargetReference>],
) -> Vec<&'a PolicyTargetReference> {
    if several.is_empty() {
        one.map(|reference| &reference.value).into_iter().collect()
    } else {
        several.iter().map(|reference| &reference.value).collect()
    }
}

/// The Gateways among references; what else they are to is attached by ambient mode only.
fn gateways(references: &[&PolicyTargetReference]) -> Vec<String> {
    let is = |field: &Option<Spanned<String>>, wanted: &str| {
        field.as_ref().is_some_and(|value| value.as_str() == wanted)
    };
    references
        .iter()
        .filter(|reference| is(&reference.group, GATEWAY_GROUP) && is(&reference.kind, "Gateway"))
        .filter(|reference| reference.namespace.as_ref().is_none_or(|namespace| namespace.is_empty()))
        .filter_map(|reference| reference.name.as_ref().map(|name| name.value.clone()))
        .collect()
}
