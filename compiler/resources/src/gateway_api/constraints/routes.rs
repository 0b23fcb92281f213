//! Routes: parents, rules and their matches.

use schemars::Schema;
use serde_json::json;

use super::{add, atomic, hostnames, set, validations};

/// References to parents: those to one parent differ in section or port (experimental channel: the standard one
/// does not look at the port).
pub(in crate::gateway_api) fn parent_refs(schema: &mut Schema) {
    atomic(schema);
    let both_without = |field: &str, zero: &str| {
        format!("((!has(p1.{field}) || p1.{field} == {zero}) && (!has(p2.{field}) || p2.{field} == {zero}))")
    };
    let equal = |field: &str| format!("(has(p1.{field}) && has(p2.{field}) && p1.{field} == p2.{field})");
    let same = |field: &str, zero: &str| format!("({} || {})", both_without(field, zero), equal(field));
    let one_parent = format!(
        "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && {}",
        same("__namespace__", "''")
    );
    let as_often = |field: &str, zero: &str| {
        format!("(!has(p1.{field}) || p1.{field} == {zero}) == (!has(p2.{field}) || p2.{field} == {zero})")
    };
    let told_apart = format!(
        "self.all(p1, self.all(p2, {one_parent} ? ({} && {}) : true))",
        as_often("sectionName", "''"),
        as_often("port", "0"),
    );
    let unique = format!(
        "self.all(p1, self.exists_one(p2, {one_parent} && {} && {}))",
        same("sectionName", "''"),
        same("port", "0"),
    );
    let message = |verb: &str| {
        format!(
            "sectionName or port must be {verb} when parentRefs includes 2 or more references to the same parent"
        )
    };
    validations(schema, [(told_apart, message("specified")), (unique, message("unique"))]);
}

/// A reference to a Service names its port.
pub(in crate::gateway_api) fn backend(schema: &mut Schema) {
    validations(
        schema,
        [(
            "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true".to_owned(),
            "Must have port for Service reference".to_owned(),
        )],
    );
}

/// Names of rules differ (experimental channel).
fn unique_rule_names() -> (String, String) {
    (
        "self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))".to_owned(),
        "Rule name must be unique within the route".to_owned(),
    )
}

/// At most 128 matches in all; `count` says how those of one rule are counted.
fn total_of_matches(count: impl Fn(usize) -> String) -> (String, String) {
    let of_rule = |index: usize| format!("(self.size() > {index} ? {} : 0)", count(index));
    let sum: Vec<String> = (0..16).map(of_rule).collect();
    let message = "While 16 rules and 64 matches per rule are allowed, the total number of matches across all \
                   rules in a route must be less than 128";
    (format!("{} <= 128", sum.join(" + ")), message.to_owned())
}

/// HTTPRoute's rules.
pub(in crate::gateway_api) fn http_rules(schema: &mut Schema) {
    atomic(schema);
    let total = total_of_matches(|index| format!("self[{index}].matches.size()"));
    validations(schema, [total, unique_rule_names()]);
    let default = json!([{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]);
    add(schema, &json!({"default": default, "minItems": 1, "maxItems": 16}));
}

/// GRPCRoute's rules.
pub(in crate::gateway_api) fn grpc_rules(schema: &mut Schema) {
    atomic(schema);
    let total =
        total_of_matches(|index| format!("(has(self[{index}].matches) ? self[{index}].matches.size() : 0)"));
    validations(schema, [total, unique_rule_names()]);
    add(schema, &json!({"maxItems": 16}));
}

/// The rules of TCPRoute and UDPRoute.
pub(in crate::gateway_api) fn stream_rules(schema: &mut Schema) {
    atomic(schema);
    validations(schema, [unique_rule_names()]);
    add(schema, &json!({"minItems": 1, "maxItems": 16}));
}

/// One rule of an HTTPRoute: a prefix can only be replaced where exactly one is matched.
pub(in crate::gateway_api) fn http_rule(schema: &mut Schema) {
    let one_prefix = "((size(self.matches) != 1 || !has(self.matches[0].path) || \
                      self.matches[0].path.type != 'PathPrefix') ? false : true) : true";
    let replaces = |filter: &str| {
        format!(
            "f, has(f.{filter}) && has(f.{filter}.path) && f.{filter}.path.type == 'ReplacePrefixMatch' && \
             has(f.{filter}.path.replacePrefixMatch)"
        )
    };
    let of_rule = |filter: &str, name: &str| {
        (
            format!("(has(self.filters) && self.filters.exists_one({})) ? {one_prefix}", replaces(filter)),
            format!(
                "When using {name} filter with path.replacePrefixMatch, exactly one PathPrefix match must be \
                 specified"
            ),
        )
    };
    let of_backend = |filter: &str, start: &str| {
        (
            format!(
                "(has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && \
                 b.filters.exists_one({})) )) ? {one_prefix}",
                replaces(filter)
            ),
            format!(
                "Within backendRefs, {start} filter with path.replacePrefixMatch, exactly one PathPrefix match must \
                 be specified"
            ),
        )
    };
    let redirect = (
        "(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, \
         !has(f.requestRedirect))): true"
            .to_owned(),
        "RequestRedirect filter must not be used together with backendRefs".to_owned(),
    );
    validations(
        schema,
        [
            redirect,
            of_rule("requestRedirect", "RequestRedirect"),
            of_rule("urlRewrite", "URLRewrite"),
            of_backend("requestRedirect", "when using RequestRedirect"),
            of_backend("urlRewrite", "When using URLRewrite"),
        ],
    );
}

/// An exact path or a prefix as it can arrive after normalisation.
pub(in crate::gateway_api) fn path_match(schema: &mut Schema) {
    let applies = "(self.type in ['Exact','PathPrefix'])";
    let not = |call: &str, what: &str, said: &str| {
        (
            format!("{applies} ? !self.value.{call}('{what}') : true"),
            format!("must not {said} '{what}' when type one of ['Exact', 'PathPrefix']"),
        )
    };
    let valid = "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$";
    let mut rules = vec![(
        format!("{applies} ? self.value.startsWith('/') : true"),
        "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']"
            .to_owned(),
    )];
    rules.extend(["//", "/./", "/../", "%2f", "%2F", "#"].map(|what| not("contains", what, "contain")));
    rules.extend(["/..", "/."].map(|what| not("endsWith", what, "end with")));
    rules.push((
        "self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'".to_owned(),
        "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']".to_owned(),
    ));
    rules.push((
        format!("{applies} ? self.value.matches(r\"\"\"{valid}\"\"\") : true"),
        format!("must only contain valid characters (matching {valid}) for types ['Exact', 'PathPrefix']"),
    ));
    validations(schema, rules);
}

/// TLSRoute's hosts.
pub(in crate::gateway_api) fn tls_hostnames(schema: &mut Schema) {
    hostnames(schema);
    let dns = r"'^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$'";
    validations(
        schema,
        [
            ("self.all(h, !isIP(h))".to_owned(), "Hostnames cannot contain an IP".to_owned()),
            (
                format!("self.all(h, !h.contains('*') ? h.matches({dns}) : true)"),
                "Hostnames must be valid based on RFC-1123".to_owned(),
            ),
            (
                format!(
                    "self.all(h, h.contains('*') ? (h.startsWith('*.') && h.substring(2).matches({dns})) : true)"
                ),
                "Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on \
                 RFC-1123"
                    .to_owned(),
            ),
        ],
    );
    add(schema, &json!({"minItems": 1, "maxItems": 1024}));
}

/// Status codes that are tried again.
pub(in crate::gateway_api) fn retry_codes(schema: &mut Schema) {
    schema.insert("items".to_owned(), json!({"type": "integer", "minimum": 400, "maximum": 599}));
    set(schema);
}
