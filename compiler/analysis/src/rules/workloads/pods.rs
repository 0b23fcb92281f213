//! Pods and the templates of pods, for the rules about what they run.

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_resources::kubernetes::{Container, PodSpec};
use meshc_resources::{Kind, Metadata, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// A pod, or the template of one.
pub(super) struct Running<'a> {
    id: ResourceId,
    /// The kind of the object: `Pod`, `Deployment`…
    pub(super) kind: Kind,
    /// The object's own labels.
    pub(super) object: &'a Metadata,
    /// Where it lives.
    pub(super) namespace: &'a str,
    /// Where its name is written.
    pub(super) name_span: Span,
    /// Labels and annotations of the pod.
    pub(super) metadata: &'a Metadata,
    /// What it runs.
    pub(super) spec: &'a PodSpec,
}

impl<'a> Running<'a> {
    /// A finding about it.
    pub(super) fn finding(&self, rule: &Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(rule, span, message).resource_id(self.id.clone())
    }

    /// All its containers.
    pub(super) fn all_containers(&self) -> impl Iterator<Item = &'a Spanned<Container>> {
        self.spec.containers.iter().chain(&self.spec.init_containers)
    }

    /// The container that is Istio's proxy.
    pub(super) fn proxy(&self) -> Option<&'a Spanned<Container>> {
        self.all_containers().find(|container| name(container) == PROXY)
    }
}

/// The name of the proxy's container.
pub(super) const PROXY: &str = "istio-proxy";

/// A container's name.
pub(super) fn name(container: &Container) -> &str {
    container.name.as_ref().map_or("", |name| name.value.as_str())
}

/// A container's image.
pub(super) fn image(container: &Container) -> &str {
    container.image.as_ref().map_or("", |image| image.value.as_str())
}

/// All of them: pods first, then what makes pods.
pub(super) fn all(resources: &Resources) -> Vec<Running<'_>> {
    let mut all = Vec::new();
    for object in &resources.pods {
        all.push(Running {
            id: object.id(),
            kind: object.kind,
            object: &object.metadata,
            namespace: object.namespace(),
            name_span: object.name_span(),
            metadata: &object.metadata,
            spec: &object.spec.spec,
        });
    }
    for object in &resources.workloads {
        let Some(template) = &object.spec.template else { continue };
        let Some(spec) = &template.spec else { continue };
        all.push(Running {
            id: object.id(),
            kind: object.kind,
            object: &object.metadata,
            namespace: object.namespace(),
            name_span: object.name_span(),
            metadata: &template.metadata,
            spec: &spec.value,
        });
    }
    all
}
