//! Tokens that are looked at but not asked for.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::ROOT_NAMESPACE;
use meshc_resources::istio::AuthorizationPolicy;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds RequestAuthentications for which no AuthorizationPolicy of the same namespace, or of the root namespace, asks for a
    /// token: by `requestPrincipals`, `notRequestPrincipals` or a condition on `request.auth`.
    ///
    /// ## What happens to traffic
    /// A token that is there must be right; a request without a token gets through.
    ///
    /// ## Example
    /// ```yaml
    /// kind: RequestAuthentication
    /// spec:
    ///   jwtRules: [{issuer: "https://login.example.com", jwksUri: "https://login.example.com/keys"}]
    /// ```
    ///
    /// ## Use instead
    /// A policy beside it:
    /// ```yaml
    /// kind: AuthorizationPolicy
    /// spec:
    ///   action: DENY
    ///   rules: [{from: [{source: {notRequestPrincipals: ["*"]}}]}]
    /// ```
    pub OPTIONAL_TOKEN = "MC1575", "optional-token", Info, Mesh,
    "Tokens that are looked at but not asked for",
    []
}

/// Every RequestAuthentication with a rule.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.request_authentications {
        let Some(rule) = object.spec.jwt_rules.first() else { continue };
        let root = object.namespace() == ROOT_NAMESPACE;
        let asked = context.resources.authorization_policies.iter().any(|policy| {
            (root || policy.namespace() == object.namespace() || policy.namespace() == ROOT_NAMESPACE)
                && asks_for_token(&policy.spec)
        });
        if asked {
            continue;
        }
        let message = "no AuthorizationPolicy asks for a token: requests without one get through";
        let span = rule.issuer.as_ref().map_or(rule.span, |issuer| issuer.span);
        found.push(
            object
                .finding(&OPTIONAL_TOKEN, span, message)
                .help("refuse them by a DENY policy with `notRequestPrincipals: [\"*\"]`"),
        );
    }
}

fn asks_for_token(policy: &AuthorizationPolicy) -> bool {
    policy.rules.iter().any(|rule| {
        let mut sources = rule.from.iter().filter_map(|from| from.source.as_ref());
        sources
            .any(|source| !source.request_principals.is_empty() || !source.not_request_principals.is_empty())
            || rule
                .when
                .iter()
                .any(|condition| condition.key.as_ref().is_some_and(|key| key.starts_with("request.auth")))
    })
}
