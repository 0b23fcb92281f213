//! Filters of routes: which fields go together, and which lists may hold `*`.

use schemars::Schema;
use serde_json::json;

use super::{atomic, header_names, items, set, validations};

/// A filter's `type` says which of its other fields is set.
fn only_of_type(schema: &mut Schema, fields: &[(&str, &str)]) {
    validations(
        schema,
        fields.iter().flat_map(|(field, kind)| {
            [
                (
                    format!("!(has(self.{field}) && self.type != '{kind}')"),
                    format!("filter.{field} must be nil if the filter.type is not {kind}"),
                ),
                (
                    format!("!(!has(self.{field}) && self.type == '{kind}')"),
                    format!("filter.{field} must be specified for {kind} filter.type"),
                ),
            ]
        }),
    );
}

/// HTTPRoute's filter.
pub(in crate::gateway_api) fn http_filter(schema: &mut Schema) {
    only_of_type(
        schema,
        &[
            ("cors", "CORS"),
            ("requestHeaderModifier", "RequestHeaderModifier"),
            ("responseHeaderModifier", "ResponseHeaderModifier"),
            ("requestMirror", "RequestMirror"),
            ("requestRedirect", "RequestRedirect"),
            ("urlRewrite", "URLRewrite"),
            ("extensionRef", "ExtensionRef"),
            ("externalAuth", "ExternalAuth"),
        ],
    );
}

/// GRPCRoute's filter.
pub(in crate::gateway_api) fn grpc_filter(schema: &mut Schema) {
    only_of_type(
        schema,
        &[
            ("requestHeaderModifier", "RequestHeaderModifier"),
            ("responseHeaderModifier", "ResponseHeaderModifier"),
            ("requestMirror", "RequestMirror"),
            ("extensionRef", "ExtensionRef"),
        ],
    );
}

fn not_repeated(kinds: &[&str]) -> Vec<(String, String)> {
    let rule = |kind: &&str| {
        (
            format!("self.filter(f, f.type == '{kind}').size() <= 1"),
            format!("{kind} filter cannot be repeated"),
        )
    };
    kinds.iter().map(rule).collect()
}

/// HTTPRoute's list of filters.
pub(in crate::gateway_api) fn http_filters(schema: &mut Schema) {
    atomic(schema);
    let both = "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))";
    let message =
        "May specify either httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite, but not both";
    let mut rules = vec![(both.to_owned(), message.to_owned())];
    let once = ["CORS", "RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite"];
    rules.extend(not_repeated(&once));
    validations(schema, rules);
}

/// GRPCRoute's list of filters.
pub(in crate::gateway_api) fn grpc_filters(schema: &mut Schema) {
    atomic(schema);
    validations(schema, not_repeated(&["RequestHeaderModifier", "ResponseHeaderModifier"]));
}

/// `type` says which of two fields of a union is set, and a field that is set says the type.
pub(in crate::gateway_api) fn path_modifier(schema: &mut Schema) {
    exclusive(
        schema,
        &[("ReplaceFullPath", "replaceFullPath"), ("ReplacePrefixMatch", "replacePrefixMatch")],
        "type",
    );
}

/// `protocol` says how an authorizer is spoken to.
pub(in crate::gateway_api) fn external_auth(schema: &mut Schema) {
    exclusive(schema, &[("GRPC", "grpc"), ("HTTP", "http")], "protocol");
}

fn exclusive(schema: &mut Schema, fields: &[(&str, &str)], by: &str) {
    validations(
        schema,
        fields.iter().flat_map(|(value, field)| {
            [
                (
                    format!("self.{by} == '{value}' ? has(self.{field}) : true"),
                    format!("{field} must be specified when {by} is set to '{value}'"),
                ),
                (
                    format!("has(self.{field}) ? self.{by} == '{value}' : true"),
                    format!("{by} must be '{value}' when {field} is set"),
                ),
            ]
        }),
    );
}

/// A list that may hold `*`, alone.
fn star_alone(schema: &mut Schema, list: &str, others: &str) {
    validations(
        schema,
        [(
            "!('*' in self && self.size() > 1)".to_owned(),
            format!("{list} cannot contain '*' alongside other {others}"),
        )],
    );
    set(schema);
}

/// CORS's headers.
pub(in crate::gateway_api) fn allowed_headers(schema: &mut Schema) {
    header_names(schema);
    star_alone(schema, "AllowHeaders", "methods");
}

/// CORS's methods.
pub(in crate::gateway_api) fn allowed_methods(schema: &mut Schema) {
    star_alone(schema, "AllowMethods", "methods");
}

/// CORS's origins.
pub(in crate::gateway_api) fn allowed_origins(schema: &mut Schema) {
    let pattern = r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)";
    items(schema, json!({"minLength": 1, "maxLength": 253, "pattern": pattern}));
    star_alone(schema, "AllowOrigins", "origins");
}
