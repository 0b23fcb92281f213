//! Which namespaces' routes and ListenerSets may attach.

use std::collections::BTreeMap;

use meshc_resources::Object;
use meshc_resources::gateway_api::{self, FromListenerNamespaces, FromNamespaces, LabelSelector, Listener};

use super::World;
use super::listeners::text;
use crate::Namespace;

/// The label by which a namespace is selected by name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Whether a Gateway allows ListenerSets of a namespace.
pub(super) fn allows(
    known: &BTreeMap<String, Namespace>,
    gateway: &Object<gateway_api::Gateway>,
    namespace: &str,
) -> bool {
    let Some(namespaces) = gateway.spec.allowed_listeners.as_ref().and_then(|a| a.namespaces.as_ref()) else {
        return false;
    };
    match namespaces.from.as_ref().map_or(FromListenerNamespaces::None, |from| from.value) {
        FromListenerNamespaces::All => true,
        FromListenerNamespaces::Same => namespace == gateway.namespace(),
        FromListenerNamespaces::None => false,
        FromListenerNamespaces::Selector => namespaces.selector.as_ref().is_some_and(|selector| {
            let labels = known.get(namespace).map(|of| &of.labels);
            labels.is_some_and(|labels| selects(selector, namespace, labels))
        }),
    }
}

/// `NAMESPACE/HOST` for each namespace whose routes may attach; a namespace that none has where none may.
pub(super) fn hosts(world: &World<'_>, own: &str, listener: &Listener) -> Vec<String> {
    let hostname = match text(&listener.hostname) {
        "" => "*",
        hostname => hostname,
    };
    let namespaces = route_namespaces(world, own, listener);
    if namespaces.is_empty() {
        return vec![format!("~/{hostname}")];
    }
    namespaces.iter().map(|namespace| format!("{namespace}/{hostname}")).collect()
}

fn route_namespaces(world: &World<'_>, own: &str, listener: &Listener) -> Vec<String> {
    let namespaces = listener.allowed_routes.as_ref().and_then(|allowed| allowed.namespaces.as_ref());
    let from = namespaces.and_then(|n| n.from.as_ref()).map_or(FromNamespaces::Same, |from| from.value);
    match (from, namespaces.and_then(|n| n.selector.as_ref())) {
        (FromNamespaces::Same, _) => vec![own.to_owned()],
        (FromNamespaces::All, _) | (FromNamespaces::Selector, None) => vec!["*".to_owned()],
        (FromNamespaces::Selector, Some(selector)) => world
            .namespaces
            .iter()
            .filter(|(name, namespace)| selects(selector, name, &namespace.labels))
            .map(|(name, _)| name.clone())
            .collect(),
    }
}

/// Whether a selector of namespaces selects one; its name counts as a label.
fn selects(selector: &LabelSelector, name: &str, labels: &BTreeMap<String, String>) -> bool {
    let value = |key: &str| {
        if key == NAMESPACE_NAME { Some(name) } else { labels.get(key).map(String::as_str) }
    };
    selector.match_labels.iter().all(|(key, wanted)| value(key) == Some(wanted.value.as_str()))
        && selector.match_expressions.iter().all(|expression| {
            let found = value(text(&expression.key));
            let among = found.is_some_and(|found| expression.values.iter().any(|v| v.value == found));
            match text(&expression.operator) {
                "In" => among,
                "NotIn" => !among,
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}
