//! A host in an AuthorizationPolicy that no request has.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::{is_covered, is_wildcard, qualify};
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;

use super::authorization::{Values, loss};
use crate::rules::context::{Context, Found};

declare_rule! {
    /// ## What it does
    /// Finds hosts without a dot in `to[].operation.hosts` of AuthorizationPolicies that are no Service of the policy's
    /// namespace. (Hosts with dots may be those of requests from outside.)
    ///
    /// ## What happens to traffic
    /// The `Host` header of no request is so: the rule does not match.
    ///
    /// ## Example
    /// ```yaml
    /// to:
    ///   - operation: {hosts: [reviws]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// to:
    ///   - operation: {hosts: [reviews, "reviews:*", "reviews.shop*"]}
    /// ```
    ///
    /// ## Covers
    /// KIA0104. Kiali also looks for hosts of the form `NAME.NAMESPACE` among the Services; so does this rule.
    pub POLICY_HOST = "MC1504", "policy-host", Warning, Mesh,
    "A host in an AuthorizationPolicy that no request has",
    ["KIA0104"]
}

/// The hosts of one list.
pub(super) fn check(
    context: &Context<'_>,
    object: &Object<AuthorizationPolicy>,
    list: &Values<'_>,
    found: &mut Vec<Diagnostic>,
) {
    for (index, value) in list.values.iter().enumerate() {
        let host = value.value.trim();
        let (bare, _) = host.split_once(':').unwrap_or((host, ""));
        if bare.is_empty() || bare.starts_with('*') || host.ends_with('*') {
            continue;
        }
        let full = match bare.split('.').collect::<Vec<_>>().as_slice() {
            [_] => qualify(bare, object.namespace()),
            [name, namespace] if context.has_namespace(namespace) => {
                meshc_mesh::hostname::service_host(name, namespace)
            }
            // A name of the outside, as requests through a gateway have.
            _ => continue,
        };
        let of_route = context.mesh.virtual_services.iter().any(|by| {
            by.hosts
                .iter()
                .any(|own| own.value == full || (is_wildcard(&own.value) && is_covered(&full, &own.value)))
        });
        let declared = !matches!(context.find(&full, object.namespace()), Found::Nothing);
        if of_route || declared || context.mesh.external.has_service(&full) {
            continue;
        }
        let message = format!(
            "{}[{index}]: no Service and no ServiceEntry of this tree is called `{full}`, so that no request asks for \
             `{host}`: {}",
            list.path,
            loss(object)
        );
        let finding = object.finding(&POLICY_HOST, value.span, message).alias("KIA0104");
        found.push(match context.meant(bare, object.namespace()) {
            Some((near, _)) => finding.help(format!("did you mean `{near}`?")),
            None => {
                finding.help("name a Service of the namespace, or the host that requests from outside have")
            }
        });
    }
}
