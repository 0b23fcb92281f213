//! Every object that may carry one of Istio's annotations.

use meshc_diagnostics::{Diagnostic, ResourceId, Rule};
use meshc_resources::{Kind, Metadata, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// An object, or the pods that a workload makes.
pub(super) struct Carrier<'a> {
    /// Who it is.
    id: ResourceId,
    /// What the annotation stands on: `Pod` for the template of a workload.
    pub(super) kind: &'static str,
    /// Its metadata.
    pub(super) metadata: &'a Metadata,
    /// Whether `istioctl analyze` looks at it.
    pub(super) original: bool,
    /// Whether Istio's CNI plugin may have written some of its annotations: a Pod without an `istio-init` container.
    pub(super) by_cni: bool,
}

impl<'a> Carrier<'a> {
    /// Its annotations of Istio's.
    pub(super) fn annotations(&self) -> impl Iterator<Item = (&'a Spanned<String>, &'a Spanned<String>)> {
        self.metadata.annotations.iter().filter(|(name, _)| is_of_istio(name))
    }

    /// A finding, with the code of Istio where Istio looks at the object.
    pub(super) fn finding(
        &self,
        rule: &Rule,
        span: Span,
        message: String,
        alias: &'static str,
    ) -> Diagnostic {
        let finding = Diagnostic::new(rule, span, message).resource_id(self.id.clone());
        if self.original { finding.alias(alias) } else { finding }
    }
}

/// Whether Istio gives this annotation a meaning, or would have to know it.
fn is_of_istio(name: &str) -> bool {
    name == "kubernetes.io/ingress.class"
        || name.split_once('/').is_some_and(|(domain, _)| domain.ends_with("istio.io"))
}

/// All of them.
pub(super) fn all(resources: &Resources) -> Vec<Carrier<'_>> {
    let mut all = Vec::new();
    let mut add = |id: ResourceId, kind, metadata, original, by_cni| {
        all.push(Carrier { id, kind, metadata, original, by_cni });
    };
    for object in &resources.namespaces {
        add(object.id(), "Namespace", &object.metadata, true, false);
    }
    for object in &resources.services {
        add(object.id(), "Service", &object.metadata, true, false);
    }
    for object in &resources.pods {
        let mut first = object.spec.spec.init_containers.iter();
        let by_cni = !first.any(|c| c.name.as_ref().is_some_and(|name| name.value == "istio-init"));
        add(object.id(), "Pod", &object.metadata, true, by_cni);
    }
    for object in &resources.workloads {
        add(object.id(), object.kind.as_str(), &object.metadata, object.kind == Kind::Deployment, false);
        if let Some(template) = &object.spec.template {
            add(object.id(), "Pod", &template.metadata, false, false);
        }
    }
    all
}
