//! Rules about identities, policies, tokens and certificates (`MC15xx`).

mod authorization;
mod certificates;
mod claim_route;
mod http_rule_on_tcp;
mod identity_without_mtls;
mod mtls_to_plaintext;
mod plaintext_to_strict;
mod policy_host;
mod policy_method;
mod policy_namespace;
mod policy_principal;
mod uncovered_workload;
mod unknown_issuer;
mod wide;
mod wide_mtls;

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Pod;
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &policy_namespace::POLICY_NAMESPACE,
    &policy_principal::POLICY_PRINCIPAL,
    &policy_method::POLICY_METHOD,
    &policy_host::POLICY_HOST,
    &identity_without_mtls::IDENTITY_WITHOUT_MTLS,
    &http_rule_on_tcp::HTTP_RULE_ON_TCP,
    &claim_route::CLAIM_ROUTE,
    &unknown_issuer::UNKNOWN_ISSUER,
    &plaintext_to_strict::PLAINTEXT_TO_STRICT,
    &mtls_to_plaintext::MTLS_TO_PLAINTEXT,
    &wide_mtls::WIDE_MTLS,
    &certificates::UNKNOWN_SECRET,
    &certificates::INVALID_SECRET,
    &certificates::CERTIFICATE_DATE,
    &certificates::CERTIFICATE_HOST,
    &certificates::CERTIFICATE_KEY,
    &uncovered_workload::UNCOVERED_WORKLOAD,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    authorization::check(context, found);
    identity_without_mtls::check(context, found);
    http_rule_on_tcp::check(context, found);
    claim_route::check(context, found);
    unknown_issuer::check(context, found);
    plaintext_to_strict::check(context, found);
    mtls_to_plaintext::check(context, found);
    wide_mtls::check(context, found);
    uncovered_workload::check(context, found);
    certificates::check(context, found);
}

/// The pods for which an AuthorizationPolicy holds by its selector.
fn selected_by<'a>(
    context: &Context<'a>,
    object: &Object<AuthorizationPolicy>,
) -> std::vec::IntoIter<&'a Pod> {
    let labels = object.spec.selector.as_ref().map(|selector| &selector.match_labels);
    let selector: BTreeMap<String, String> =
        labels.into_iter().flatten().map(|(k, v)| (k.value.clone(), v.value.clone())).collect();
    context.pods.selected(identity_without_mtls::scope(object.namespace()), &selector)
}

/// Whether it selects by labels or scope, and is not attached to a Gateway or Service by name.
fn is_attached_by_selector(object: &Object<AuthorizationPolicy>) -> bool {
    object.spec.target_ref.is_none() && object.spec.target_refs.is_empty()
}
