//! The constraints that fields of many kinds share, for `#[schemars(transform = …)]`: in the API's own sources each
//! is a named type (`Hostname`, `SectionName`, `Duration`…).

mod filters;
mod gateways;
mod policies;
mod routes;

use schemars::Schema;
use serde_json::{Value, json};

pub(super) use filters::{
    allowed_headers, allowed_methods, allowed_origins, external_auth, grpc_filter, grpc_filters, http_filter,
    http_filters, path_modifier,
};
pub(super) use gateways::{
    address, addresses, infrastructure_annotations, infrastructure_labels, listeners, set_listeners,
};
pub(super) use policies::{backend_validation, subject_alt_name, target_refs};
pub(super) use routes::{
    backend, grpc_rules, http_rule, http_rules, parent_refs, path_match, retry_codes, stream_rules,
    tls_hostnames,
};

/// A DNS subdomain.
const SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A DNS subdomain, or none.
const OPTIONAL_SUBDOMAIN: &str = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A DNS name whose first label may be `*`.
const HOSTNAME: &str = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
/// A token of HTTP.
const HEADER_NAME: &str = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$";
/// Printable words with single blanks between them.
const HEADER_VALUE: &str = r"^[!-~]+([\t ]?[!-~]+)*$";

/// Adds keywords to a schema.
fn add(schema: &mut Schema, keywords: &Value) {
    for (key, value) in keywords.as_object().into_iter().flatten() {
        schema.insert(key.clone(), value.clone());
    }
}

/// The name of an API group; empty for Kubernetes's core.
pub(super) fn group(schema: &mut Schema) {
    add(schema, &json!({"maxLength": 253, "pattern": OPTIONAL_SUBDOMAIN}));
}

/// The name of a kind.
pub(super) fn kind(schema: &mut Schema) {
    add(
        schema,
        &json!({"minLength": 1, "maxLength": 63, "pattern": "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"}),
    );
}

/// The name of an object.
pub(super) fn object_name(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 253}));
}

/// The name of a namespace.
pub(super) fn namespace(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}));
}

/// The name of a listener, a rule or a port.
pub(super) fn section_name(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 253, "pattern": SUBDOMAIN}));
}

/// A host without a wildcard.
pub(super) fn precise_hostname(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 253, "pattern": SUBDOMAIN}));
}

/// A host; its first label may be `*`.
pub(super) fn hostname(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 253, "pattern": HOSTNAME}));
}

/// Hosts as the items of a list.
pub(super) fn hostnames(schema: &mut Schema) {
    items(schema, json!({"minLength": 1, "maxLength": 253, "pattern": HOSTNAME}));
    atomic(schema);
}

/// A port.
pub(super) fn port(schema: &mut Schema) {
    add(schema, &json!({"minimum": 1, "maximum": 65535}));
}

/// The name of a header, a query parameter or a cookie.
pub(super) fn header_name(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 256, "pattern": HEADER_NAME}));
}

/// The same as the items of a set.
pub(super) fn header_names(schema: &mut Schema) {
    items(schema, json!({"minLength": 1, "maxLength": 256, "pattern": HEADER_NAME}));
    set(schema);
}

/// What a header is set to (experimental channel; the standard one takes any text).
pub(super) fn header_value(schema: &mut Schema) {
    add(schema, &json!({"minLength": 1, "maxLength": 4096, "pattern": HEADER_VALUE}));
}

/// A length of time, as GEP-2257 writes it.
pub(super) fn duration(schema: &mut Schema) {
    add(schema, &json!({"pattern": "^([0-9]{1,5}(h|m|s|ms)){1,4}$"}));
    schema.remove("format");
}

/// An integer of no particular width.
pub(super) fn plain_integer(schema: &mut Schema) {
    schema.remove("format");
}

/// Who implements a class.
pub(super) fn controller(schema: &mut Schema) {
    let pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$";
    let immutable = json!([{"rule": "self == oldSelf", "message": "field is immutable"}]);
    add(
        schema,
        &json!({"minLength": 1, "maxLength": 253, "pattern": pattern, "x-kubernetes-validations": immutable}),
    );
}

/// A list that is replaced as a whole.
pub(super) fn atomic(schema: &mut Schema) {
    add(schema, &json!({"x-kubernetes-list-type": "atomic"}));
}

/// A list without duplicates.
pub(super) fn set(schema: &mut Schema) {
    add(schema, &json!({"x-kubernetes-list-type": "set"}));
}

/// A list whose items have a name.
pub(super) fn by_name(schema: &mut Schema) {
    add(schema, &json!({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}));
}

/// A list whose items have a port.
pub(super) fn by_port(schema: &mut Schema) {
    add(schema, &json!({"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"]}));
}

/// Options of an implementation.
pub(super) fn options(schema: &mut Schema) {
    add(schema, &json!({"maxProperties": 16}));
    meshc_schema::values(json!({"minLength": 0, "maxLength": 4096}))(schema);
}

fn items(schema: &mut Schema, keywords: Value) {
    meshc_schema::items(keywords)(schema);
}

/// CEL rules, each with its message.
fn validations(schema: &mut Schema, rules: impl IntoIterator<Item = (String, String)>) {
    let rules: Vec<Value> =
        rules.into_iter().map(|(rule, message)| json!({"rule": rule, "message": message})).collect();
    add(schema, &json!({"x-kubernetes-validations": rules}));
}
