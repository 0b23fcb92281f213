//! Selectors of namespaces by labels, as the mesh's settings have them.

use std::collections::BTreeMap;

use meshc_resources::istio::mesh::LabelSelector;
use meshc_syntax::de::Spanned;

use crate::Namespace;

/// The label that every namespace has.
const NAME: &str = "kubernetes.io/metadata.name";

/// Whether a selector selects a namespace. Namespaces that are not declared have their name as their only label.
pub(crate) fn selects(
    selector: &LabelSelector,
    name: &str,
    namespaces: &BTreeMap<String, Namespace>,
) -> bool {
    let labels = namespaces.get(name).map(|namespace| &namespace.labels);
    let value = |key: &str| {
        if key == NAME { Some(name) } else { labels.and_then(|labels| labels.get(key)).map(String::as_str) }
    };
    let text =
        |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone()).unwrap_or_default();
    selector.match_labels.iter().all(|(key, wanted)| value(key) == Some(wanted.value.as_str()))
        && selector.match_expressions.iter().all(|expression| {
            let found = value(&text(&expression.key));
            let among = found.is_some_and(|found| expression.values.iter().any(|v| v.value == found));
            match text(&expression.operator).as_str() {
                "In" => among,
                "NotIn" => !among,
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                _ => false,
            }
        })
}
