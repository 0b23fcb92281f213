//! Which objects a policy, or a binding, is about: the API server's matching of rules and selectors.

use meshc_resources::kubernetes::{LabelSelector, MatchResources, ResourceRule};
use meshc_syntax::Node;
use meshc_syntax::de::Spanned;

use crate::subject::Subject;

/// Whether an object is meant. `all` says what it counts as that no rule is written: a binding without rules means
/// whatever its policy means.
pub(crate) fn is_meant(of: &MatchResources, subject: &Subject, namespace: Option<&Node>, all: bool) -> bool {
    let equivalent = of.match_policy.as_ref().is_none_or(|policy| policy.value == "Equivalent");
    let meant =
        |rules: &[Spanned<ResourceRule>]| rules.iter().any(|rule| is_of_rule(rule, subject, equivalent));
    let by_rules = if of.resource_rules.is_empty() { all } else { meant(&of.resource_rules) };
    by_rules
        && !meant(&of.exclude_resource_rules)
        && of.object_selector.as_ref().is_none_or(|selector| selects(selector, subject.labels()))
        && of.namespace_selector.as_ref().is_none_or(|selector| in_namespace(selector, subject, namespace))
}

fn is_of_rule(rule: &ResourceRule, subject: &Subject, equivalent: bool) -> bool {
    let has = |list: &[Spanned<String>], value: &str| {
        list.iter().any(|item| item.value == "*" || item.value == value)
    };
    let names =
        |list: &[Spanned<String>]| list.is_empty() || list.iter().any(|item| item.value == subject.name);
    let resource = |list: &[Spanned<String>]| {
        list.iter().any(|item| ["*", "*/*", subject.resource.as_str()].contains(&item.value.as_str()))
    };
    let scope = match rule.scope.as_ref().map(|scope| scope.value.as_str()) {
        Some("Cluster") => subject.namespace.is_none(),
        Some("Namespaced") => subject.namespace.is_some(),
        _ => true,
    };
    scope
        && has(&rule.operations, "CREATE")
        && has(&rule.api_groups, &subject.group)
        // The API server converts to the version that a rule names.
        && (equivalent || has(&rule.api_versions, &subject.version))
        && resource(&rule.resources)
        && names(&rule.resource_names)
}

/// Of a Namespace its own labels count; what lives in none is always meant.
fn in_namespace(selector: &LabelSelector, subject: &Subject, namespace: Option<&Node>) -> bool {
    if subject.group.is_empty() && subject.kind == "Namespace" {
        return selects_named(selector, subject.labels(), &subject.name);
    }
    let Some(name) = &subject.namespace else { return true };
    selects_named(selector, namespace.and_then(|node| node.at(&["metadata", "labels"])), name)
}

/// The labels of a namespace: the API server adds its name to them.
fn selects_named(selector: &LabelSelector, labels: Option<&Node>, name: &str) -> bool {
    holds(selector, &|key| match key {
        "kubernetes.io/metadata.name" => Some(name.to_owned()),
        key => label(labels, key),
    })
}

fn selects(selector: &LabelSelector, labels: Option<&Node>) -> bool {
    holds(selector, &|key| label(labels, key))
}

fn label(labels: Option<&Node>, key: &str) -> Option<String> {
    labels?.get(key)?.as_str().map(ToOwned::to_owned)
}

fn holds(selector: &LabelSelector, label: &dyn Fn(&str) -> Option<String>) -> bool {
    let equal =
        selector.match_labels.iter().all(|(key, value)| label(&key.value).as_ref() == Some(&value.value));
    equal
        && selector.match_expressions.iter().all(|one| {
            let value = one.key.as_ref().and_then(|key| label(&key.value));
            let listed = |value: &String| one.values.iter().any(|of| of.value == *value);
            match one.operator.as_ref().map(|operator| operator.value.as_str()) {
                Some("In") => value.as_ref().is_some_and(listed),
                Some("NotIn") => !value.as_ref().is_some_and(listed),
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                _ => false,
            }
        })
}
