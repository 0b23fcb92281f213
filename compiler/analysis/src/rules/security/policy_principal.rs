//! An identity in an AuthorizationPolicy that no workload has.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;
use meshc_settings::ways_out;

use super::authorization::{Values, loss, matches};
use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds principals in AuthorizationPolicies (`TRUST-DOMAIN/ns/NAMESPACE/sa/NAME`) whose service account neither a
    /// ServiceAccount nor a pod of the tree has, and those of a trust domain that the mesh does not know.
    ///
    /// ## What happens to traffic
    /// No request comes from there: the rule does not match whom it was to match.
    ///
    /// ## Example
    /// ```yaml
    /// from:
    ///   - source: {principals: [cluster.local/ns/shop/sa/reviws]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// from:
    ///   - source: {principals: [cluster.local/ns/shop/sa/reviews]}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest identity that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA0106, and KIA0108 for an unknown trust domain.
    pub POLICY_PRINCIPAL = "MC1502", "policy-principal", Warning, Mesh,
    "An identity in an AuthorizationPolicy that no workload has",
    ["KIA0106", "KIA0108"]
}

/// The identities that one may have been meant to be. Where its namespace has some, those, and the same account of others:
/// of thousands of identities all are near by their letters.
fn may_be_meant<'c>(context: &'c Context<'_>, principal: &str) -> Vec<&'c str> {
    let known = || context.principals.iter().map(String::as_str);
    let Some((namespace, account)) = principal.rsplit_once("/sa/") else { return known().collect() };
    let beside = format!("{namespace}/sa/");
    let (beside, account) = (beside.as_str(), format!("/sa/{account}"));
    if !known().any(|other| other.starts_with(beside)) {
        return known().collect();
    }
    known().filter(|other| other.starts_with(beside) || other.ends_with(&account)).collect()
}

/// The principals of one list.
pub(super) fn check(
    context: &Context<'_>,
    object: &Object<AuthorizationPolicy>,
    list: &Values<'_>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, value) in list.values.iter().enumerate() {
        let principal = value.value.as_str();
        let is_known = if principal.contains('*') {
            principal == "*" || context.principals.iter().any(|known| matches(principal, known))
        } else {
            context.principals.contains(principal)
        };
        if is_known {
            continue;
        }
        let parts: Vec<&str> = principal.split('/').collect();
        let path = &list.path;
        let foreign = match parts.as_slice() {
            [domain, "ns", ..] if !domain.contains('*') && !context.trust_domains.contains(*domain) => {
                Some(*domain)
            }
            _ => None,
        };
        let finding = if let Some(domain) = foreign {
            let message = format!(
                "{path}[{index}]: the mesh knows no trust domain `{domain}`: unless a federated mesh has it, no request \
                 comes from it"
            );
            object
                .finding(&POLICY_PRINCIPAL, value.span, message)
                .alias("KIA0108")
                .help("the trust domain is `trustDomain` of MeshConfig, `cluster.local` where none is set")
        } else {
            let missing = match parts.as_slice() {
                [_, "ns", namespace, "sa", name] => Missing::ServiceAccount(namespace, name),
                _ => Missing::ServiceAccount("", ""),
            };
            let severity = match missing {
                // Another form than Istio's: nobody's, wherever service accounts live.
                Missing::ServiceAccount("", _) => Some(POLICY_PRINCIPAL.severity),
                _ => missing.severity(context, POLICY_PRINCIPAL.severity),
            };
            let Some(severity) = severity else { continue };
            let message = format!(
                "{path}[{index}]: no workload of this tree has the identity `{principal}`: {}",
                loss(object)
            );
            let finding =
                object.finding(&POLICY_PRINCIPAL, value.span, message).severity(severity).alias("KIA0106");
            let otherwise = format!(
                "an identity is `cluster.local/ns/NAMESPACE/sa/NAME`; {}",
                ways_out("serviceAccounts")
            );
            if principal.contains('*') {
                finding.help(otherwise)
            } else {
                let meant = may_be_meant(context, principal);
                context.suggest(finding, value.span, principal, meant.into_iter(), otherwise)
            }
        };
        found.push(finding);
    }
}
