//! A rule about tokens that no request can have.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;
use meshc_syntax::suggest::list;

use super::authorization::{loss, values};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds rules of AuthorizationPolicies about tokens (`requestPrincipals`, `request.auth.…`) that no request can satisfy:
    /// no RequestAuthentication holds for the workloads, or none of theirs has the issuer that the rule asks for.
    ///
    /// ## What happens to traffic
    /// A token is read only where a RequestAuthentication says whose: without one no request has a principal, and the rule
    /// does not match.
    ///
    /// ## Example
    /// ```yaml
    /// from:
    ///   - source: {requestPrincipals: ["https://login.example.com/*"]}    # the issuer is https://login.example.com/realm
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// from:
    ///   - source: {requestPrincipals: ["https://login.example.com/realm/*"]}
    /// ```
    pub UNKNOWN_ISSUER = "MC1508", "unknown-issuer", Error, Mesh,
    "A rule about tokens that no request can satisfy",
    []
}

/// Every policy about tokens.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let lists = values(&object.spec.rules);
        let principals = lists.iter().find(|list| list.field == "requestPrincipals");
        let condition = object.spec.rules.iter().flat_map(|rule| &rule.when).find(|condition| {
            condition.key.as_ref().is_some_and(|key| key.starts_with("request.auth."))
                && !condition.values.is_empty()
        });
        if principals.is_none() && condition.is_none() {
            continue;
        }
        let mut issuers: BTreeSet<&str> = BTreeSet::new();
        let mut authenticated = false;
        let mut any = false;
        for pod in super::selected_by(context, object) {
            any = true;
            for policy in context.mesh.policies.request_authentications(&pod.namespace, &pod.labels) {
                authenticated = true;
                let rules = policy.spec.jwt_rules.iter();
                issuers.extend(
                    rules.filter_map(|rule| rule.issuer.as_ref()).map(|issuer| issuer.value.as_str()),
                );
            }
        }
        if !any || !super::is_attached_by_selector(object) {
            continue;
        }
        if !authenticated {
            let span = principals
                .and_then(|list| list.values.first())
                .map(|value| value.span)
                .or_else(|| condition.map(|condition| condition.span));
            let message = format!(
                "the policy asks for tokens and no RequestAuthentication holds for these workloads, so that none is read: {}",
                loss(object)
            );
            found.push(
                object
                    .finding(&UNKNOWN_ISSUER, span.unwrap_or(object.name_span()), message)
                    .help("add a RequestAuthentication with the issuer for the same workloads"),
            );
            continue;
        }
        for values in lists.iter().filter(|list| list.field == "requestPrincipals") {
            of_list(object, &values.path, values.values, &issuers, found);
        }
    }
}

fn of_list(
    object: &Object<AuthorizationPolicy>,
    path: &str,
    values: &[meshc_syntax::de::Spanned<String>],
    issuers: &BTreeSet<&str>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, value) in values.iter().enumerate() {
        // `ISSUER/SUBJECT`, with a `*` at one end at most.
        let possible = issuers.iter().any(|issuer| {
            let start = format!("{issuer}/");
            match (value.strip_prefix('*'), value.strip_suffix('*')) {
                (Some(_), _) => true,
                (None, Some(prefix)) => prefix.starts_with(&start) || start.starts_with(prefix),
                (None, None) => value.starts_with(&start),
            }
        });
        if possible {
            continue;
        }
        let known: Vec<&str> = issuers.iter().copied().collect();
        let message = format!(
            "{path}[{index}]: no token of these workloads has the issuer of `{}`: {}",
            value.value,
            loss(object)
        );
        found.push(object.finding(&UNKNOWN_ISSUER, value.span, message).help(format!(
            "a principal is `ISSUER/SUBJECT`; the issuers of the RequestAuthentications are {}",
            list(&known)
        )));
    }
}
