//! Every resource that holds for workloads by a selector.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_resources::istio::{PolicyTargetReference, WorkloadSelector};
use meshc_resources::{Object, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// A resource with its selector.
pub(super) struct Policy {
    id: ResourceId,
    /// `Telemetry`
    pub(super) kind: &'static str,
    /// Where it lives.
    pub(super) namespace: String,
    /// What it is called.
    pub(super) name: String,
    /// Where its name is written.
    pub(super) name_span: Span,
    /// The labels that it asks for; empty for every workload in scope.
    pub(super) labels: BTreeMap<String, String>,
    /// Where they are written.
    pub(super) labels_span: Option<Span>,
    /// Whether there is a selector at all, with labels or without.
    pub(super) has_selector: bool,
    /// It is attached to something by name, and selects nothing.
    pub(super) attached: bool,
}

impl Policy {
    fn new<T>(
        object: &Object<T>,
        labels: Option<&indexmap::IndexMap<Spanned<String>, Spanned<String>>>,
        attached: bool,
    ) -> Self {
        let span = labels.and_then(|labels| Some(labels.first()?.0.span.join(labels.last()?.1.span)));
        Self {
            id: object.id(),
            kind: object.kind.as_str(),
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            name_span: object.name_span(),
            labels: labels.into_iter().flatten().map(|(k, v)| (k.value.clone(), v.value.clone())).collect(),
            labels_span: span,
            has_selector: labels.is_some(),
            attached,
        }
    }

    /// `app=reviews, version=v1`
    pub(super) fn written(&self) -> String {
        let pairs: Vec<String> = self.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.join(", ")
    }

    /// A finding about it.
    pub(super) fn finding(&self, rule: &Rule, span: Span, message: String) -> Diagnostic {
        Diagnostic::new(rule, span, message).resource_id(self.id.clone())
    }
}

/// All of them.
pub(super) fn all(resources: &Resources) -> Vec<Policy> {
    fn of<'a, T>(
        objects: &'a [Object<T>],
        selector: impl Fn(&'a T) -> Option<&'a Spanned<WorkloadSelector>>,
        attached: impl Fn(
            &'a T,
        )
            -> (Option<&'a Spanned<PolicyTargetReference>>, &'a [Spanned<PolicyTargetReference>]),
        all: &mut Vec<Policy>,
    ) {
        for object in objects {
            let labels = selector(&object.spec).map(|selector| &selector.match_labels);
            let (one, several) = attached(&object.spec);
            all.push(Policy::new(object, labels, one.is_some() || !several.is_empty()));
        }
    }
    let mut all = Vec::new();
    of(
        &resources.authorization_policies,
        |spec| spec.selector.as_ref(),
        |spec| (spec.target_ref.as_ref(), &spec.target_refs),
        &mut all,
    );
    of(&resources.peer_authentications, |spec| spec.selector.as_ref(), |_| (None, &[]), &mut all);
    of(
        &resources.request_authentications,
        |spec| spec.selector.as_ref(),
        |spec| (spec.target_ref.as_ref(), &spec.target_refs),
        &mut all,
    );
    of(
        &resources.telemetries,
        |spec| spec.selector.as_ref(),
        |spec| (spec.target_ref.as_ref(), &spec.target_refs),
        &mut all,
    );
    of(
        &resources.wasm_plugins,
        |spec| spec.selector.as_ref(),
        |spec| (spec.target_ref.as_ref(), &spec.target_refs),
        &mut all,
    );
    of(
        &resources.traffic_extensions,
        |spec| spec.selector.as_ref(),
        |spec| (None, &spec.target_refs),
        &mut all,
    );
    of(&resources.proxy_configs, |spec| spec.selector.as_ref(), |_| (None, &[]), &mut all);
    for object in &resources.sidecars {
        let labels = object.spec.workload_selector.as_ref().map(|selector| &selector.labels);
        all.push(Policy::new(object, labels, false));
    }
    for object in &resources.envoy_filters {
        let labels = object.spec.workload_selector.as_ref().map(|selector| &selector.labels);
        all.push(Policy::new(object, labels, !object.spec.target_refs.is_empty()));
    }
    for object in &resources.destination_rules {
        if let Some(selector) = &object.spec.workload_selector {
            all.push(Policy::new(object, Some(&selector.match_labels), false));
        }
    }
    all
}
