//! Pods and the templates of pods, for the rules about what they run.

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_resources::kubernetes::{Container, PodSpec};
use meshc_resources::{Kind, Metadata, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// A pod, or the template of one.
pub(in crate::rules) struct Running<'a> {
    id: ResourceId,
    /// The kind of the object: `Pod`, `Deployment`…
    pub(in crate::rules) kind: Kind,
    /// The object's own labels.
    pub(in crate::rules) object: &'a Metadata,
    /// Where it lives.
    pub(in crate::rules) namespace: &'a str,
    /// Where its name is written.
    pub(in crate::rules) name_span: Span,
    /// Labels and annotations of the pod.
    pub(in crate::rules) metadata: &'a Metadata,
    /// What it runs.
    pub(in crate::rules) spec: &'a PodSpec,
}

impl<'a> Running<'a> {
    /// A finding about it.
    pub(in crate::rules) fn finding(
        &self,
        rule: &Rule,
        span: Span,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(rule, span, message).resource_id(self.id.clone())
    }

    /// All its containers.
    pub(in crate::rules) fn all_containers(&self) -> impl Iterator<Item = &'a Spanned<Container>> {
        self.spec.containers.iter().chain(&self.spec.init_containers)
    }

    /// The container that is Istio's proxy.
    pub(in crate::rules) fn proxy(&self) -> Option<&'a Spanned<Container>> {
        self.all_containers().find(|container| name(container) == PROXY)
    }
}

/// The name of the proxy's container.
pub(in crate::rules) const PROXY: &str = "istio-proxy";

/// A container's name.
pub(in crate::rules) fn name(container: &Container) -> &str {
    container.name.as_ref().map_or("", |name| name.value.as_str())
}

/// A container's image.
pub(in crate::rules) fn image(container: &Container) -> &str {
    container.image.as_ref().map_or("", |image| image.value.as_str())
}

/// All of them: pods first, then what makes pods.
pub(in crate::rules) fn all(resources: &Resources) -> Vec<Running<'_>> {
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
