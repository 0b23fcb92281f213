//! The rules that one document alone can break, one file each.

pub(crate) mod ambient_mode;
pub(crate) mod broken_rule;
pub(crate) mod condition_key;
pub(crate) mod condition_value;
pub(crate) mod connection_pool;
pub(crate) mod custom_condition;
pub(crate) mod destination;
pub(crate) mod duplicate_item;
pub(crate) mod empty_condition;
pub(crate) mod empty_selector;
mod envoy_filter;
mod envoy_patch;
pub(crate) mod exclusive_fields;
pub(crate) mod export_to;
pub(crate) mod extension_provider;
mod gateway;
pub(crate) mod hosts_missing;
pub(crate) mod http_only_deny;
pub(crate) mod invalid_definition;
pub(crate) mod invalid_name;
pub(crate) mod invalid_regex;
pub(crate) mod jwks;
pub(crate) mod jwt_rule;
pub(crate) mod kind_not_implemented;
pub(crate) mod labels;
pub(crate) mod locality;
pub(crate) mod mesh_config;
pub(crate) mod missing_kind;
pub(crate) mod missing_name;
pub(crate) mod missing_required;
pub(crate) mod not_implemented_value;
pub(crate) mod originals;
pub(crate) mod out_of_bounds;
pub(crate) mod out_of_range;
mod patch_value;
pub(crate) mod policy_action;
pub(crate) mod reserved_annotation;
pub(crate) mod route_action;
pub(crate) mod service_entry;
pub(crate) mod sidecar_host;
pub(crate) mod sidecar_listener;
pub(crate) mod sidecar_policy;
pub(crate) mod sidecar_tls;
mod silent_patch;
pub(crate) mod string_match;
pub(crate) mod suspect_policy;
pub(crate) mod target_ref;
pub(crate) mod telemetry;
pub(crate) mod traffic_policy;
pub(crate) mod unknown_group;
pub(crate) mod unknown_kind;
pub(crate) mod unknown_version;
pub(crate) mod value_pattern;
mod violations;
mod virtual_service;
pub(crate) mod wasm_url;
mod webhook;
pub(crate) mod weights;
pub(crate) mod workload_entry;
pub(crate) mod yaml_surprise;

pub(crate) use violations::{is_schema, violation};

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_syntax::Node;
use meshc_syntax::de::Issue;

use crate::Object;
use crate::istio::mesh::{MeshConfig, MeshNetworks, MeshProxyConfig};
use crate::istio::{
    AuthorizationPolicy, DestinationRule, EnvoyFilter, Gateway, PeerAuthentication, ProxyConfig,
    RequestAuthentication, ServiceEntry, Sidecar, Telemetry, TrafficExtension, VirtualService, WasmPlugin,
    WorkloadEntry, WorkloadGroup,
};
use crate::kubernetes::ServiceSpec;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[
    &value_pattern::VALUE_PATTERN,
    &out_of_bounds::OUT_OF_BOUNDS,
    &missing_required::MISSING_REQUIRED,
    &exclusive_fields::EXCLUSIVE_FIELDS,
    &broken_rule::BROKEN_RULE,
    &duplicate_item::DUPLICATE_ITEM,
    &invalid_name::INVALID_NAME,
    &yaml_surprise::YAML_SURPRISE,
    &invalid_definition::INVALID_DEFINITION,
    &kind_not_implemented::KIND_NOT_IMPLEMENTED,
    &unknown_kind::UNKNOWN_KIND,
    &unknown_version::UNKNOWN_VERSION,
    &missing_name::MISSING_NAME,
    &not_implemented_value::NOT_IMPLEMENTED_VALUE,
    &hosts_missing::HOSTS_MISSING,
    &route_action::ROUTE_ACTION,
    &destination::DESTINATION_INCOMPLETE,
    &weights::WEIGHTS,
    &string_match::STRING_MATCH,
    &invalid_regex::INVALID_REGEX,
    &out_of_range::OUT_OF_RANGE,
    &traffic_policy::TRAFFIC_POLICY,
    &service_entry::SERVICE_ENTRY,
    &workload_entry::WORKLOAD_ENTRY,
    &export_to::EXPORT_TO,
    &suspect_policy::SUSPECT_POLICY,
    &virtual_service::route_host::ROUTE_HOST,
    &virtual_service::gateway_name::GATEWAY_NAME,
    &virtual_service::header_operation::HEADER_OPERATION,
    &virtual_service::redirect_setting::REDIRECT_SETTING,
    &virtual_service::fault_injection::FAULT_INJECTION,
    &virtual_service::cors_policy::CORS_POLICY,
    &virtual_service::retry_policy::RETRY_POLICY,
    &virtual_service::match_value::MATCH_VALUE,
    &virtual_service::destination_name::DESTINATION_NAME,
    &virtual_service::connection_route::CONNECTION_ROUTE,
    &virtual_service::delegate_settings::DELEGATE_SETTINGS,
    &virtual_service::label_match::LABEL_MATCH,
    &virtual_service::route_duration::ROUTE_DURATION,
    &virtual_service::rewrite_setting::REWRITE_SETTING,
    &virtual_service::claim_route::CLAIM_ROUTE,
    &virtual_service::direct_response_body::DIRECT_RESPONSE_BODY,
    &gateway::server_host::SERVER_HOST,
    &gateway::server_port::SERVER_PORT,
    &gateway::server_tls::SERVER_TLS,
    &envoy_patch::ENVOY_PATCH,
    &envoy_filter::ENVOY_FILTER,
    &empty_selector::EMPTY_SELECTOR,
    &target_ref::TARGET_REF,
    &policy_action::POLICY_ACTION,
    &custom_condition::CUSTOM_CONDITION,
    &empty_condition::EMPTY_CONDITION,
    &condition_value::CONDITION_VALUE,
    &condition_key::CONDITION_KEY,
    &http_only_deny::HTTP_ONLY_DENY,
    &reserved_annotation::RESERVED_ANNOTATION,
    &jwt_rule::JWT_RULE,
    &jwks::JWKS,
    &jwks::PRIVATE_JWKS,
    &mesh_config::MESH_CONFIG,
    &ambient_mode::AMBIENT_MODE,
    &extension_provider::EXTENSION_PROVIDER,
    &sidecar_listener::SIDECAR_LISTENER,
    &sidecar_host::SIDECAR_HOST,
    &sidecar_tls::SIDECAR_TLS,
    &sidecar_policy::SIDECAR_POLICY,
    &connection_pool::CONNECTION_POOL,
    &telemetry::TELEMETRY,
    &wasm_url::WASM_URL,
    &patch_value::UNKNOWN_PATCH_FIELD,
    &silent_patch::SILENT_PATCH,
    &missing_kind::MISSING_KIND,
    &unknown_group::UNKNOWN_GROUP,
];

/// Whether a finding says that the tree uses something that this version does not model: then no command that would
/// have to understand it may answer.
pub fn is_refusal(finding: &Diagnostic) -> bool {
    [
        meshc_syntax::rules::NOT_IMPLEMENTED.code,
        kind_not_implemented::KIND_NOT_IMPLEMENTED.code,
        not_implemented_value::NOT_IMPLEMENTED_VALUE.code,
        ambient_mode::AMBIENT_MODE.code,
    ]
    .contains(&finding.code)
}

/// What a message is about: a field by its path, or the resource by its kind.
pub(crate) fn subject(path: &str, kind: &str) -> String {
    if path.is_empty() { kind.to_owned() } else { format!("`{path}`") }
}

/// Text for a message: one line, at most 60 characters.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(MOST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// A finding of the typed reader, about the object that it was made in.
pub(crate) fn issue<T>(object: &Object<T>, issue: &Issue) -> Diagnostic {
    let finding = meshc_syntax::rules::issue_diagnostic(issue, object.kind.as_str());
    if object.name().is_empty() { finding } else { finding.resource_id(object.id()) }
}

pub(crate) fn service(object: &Object<ServiceSpec>, found: &mut Vec<Diagnostic>) {
    out_of_range::service(object, found);
}

pub(crate) fn virtual_service(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    hosts_missing::virtual_service(object, found);
    route_action::check(object, found);
    destination::check(object, found);
    weights::check(object, found);
    string_match::check(object, found);
    invalid_regex::check(object, found);
    out_of_range::virtual_service(object, found);
    virtual_service::check(object, found);
}

pub(crate) fn destination_rule(object: &Object<DestinationRule>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    hosts_missing::destination_rule(object, found);
    traffic_policy::check(object, found);
    suspect_policy::destination_rule(object, found);
    empty_selector::check(object, object.spec.workload_selector.as_ref(), found);
}

pub(crate) fn envoy_filter(object: &Object<EnvoyFilter>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    envoy_patch::check(object, found);
    envoy_filter::check(object, found);
}

pub(crate) fn gateway(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    hosts_missing::gateway(object, found);
    gateway::check(object, found);
}

pub(crate) fn service_entry(object: &Object<ServiceEntry>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    hosts_missing::service_entry(object, found);
    out_of_range::service_entry(object, found);
    service_entry::check(object, found);
    suspect_policy::service_entry(object, found);
}

pub(crate) fn workload_entry(object: &Object<WorkloadEntry>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    workload_entry::entry(object, found);
    suspect_policy::workload_entry(object, found);
}

pub(crate) fn workload_group(object: &Object<WorkloadGroup>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    workload_entry::group(object, found);
}

pub(crate) fn authorization_policy(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    target_ref::check(object, object.spec.target_ref.iter().chain(&object.spec.target_refs), found);
    policy_action::check(object, found);
    custom_condition::check(object, found);
    empty_condition::check(object, found);
    condition_value::check(object, found);
    condition_key::check(object, found);
    http_only_deny::check(object, found);
    reserved_annotation::authorization_policy(object, found);
}

pub(crate) fn peer_authentication(object: &Object<PeerAuthentication>, found: &mut Vec<Diagnostic>) {
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    reserved_annotation::check(object, found);
}

pub(crate) fn request_authentication(object: &Object<RequestAuthentication>, found: &mut Vec<Diagnostic>) {
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    target_ref::check(object, object.spec.target_ref.iter().chain(&object.spec.target_refs), found);
    jwt_rule::check(object, found);
    jwks::check(object, found);
    reserved_annotation::check(object, found);
}

pub(crate) fn mesh_config(config: &MeshConfig, node: &Node, found: &mut Vec<Diagnostic>) {
    mesh_config::mesh_config(config, found);
    extension_provider::check(config, found);
    not_implemented_value::mesh_config(node, found);
    if let (Some(proxy), Some(node)) = (&config.default_config, node.get("defaultConfig")) {
        not_implemented_value::proxy_config(proxy, node, "MeshConfig", "defaultConfig.", found);
    }
}

/// The annotation of a pod by which its proxy is set up.
pub(crate) fn proxy_annotation(config: &MeshProxyConfig, node: &Node, found: &mut Vec<Diagnostic>) {
    mesh_config::proxy_config(config, "", found);
    not_implemented_value::proxy_config(config, node, "the annotation", "", found);
}

pub(crate) fn mesh_networks(networks: &MeshNetworks, found: &mut Vec<Diagnostic>) {
    mesh_config::mesh_networks(networks, found);
    kind_not_implemented::mesh_networks(networks, found);
}

pub(crate) fn sidecar(object: &Object<Sidecar>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    empty_selector::sidecar(object, found);
    sidecar_listener::check(object, found);
    sidecar_host::check(object, found);
    sidecar_tls::check(object, found);
    sidecar_policy::check(object, found);
    connection_pool::check(object, object.spec.inbound_connection_pool.as_ref(), found);
    for listener in &object.spec.ingress {
        connection_pool::check(object, listener.connection_pool.as_ref(), found);
    }
}

pub(crate) fn proxy_config(object: &Object<ProxyConfig>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    not_implemented_value::proxy_config_resource(object, found);
}

pub(crate) fn telemetry(object: &Object<Telemetry>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    target_ref::check(object, object.spec.target_ref.iter().chain(&object.spec.target_refs), found);
    telemetry::check(object, found);
}

pub(crate) fn wasm_plugin(object: &Object<WasmPlugin>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    target_ref::check(object, object.spec.target_ref.iter().chain(&object.spec.target_refs), found);
    wasm_url::check(object, object.spec.url.as_ref(), found);
}

pub(crate) fn traffic_extension(object: &Object<TrafficExtension>, found: &mut Vec<Diagnostic>) {
    reserved_annotation::check(object, found);
    empty_selector::check(object, object.spec.selector.as_ref(), found);
    target_ref::check(object, &object.spec.target_refs, found);
    wasm_url::check(object, object.spec.wasm.as_ref().and_then(|wasm| wasm.url.as_ref()), found);
}
