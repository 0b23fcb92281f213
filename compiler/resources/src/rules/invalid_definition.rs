//! Definitions of kinds that the API server does not take.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::{Kind as NodeKind, Node};

use crate::Object;
use crate::kubernetes::CustomResourceDefinition;

declare_rule! {
    /// ## What it does
    /// Finds CustomResourceDefinitions whose name is not `PLURAL.GROUP`, whose schema is no structural one, or holds a
    /// regular expression or a rule in CEL that is none.
    ///
    /// ## What happens to traffic
    /// The API server refuses the definition, and with it every object of the kind.
    ///
    /// ## Example
    /// ```yaml
    /// metadata: {name: widgets}
    /// spec: {group: example.org, names: {kind: Widget, plural: widgets}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metadata: {name: widgets.example.org}
    /// spec: {group: example.org, names: {kind: Widget, plural: widgets}}
    /// ```
    pub INVALID_DEFINITION = "MC0119", "invalid-definition", Error, Document,
    "A definition of a kind that the API server does not take",
    []
}

/// Looks at a definition.
pub(crate) fn check(object: &Object<CustomResourceDefinition>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let plural = spec.names.as_ref().and_then(|names| names.plural.as_ref());
    if let (Some(group), Some(plural)) = (&spec.group, plural) {
        let name = format!("{plural}.{group}");
        if object.name() != name {
            let message = format!("the definition must be called `{name}`: the API server refuses it");
            let finding = object.finding(&INVALID_DEFINITION, object.name_span(), message);
            found.push(finding.replace(format!("Call it `{name}`"), object.name_span(), name));
        }
    }
    for version in &spec.versions {
        let schema = version.schema.as_ref().and_then(|schema| schema.open_api_v3_schema.as_ref());
        let Some(schema) = schema else { continue };
        if schema.node().get("type").and_then(Node::as_str) != Some("object") {
            let message =
                "the schema of a resource has `type: object`: the API server refuses the definition";
            found.push(object.finding(&INVALID_DEFINITION, schema.span, message));
        }
        walk(object, schema.node(), found);
    }
}

fn walk(object: &Object<CustomResourceDefinition>, schema: &Node, found: &mut Vec<Diagnostic>) {
    if let Some(node) = schema.get("pattern")
        && let Some(pattern) = node.as_str()
        && !meshc_schema::is_pattern(pattern)
    {
        let message = format!("`{}` is no regular expression of Go", super::shorten(pattern));
        found.push(object.finding(&INVALID_DEFINITION, node.span, message));
    }
    for rule in schema.get("x-kubernetes-validations").map(Node::items).unwrap_or_default() {
        if let Some(node) = rule.get("rule")
            && let Some(flaw) = node.as_str().and_then(meshc_schema::rule_flaw)
        {
            let message = format!("this rule is no expression in CEL: {flaw}");
            found.push(object.finding(&INVALID_DEFINITION, node.span, message));
        }
    }
    for (key, several) in [("properties", true), ("items", false), ("additionalProperties", false)] {
        let Some(inner) = schema.get(key) else { continue };
        if several {
            inner.entries().iter().for_each(|entry| walk(object, &entry.value, found));
        } else if matches!(inner.kind, NodeKind::Mapping(_)) {
            walk(object, inner, found);
        }
    }
}
