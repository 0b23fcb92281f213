//! A path in an AuthorizationPolicy that no request has.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `paths` of AuthorizationPolicies that begin neither with `/` nor with `*`, paths with a query (policies
    /// are compared with the path alone), and paths with a `*` that stands at neither end.
    ///
    /// ## What happens to traffic
    /// No request has such a path, so that the value matches none: of an ALLOW policy requests get 403, of a DENY policy
    /// they get through.
    ///
    /// ## Example
    /// ```yaml
    /// paths: [ratings/*]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// paths: [/ratings/*]
    /// ```
    pub POLICY_PATH = "MC1703", "policy-path", Warning, Mesh,
    "A path in an AuthorizationPolicy that no request has",
    []
}

/// Whether a `*` stands where Istio does not take it for a wildcard: anywhere but at the beginning or the end.
fn is_wild_within(text: &str) -> bool {
    let inner = text.strip_prefix('*').or_else(|| text.strip_suffix('*')).unwrap_or(text);
    inner.contains('*') && !text.contains("{*")
}

/// Every operation of every policy.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let operations =
            object.spec.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| to.operation.as_ref());
        for path in operations.flat_map(|operation| operation.paths.iter().chain(&operation.not_paths)) {
            let text = path.value.as_str();
            let (message, help) = if !text.starts_with(['/', '*']) && !text.is_empty() {
                (
                    format!("every path begins with `/`, so that `{text}` matches no request"),
                    format!("write `/{text}`, or `*{text}` for paths that end so"),
                )
            } else if text.contains('?') {
                (
                    format!("the query is no part of the path, so that `{text}` matches no request"),
                    "leave the `?` and what follows it out".to_owned(),
                )
            } else if is_wild_within(text) {
                (
                    format!(
                        "`*` stands for a rest only at an end of the value: within `{text}` it is a plain character"
                    ),
                    "write `{*}` for one segment of the path, `{**}` for several".to_owned(),
                )
            } else {
                continue;
            };
            found.push(object.finding(&POLICY_PATH, path.span, message).help(help));
        }
    }
}
