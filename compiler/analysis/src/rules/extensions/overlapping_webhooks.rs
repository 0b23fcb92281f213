//! An injector that injects twice, or that nobody answers.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::kubernetes::{MutatingWebhook, MutatingWebhookConfiguration};
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;
use crate::rules::workloads::webhooks::{Webhooks, matches, revisions};

declare_rule! {
    /// ## What it does
    /// Finds webhooks of Istio's injectors that select the same pods as another one, and those whose Service does not exist.
    ///
    /// ## What happens to traffic
    /// Pods get two sidecars, or none: with `failurePolicy: Fail` they are not created at all.
    ///
    /// ## Example
    /// Two MutatingWebhookConfigurations for `istio-injection: enabled`, of two revisions of Istio.
    ///
    /// ## Use instead
    /// Revisions and a tag: `istioctl tag set default`.
    ///
    /// ## Covers
    /// IST0139.
    pub OVERLAPPING_WEBHOOKS = "MC1604", "overlapping-webhooks", Error, Mesh,
    "An injector that injects twice, or that nobody answers",
    ["IST0139"]
}

type Hook<'a> = (&'a Object<MutatingWebhookConfiguration>, &'a Spanned<MutatingWebhook>);

/// All webhooks of Istio's injectors.
pub(super) fn check(context: &Context<'_>, webhooks: &Webhooks<'_>, found: &mut Vec<Diagnostic>) {
    let hooks: Vec<Hook<'_>> = webhooks
        .all
        .iter()
        .flat_map(|object| object.spec.webhooks.iter().map(move |hook| (*object, hook)))
        .collect();
    let mut known: Vec<&str> = webhooks.all.iter().flat_map(|object| revisions(object)).collect();
    known.sort_unstable();
    known.dedup();
    let namespaces = labels("istio-injection", ["enabled", "disabled"], &known);
    let pods = labels("sidecar.istio.io/inject", ["true", "false"], &known);
    let mut told: Vec<bool> = vec![false; hooks.len()];
    for namespace in &namespaces {
        for pod in &pods {
            let hit: Vec<usize> = (0..hooks.len())
                .filter(|&index| {
                    hooks.get(index).is_some_and(|(_, hook)| {
                        matches(hook.namespace_selector.as_ref(), namespace)
                            && matches(hook.object_selector.as_ref(), pod)
                    })
                })
                .collect();
            for &index in hit.iter().filter(|_| hit.len() > 1) {
                let other = hit.iter().copied().find(|&other| other != index);
                let (Some((object, hook)), Some((of, other))) =
                    (hooks.get(index), other.and_then(|other| hooks.get(other)))
                else {
                    continue;
                };
                if told.get(index).copied().unwrap_or(true) {
                    continue;
                }
                if let Some(told) = told.get_mut(index) {
                    *told = true;
                }
                let message = format!(
                    "webhook `{}` of {} selects the same pods: they get two sidecars",
                    name(other),
                    of.id()
                );
                found.push(
                    object
                        .finding(&OVERLAPPING_WEBHOOKS, span(hook), message)
                        .label(span(other), "the other")
                        .help("keep one default revision: `istioctl tag set default --revision …`")
                        .alias("IST0139"),
                );
            }
        }
    }
    for (object, hook) in hooks {
        let service = hook.client_config.as_ref().and_then(|config| config.service.as_ref());
        let Some(service) = service else { continue };
        let (Some(name), Some(namespace)) = (&service.name, &service.namespace) else { continue };
        let host = meshc_mesh::hostname::service_host(name, namespace);
        if context.service_object(namespace, name).is_some()
            || context.mesh.absence(&host) == meshc_mesh::Absence::Elsewhere
        {
            continue;
        }
        // Istio's installation is seldom in the tree.
        let seen = context.mesh.is_inhabited(namespace);
        let message = format!(
            "there is no Service `{}/{}` in this tree to answer the webhook: pods are created without a sidecar, or not at all",
            namespace.value, name.value
        );
        let finding = object.finding(&OVERLAPPING_WEBHOOKS, name.span, message).alias("IST0139");
        found.push(if seen { finding } else { finding.severity(meshc_diagnostics::Severity::Info) });
    }
}

fn name(hook: &MutatingWebhook) -> &str {
    hook.name.as_ref().map_or("", |name| name.value.as_str())
}

fn span(hook: &Spanned<MutatingWebhook>) -> meshc_source::Span {
    hook.name.as_ref().map_or(hook.span, |name| name.span)
}

/// Labels with and without the key, with and without each revision.
fn labels(key: &str, values: [&str; 2], revisions: &[&str]) -> Vec<BTreeMap<String, String>> {
    let mut plain = vec![BTreeMap::new()];
    plain.extend(values.map(|value| BTreeMap::from([(key.to_owned(), value.to_owned())])));
    let mut all = plain.clone();
    for revision in revisions {
        all.extend(plain.iter().cloned().map(|mut labels| {
            labels.insert("istio.io/rev".to_owned(), (*revision).to_owned());
            labels
        }));
    }
    all
}
