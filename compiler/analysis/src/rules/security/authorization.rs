//! Every AuthorizationPolicy once, for the rules about what it says.

use meshc_diagnostics::Diagnostic;
use meshc_resources::Object;
use meshc_resources::istio::{AuthorizationAction, AuthorizationPolicy, AuthorizationRule};
use meshc_syntax::de::Spanned;

use super::{policy_host, policy_method, policy_namespace, policy_principal};
use crate::rules::context::Context;

/// What a rule that matches nothing does.
pub(super) fn loss(object: &Object<AuthorizationPolicy>) -> &'static str {
    match object.spec.action.as_ref().map_or(AuthorizationAction::Allow, |action| action.value) {
        AuthorizationAction::Allow => "requests that it was to allow get 403",
        AuthorizationAction::Deny => "requests that it was to deny get through",
        AuthorizationAction::Audit => "nothing is audited",
        AuthorizationAction::Custom => "nothing is asked of the provider",
    }
}

/// A list of values in a source or operation of a policy.
pub(super) struct Values<'a> {
    /// `rules[0].from[1].source.principals`
    pub(super) path: String,
    /// The field's name.
    pub(super) field: &'static str,
    /// The values.
    pub(super) values: &'a [Spanned<String>],
}

/// All lists of values of a policy's rules that have any.
pub(super) fn values(rules: &[Spanned<AuthorizationRule>]) -> Vec<Values<'_>> {
    let mut all = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        for (index, from) in rule.from.iter().enumerate() {
            let Some(source) = &from.source else { continue };
            for (field, values) in source.fields() {
                let path = format!("rules[{number}].from[{index}].source.{field}");
                all.push(Values { path, field, values });
            }
        }
        for (index, to) in rule.to.iter().enumerate() {
            let Some(operation) = &to.operation else { continue };
            for (field, values) in operation.fields() {
                let path = format!("rules[{number}].to[{index}].operation.{field}");
                all.push(Values { path, field, values });
            }
        }
    }
    all.retain(|list| !list.values.is_empty());
    all
}

/// Whether a value with a `*` at one end, or alone, matches a text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return !text.is_empty();
    }
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(suffix), _) => text.ends_with(suffix),
        (None, Some(prefix)) => text.starts_with(prefix),
        (None, None) => pattern == text,
    }
}

/// Every policy.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        for list in values(&object.spec.rules) {
            match list.field {
                "namespaces" | "notNamespaces" => policy_namespace::check(context, object, &list, found),
                "principals" => policy_principal::check(context, object, &list, found),
                "methods" => policy_method::check(object, &list, found),
                "hosts" => policy_host::check(context, object, &list, found),
                _ => {}
            }
        }
    }
}
