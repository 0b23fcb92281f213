//! Istio's webhooks and what their selectors take.

use std::collections::BTreeMap;

use meshc_resources::kubernetes::{LabelSelector, MutatingWebhook, MutatingWebhookConfiguration};
use meshc_resources::{Object, Resources};
use meshc_syntax::de::Spanned;

/// The configurations that inject.
pub(in crate::rules) struct Webhooks<'a> {
    /// Those of Istio.
    pub(in crate::rules) all: Vec<&'a Object<MutatingWebhookConfiguration>>,
}

impl<'a> Webhooks<'a> {
    /// From all objects.
    pub(in crate::rules) fn new(resources: &'a Resources) -> Self {
        let of_istio = |object: &&Object<MutatingWebhookConfiguration>| {
            !revisions(object).is_empty() || object.spec.webhooks.iter().any(|hook| is_of_istio(hook))
        };
        Self { all: resources.mutating_webhooks.iter().filter(of_istio).collect() }
    }

    /// The webhooks that inject.
    pub(in crate::rules) fn injectors(&self) -> impl Iterator<Item = &'a Spanned<MutatingWebhook>> {
        self.all.iter().flat_map(|object| &object.spec.webhooks).filter(|hook| is_of_istio(hook))
    }
}

fn is_of_istio(hook: &MutatingWebhook) -> bool {
    hook.name.as_ref().is_some_and(|name| name.ends_with("istio.io"))
}

/// The revisions that a configuration is for.
pub(in crate::rules) fn revisions(object: &Object<MutatingWebhookConfiguration>) -> Vec<&str> {
    let key = "istio.io/rev";
    let mut all: Vec<&str> = object.metadata.label(key).into_iter().collect();
    for hook in &object.spec.webhooks {
        for selector in [&hook.namespace_selector, &hook.object_selector].into_iter().flatten() {
            let equal = selector.match_labels.iter().find(|(k, _)| k.value == key);
            all.extend(equal.map(|(_, value)| value.value.as_str()));
            for requirement in &selector.match_expressions {
                if requirement.key.as_ref().is_some_and(|k| k.value == key) {
                    all.extend(requirement.values.iter().map(|value| value.value.as_str()));
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether a selector takes labels; none takes all.
pub(in crate::rules) fn matches(
    selector: Option<&Spanned<LabelSelector>>,
    labels: &BTreeMap<String, String>,
) -> bool {
    let Some(selector) = selector else { return true };
    let equal = selector.match_labels.iter().all(|(key, value)| labels.get(&key.value) == Some(&value.value));
    equal
        && selector.match_expressions.iter().all(|requirement| {
            let key = requirement.key.as_ref().map_or("", |key| key.value.as_str());
            let value = labels.get(key);
            let listed = || value.is_some_and(|value| requirement.values.iter().any(|v| v.value == *value));
            match requirement.operator.as_ref().map_or("", |operator| operator.value.as_str()) {
                "In" => listed(),
                "NotIn" => !listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
