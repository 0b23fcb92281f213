//! Rules about slips that no tool of Istio or Kubernetes tells (`MC155x` to `MC157x`, `MC17xx`).

mod backend_port;
mod bare_listener;
mod condition_header;
mod cors_origin;
mod empty_entry;
mod empty_rule;
mod filter_attribute;
mod hidden_host;
mod injection_value;
mod label_name;
mod match_port;
mod mtls_port;
mod namespace_name;
mod no_share;
mod no_weight;
mod optional_token;
mod path_value;
mod path_wildcard;
mod plain_https_port;
mod policy_path;
mod policy_port;
mod ports;
mod retry_time;
mod route_expression;
mod route_protocol;
mod twin_subsets;
mod unknown_account;
mod unknown_caller;
mod unknown_provider;
mod unused_certificate;
mod weight_sum;
mod zero_limit;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &path_wildcard::PATH_WILDCARD,
    &route_protocol::ROUTE_PROTOCOL,
    &match_port::MATCH_PORT,
    &weight_sum::WEIGHT_SUM,
    &retry_time::RETRY_TIME,
    &no_share::NO_SHARE,
    &path_value::PATH_VALUE,
    &unknown_caller::UNKNOWN_CALLER,
    &cors_origin::CORS_ORIGIN,
    &zero_limit::ZERO_LIMIT,
    &unused_certificate::UNUSED_CERTIFICATE,
    &twin_subsets::TWIN_SUBSETS,
    &empty_entry::EMPTY_ENTRY,
    &plain_https_port::PLAIN_HTTPS_PORT,
    &mtls_port::MTLS_PORT,
    &empty_rule::EMPTY_RULE,
    &condition_header::CONDITION_HEADER,
    &namespace_name::NAMESPACE_NAME,
    &filter_attribute::FILTER_ATTRIBUTE,
    &unknown_provider::UNKNOWN_PROVIDER,
    &backend_port::BACKEND_PORT,
    &bare_listener::BARE_LISTENER,
    &no_weight::NO_WEIGHT,
    &route_expression::ROUTE_EXPRESSION,
    &label_name::LABEL_NAME,
    &optional_token::OPTIONAL_TOKEN,
    &hidden_host::HIDDEN_HOST,
    &unknown_account::UNKNOWN_ACCOUNT,
    &injection_value::INJECTION_VALUE,
    &policy_path::POLICY_PATH,
    &policy_port::POLICY_PORT,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    path_wildcard::check(context, found);
    route_protocol::check(context, found);
    match_port::check(context, found);
    weight_sum::check(context, found);
    retry_time::check(context, found);
    no_share::check(context, found);
    path_value::check(context, found);
    unknown_caller::check(context, found);
    cors_origin::check(context, found);
    zero_limit::check(context, found);
    unused_certificate::check(context, found);
    twin_subsets::check(context, found);
    empty_entry::check(context, found);
    plain_https_port::check(context, found);
    mtls_port::check(context, found);
    empty_rule::check(context, found);
    condition_header::check(context, found);
    namespace_name::check(context, found);
    filter_attribute::check(context, found);
    unknown_provider::check(context, found);
    backend_port::check(context, found);
    bare_listener::check(context, found);
    no_weight::check(context, found);
    route_expression::check(context, found);
    label_name::check(context, found);
    optional_token::check(context, found);
    hidden_host::check(context, found);
    unknown_account::check(context, found);
    injection_value::check(context, found);
    policy_path::check(context, found);
    policy_port::check(context, found);
}
