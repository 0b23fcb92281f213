//! The forms of Kubernetes's values, for the schemas of its kinds: what its Go validation asks for, which no
//! definition states.

use schemars::Schema;
use serde_json::{Value, json};

fn merge(schema: &mut Schema, keywords: &Value) {
    if let Some(keywords) = keywords.as_object() {
        schema.ensure_object().extend(keywords.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}

fn rule(schema: &mut Schema, rule: &str, message: &str) {
    let rules = schema.ensure_object().entry("x-kubernetes-validations").or_insert_with(|| json!([]));
    if let Some(rules) = rules.as_array_mut() {
        rules.push(json!({ "rule": rule, "message": message }));
    }
}

/// A rule in CEL with its message.
pub(super) fn holds(text: &'static str, message: &'static str) -> impl FnMut(&mut Schema) + Clone {
    move |schema| rule(schema, text, message)
}

/// The same, with the field where a person looks first.
pub(super) fn holds_at(
    field: &'static str,
    text: &'static str,
    message: &'static str,
) -> impl FnMut(&mut Schema) + Clone {
    move |schema| {
        let rules = schema.ensure_object().entry("x-kubernetes-validations").or_insert_with(|| json!([]));
        if let Some(rules) = rules.as_array_mut() {
            rules.push(json!({ "rule": text, "message": message, "fieldPath": field }));
        }
    }
}

/// A label of DNS (RFC 1123).
pub(super) fn dns_label(schema: &mut Schema) {
    merge(schema, &json!({ "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63 }));
}

/// A name of DNS.
pub(super) fn dns_name(schema: &mut Schema) {
    let pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    merge(schema, &json!({ "pattern": pattern, "maxLength": 253 }));
}

/// A port.
pub(super) fn port(schema: &mut Schema) {
    merge(schema, &json!({ "minimum": 1, "maximum": 65535 }));
}

/// A port of a container by number or by name.
pub(super) fn port_or_name(schema: &mut Schema) {
    rule(
        schema,
        "type(self) == int ? self >= 1 && self <= 65535 : self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$') && \
         self.size() <= 15 && self.matches('[a-z]') && !self.contains('--')",
        "a port is a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and single dashes \
         with a letter among them",
    );
}

/// The name of a port of a container: IANA's form of names of services.
pub(super) fn port_name(schema: &mut Schema) {
    merge(schema, &json!({ "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 15 }));
    rule(
        schema,
        "self.matches('[a-z]') && !self.contains('--')",
        "the name of a port has a letter, and no two dashes side by side",
    );
}

/// `TCP`, `UDP` or `SCTP`.
pub(super) fn protocol(schema: &mut Schema) {
    merge(schema, &json!({ "enum": ["TCP", "UDP", "SCTP"], "default": "TCP" }));
}

/// A name with an optional DNS name and a slash before it.
pub(super) fn qualified_name(schema: &mut Schema) {
    rule(
        schema,
        "!format.qualifiedName().validate(self).hasValue()",
        "must be a name of letters, digits, `-`, `_` and `.`, with a DNS name and `/` before it or not",
    );
}

/// Labels: keys are qualified names, values have at most 63 characters.
pub(super) fn labels(schema: &mut Schema) {
    rule(
        schema,
        "self.all(k, !format.qualifiedName().validate(k).hasValue())",
        "each key must be a name of letters, digits, `-`, `_` and `.`, with a DNS name and `/` before it or not",
    );
    rule(
        schema,
        "self.all(k, !format.labelValue().validate(self[k]).hasValue())",
        "each value must be at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit",
    );
}

/// An IP address.
pub(super) fn ip(schema: &mut Schema) {
    rule(schema, "isIP(self)", "must be an IPv4 or IPv6 address");
}

/// IP addresses.
pub(super) fn ips(schema: &mut Schema) {
    rule(schema, "self.all(a, isIP(a))", "each must be an IPv4 or IPv6 address");
}

/// The keys of Secrets and ConfigMaps, which become names of files.
pub(super) fn file_names(schema: &mut Schema) {
    rule(
        schema,
        "self.all(k, k.matches('^[-._a-zA-Z0-9]+$') && k.size() <= 253 && k != '.' && !k.startsWith('..'))",
        "each key must be at most 253 letters, digits, `-`, `_` and `.`",
    );
}

/// Fields that no mesh reads are left alone.
pub(super) fn open(schema: &mut Schema) {
    merge(schema, &json!({ "x-kubernetes-preserve-unknown-fields": true }));
}
