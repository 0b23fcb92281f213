//! The workloads with the Services that select their pods: looked up once for all rules about them.

use std::collections::BTreeMap;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::selects;
use meshc_resources::kubernetes::{ServiceSpec, WorkloadSpec};
use meshc_resources::{Kind, Object};

use super::{container_port, shared_port, shared_target_port};
use crate::rules::context::Context;

/// A workload and the Services of its namespace that select its pods.
pub(super) struct Selected<'a> {
    pub(super) workload: &'a Object<WorkloadSpec>,
    pub(super) services: Vec<&'a Object<ServiceSpec>>,
    /// Whether its pods get a sidecar, or are a gateway.
    pub(super) in_mesh: bool,
}

impl Selected<'_> {
    /// Whether Istio made it itself, for a Gateway of the Gateway API or a waypoint.
    pub(super) fn is_managed(&self) -> bool {
        self.workload.metadata.label("gateway.istio.io/managed").is_some()
    }

    /// The alias, if `istioctl` looks at such a workload.
    pub(super) fn alias(&self, finding: Diagnostic, alias: &'static str) -> Diagnostic {
        if self.workload.kind == Kind::Deployment { finding.alias(alias) } else { finding }
    }
}

/// Every workload that makes pods.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut by_pair: BTreeMap<(&str, &str, &str), Vec<&Object<ServiceSpec>>> = BTreeMap::new();
    for object in &context.resources.services {
        if let Some((key, value)) = object.spec.selector.first() {
            by_pair.entry((object.namespace(), key, value)).or_default().push(object);
        }
    }
    for workload in &context.resources.workloads {
        let Some(template) = &workload.spec.template else { continue };
        let labels = map(&template.metadata.labels);
        let mut services: Vec<&Object<ServiceSpec>> = labels
            .iter()
            .filter_map(|(k, v)| by_pair.get(&(workload.namespace(), k.as_str(), v.as_str())))
            .flatten()
            .copied()
            .filter(|service| selects(&map(&service.spec.selector), &labels))
            .collect();
        services.sort_by_key(|service| service.name_span());
        let selected = Selected { workload, services, in_mesh: in_mesh(context, workload) };
        container_port::check(context, &selected, found);
        shared_port::check(&selected, found);
        shared_target_port::check(&selected, found);
    }
}

fn map(
    labels: &indexmap::IndexMap<meshc_syntax::de::Spanned<String>, meshc_syntax::de::Spanned<String>>,
) -> BTreeMap<String, String> {
    labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
}

/// As Istio decides it (`util.DeploymentInMesh`): by a proxy's container, the pod's label or annotation, the namespace.
fn in_mesh(context: &Context<'_>, workload: &Object<WorkloadSpec>) -> bool {
    let Some(template) = &workload.spec.template else { return false };
    let containers = template.spec.iter().flat_map(|spec| &spec.containers);
    let mut names = containers.filter_map(|container| container.name.as_ref());
    if names.any(|name| name.value == "istio-proxy") {
        return true;
    }
    let inject = "sidecar.istio.io/inject";
    if let Some(says) = template.metadata.label(inject).or_else(|| template.metadata.annotation(inject)) {
        return says == "true";
    }
    let namespace = context.mesh.namespaces.get(workload.namespace());
    namespace.is_some_and(|n| n.labels.get("istio-injection").is_some_and(|v| v == "enabled"))
}
