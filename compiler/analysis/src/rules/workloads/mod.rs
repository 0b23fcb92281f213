//! Rules about namespaces, workloads and the Services before them (`MC11xx`).

mod annotations;
mod automatic_image;
mod container_port;
mod external_name_port;
mod group_account;
mod injection_labels;
mod missing_proxy;
pub(in crate::rules) mod pods;
mod proxy_image;
mod reserved_user;
mod selecting;
mod shared_port;
mod shared_selector;
mod shared_target_port;
mod twin_groups;
mod undeclared_protocol;
mod uninjected_namespace;
pub(in crate::rules) mod webhooks;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &uninjected_namespace::UNINJECTED_NAMESPACE,
    &injection_labels::INJECTION_LABELS,
    &annotations::UNKNOWN_ANNOTATION,
    &annotations::MISPLACED_ANNOTATION,
    &annotations::INVALID_ANNOTATION,
    &annotations::DEPRECATED_ANNOTATION,
    &annotations::ALPHA_ANNOTATION,
    &missing_proxy::MISSING_PROXY,
    &reserved_user::RESERVED_USER,
    &automatic_image::AUTOMATIC_IMAGE,
    &proxy_image::PROXY_IMAGE,
    &shared_port::SHARED_PORT,
    &shared_target_port::SHARED_TARGET_PORT,
    &external_name_port::EXTERNAL_NAME_PORT,
    &container_port::CONTAINER_PORT,
    &shared_selector::SHARED_SELECTOR,
    &group_account::GROUP_ACCOUNT,
    &twin_groups::TWIN_GROUPS,
    &undeclared_protocol::UNDECLARED_PROTOCOL,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    uninjected_namespace::check(context, found);
    injection_labels::check(context, found);
    annotations::check(context, found);
    selecting::check(context, found);
    let running = pods::all(context.resources);
    let webhooks = webhooks::Webhooks::new(context.resources);
    for pod in &running {
        missing_proxy::check(context, pod, found);
        reserved_user::check(pod, found);
        automatic_image::check(context, &webhooks, pod, found);
    }
    proxy_image::check(context, &running, found);
    external_name_port::check(context, found);
    shared_selector::check(context, found);
    group_account::check(context, found);
    twin_groups::check(context, found);
    undeclared_protocol::check(context, found);
}

/// Whether a Service belongs to Istio's control plane, or Istio made it for a Gateway or a waypoint: nobody names the
/// ports of those by hand.
fn is_managed_or_istio(metadata: &meshc_resources::Metadata) -> bool {
    metadata.label("istio").is_some()
        || metadata.label("release") == Some("istio")
        || metadata.label("gateway.istio.io/managed").is_some()
}
