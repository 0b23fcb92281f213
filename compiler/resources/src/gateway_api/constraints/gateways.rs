//! Gateways and ListenerSets: listeners, addresses, what is given to what is deployed.

use schemars::Schema;
use serde_json::json;

use super::{HOSTNAME, add, atomic, by_name, validations};

/// Listeners; `has_port` guards the port of a ListenerSet's.
fn listeners_of(schema: &mut Schema, guard: &str, has_port: &str) {
    by_name(schema);
    let rule = |rule: &str, message: &str| (rule.to_owned(), message.to_owned());
    let unique = format!(
        "self.all(l1, {guard}self.exists_one(l2, {has_port}l1.port == l2.port && l1.protocol == l2.protocol && \
         (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && \
         !has(l2.hostname))))"
    );
    validations(
        schema,
        [
            rule(
                "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
                "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
            ),
            rule(
                "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') \
                 : true)",
                "tls mode must be Terminate for protocol HTTPS",
            ),
            rule(
                "self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
                "tls mode must be set for protocol TLS",
            ),
            rule(
                "self.all(l, l.protocol in ['TCP', 'UDP'] ? (!has(l.hostname) || l.hostname == '') : true)",
                "hostname must not be specified for protocols ['TCP', 'UDP']",
            ),
            rule(
                "self.all(l1, self.exists_one(l2, l1.name == l2.name))",
                "Listener name must be unique within the Gateway",
            ),
            (
                unique,
                "Combination of port, protocol and hostname must be unique for each listener".to_owned(),
            ),
        ],
    );
    add(schema, &json!({"minItems": 1, "maxItems": 64}));
}

/// A Gateway's listeners.
pub(in crate::gateway_api) fn listeners(schema: &mut Schema) {
    listeners_of(schema, "", "");
}

/// A ListenerSet's listeners.
pub(in crate::gateway_api) fn set_listeners(schema: &mut Schema) {
    listeners_of(schema, "!has(l1.port) || ", "has(l2.port) && ");
}

/// A Gateway's addresses.
pub(in crate::gateway_api) fn addresses(schema: &mut Schema) {
    atomic(schema);
    let unique = |kind: &str| {
        (
            format!(
                "self.all(a1, a1.type == '{kind}' && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && \
                 has(a2.value) && a2.value == a1.value) : true )"
            ),
            format!("{kind} values must be unique"),
        )
    };
    validations(schema, [unique("IPAddress"), unique("Hostname")]);
    add(schema, &json!({"maxItems": 16}));
}

/// One address of a Gateway.
pub(in crate::gateway_api) fn address(schema: &mut Schema) {
    let ip = json!({"properties": {
        "type": {"enum": ["IPAddress"]}, "value": {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
    }});
    let other = json!({"properties": {"type": {"not": {"enum": ["IPAddress"]}}}});
    add(schema, &json!({"oneOf": [ip, other]}));
    validations(
        schema,
        [(
            format!(
                "self.type == 'Hostname' ? (!has(self.value) || self.value.matches(r\"\"\"{HOSTNAME}\"\"\")): true"
            ),
            format!("Hostname value must be empty or contain only valid characters (matching {HOSTNAME})"),
        )],
    );
}

/// Keys of labels and annotations that a Gateway gives to what is made for it.
fn keys(schema: &mut Schema, what: &str, what_lower: &str) {
    let key = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$";
    validations(
        schema,
        [
            (
                format!("self.all(key, key.matches(r\"\"\"{key}\"\"\"))"),
                format!(
                    "{what} keys must be in the form of an optional DNS subdomain prefix followed by a required name \
                     segment of up to 63 characters."
                ),
            ),
            (
                "self.all(key, key.split(\"/\")[0].size() < 253)".to_owned(),
                format!(
                    "If specified, the {what_lower} key's prefix must be a DNS subdomain not longer than 253 \
                     characters in total."
                ),
            ),
        ],
    );
}

/// Labels of what is made for a Gateway.
pub(in crate::gateway_api) fn infrastructure_labels(schema: &mut Schema) {
    keys(schema, "Label", "label");
    add(schema, &json!({"maxProperties": 8}));
    let pattern = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
    meshc_schema::values(json!({"minLength": 0, "maxLength": 63, "pattern": pattern}))(schema);
}

/// Annotations of what is made for a Gateway.
pub(in crate::gateway_api) fn infrastructure_annotations(schema: &mut Schema) {
    keys(schema, "Annotation", "annotation");
    add(schema, &json!({"maxProperties": 16}));
    meshc_schema::values(json!({"minLength": 0, "maxLength": 4096}))(schema);
}
