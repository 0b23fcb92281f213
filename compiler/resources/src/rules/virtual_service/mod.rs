//! What Istio's webhook refuses of VirtualServices (`ValidateVirtualService` of `pkg/config/validation`), a family of
//! checks a file.

pub(super) mod claim_route;
pub(super) mod connection_route;
pub(super) mod cors_policy;
pub(super) mod delegate_settings;
pub(super) mod destination_name;
pub(super) mod direct_response_body;
pub(super) mod fault_injection;
pub(super) mod gateway_name;
pub(super) mod header_operation;
pub(super) mod label_match;
pub(super) mod match_value;
pub(super) mod redirect_setting;
pub(super) mod retry_policy;
pub(super) mod rewrite_setting;
pub(super) mod route_duration;
pub(super) mod route_host;

use meshc_diagnostics::Diagnostic;
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::VirtualService;

/// All of them.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    route_host::check(object, found);
    gateway_name::check(object, found);
    header_operation::check(object, found);
    redirect_setting::check(object, found);
    fault_injection::check(object, found);
    cors_policy::check(object, found);
    retry_policy::check(object, found);
    match_value::check(object, found);
    destination_name::check(object, found);
    connection_route::check(object, found);
    delegate_settings::check(object, found);
    label_match::check(object, found);
    route_duration::check(object, found);
    rewrite_setting::check(object, found);
    claim_route::check(object, found);
    direct_response_body::check(object, found);
}

/// A text; empty where none is written, as in protobuf.
fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}

/// Whether it is for gateways alone, as the webhook sees it.
fn is_for_gateways(object: &Object<VirtualService>) -> bool {
    let gateways = &object.spec.gateways;
    !gateways.is_empty() && !gateways.iter().any(|gateway| gateway.value == "mesh")
}
