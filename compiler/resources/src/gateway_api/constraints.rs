//! The constraints that fields of many kinds share, for `#[schemars(transform = …)]`: in the API's own sources each
//! is a named type (`Hostname`, `SectionName`, `Duration`…).

use schemars::Schema;
use serde_json::{Value, json};

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
pub(super) fn http_filter(schema: &mut Schema) {
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
pub(super) fn grpc_filter(schema: &mut Schema) {
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
pub(super) fn http_filters(schema: &mut Schema) {
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
pub(super) fn grpc_filters(schema: &mut Schema) {
    atomic(schema);
    validations(schema, not_repeated(&["RequestHeaderModifier", "ResponseHeaderModifier"]));
}

/// References to parents: those to one parent differ in section or port (experimental channel: the standard one
/// does not look at the port).
pub(super) fn parent_refs(schema: &mut Schema) {
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
pub(super) fn backend(schema: &mut Schema) {
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
pub(super) fn http_rules(schema: &mut Schema) {
    atomic(schema);
    let total = total_of_matches(|index| format!("self[{index}].matches.size()"));
    validations(schema, [total, unique_rule_names()]);
    let default = json!([{"matches": [{"path": {"type": "PathPrefix", "value": "/"}}]}]);
    add(schema, &json!({"default": default, "minItems": 1, "maxItems": 16}));
}

/// GRPCRoute's rules.
pub(super) fn grpc_rules(schema: &mut Schema) {
    atomic(schema);
    let total =
        total_of_matches(|index| format!("(has(self[{index}].matches) ? self[{index}].matches.size() : 0)"));
    validations(schema, [total, unique_rule_names()]);
    add(schema, &json!({"maxItems": 16}));
}

/// The rules of TCPRoute and UDPRoute.
pub(super) fn stream_rules(schema: &mut Schema) {
    atomic(schema);
    validations(schema, [unique_rule_names()]);
    add(schema, &json!({"minItems": 1, "maxItems": 16}));
}

/// One rule of an HTTPRoute: a prefix can only be replaced where exactly one is matched.
pub(super) fn http_rule(schema: &mut Schema) {
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
pub(super) fn path_match(schema: &mut Schema) {
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

/// `type` says which of two fields of a union is set, and a field that is set says the type.
pub(super) fn path_modifier(schema: &mut Schema) {
    exclusive(
        schema,
        &[("ReplaceFullPath", "replaceFullPath"), ("ReplacePrefixMatch", "replacePrefixMatch")],
        "type",
    );
}

/// `protocol` says how an authorizer is spoken to.
pub(super) fn external_auth(schema: &mut Schema) {
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
pub(super) fn allowed_headers(schema: &mut Schema) {
    header_names(schema);
    star_alone(schema, "AllowHeaders", "methods");
}

/// CORS's methods.
pub(super) fn allowed_methods(schema: &mut Schema) {
    star_alone(schema, "AllowMethods", "methods");
}

/// CORS's origins.
pub(super) fn allowed_origins(schema: &mut Schema) {
    let pattern = r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)";
    items(schema, json!({"minLength": 1, "maxLength": 253, "pattern": pattern}));
    star_alone(schema, "AllowOrigins", "origins");
}

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
pub(super) fn listeners(schema: &mut Schema) {
    listeners_of(schema, "", "");
}

/// A ListenerSet's listeners.
pub(super) fn set_listeners(schema: &mut Schema) {
    listeners_of(schema, "!has(l1.port) || ", "has(l2.port) && ");
}

/// A Gateway's addresses.
pub(super) fn addresses(schema: &mut Schema) {
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
pub(super) fn address(schema: &mut Schema) {
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
pub(super) fn infrastructure_labels(schema: &mut Schema) {
    keys(schema, "Label", "label");
    add(schema, &json!({"maxProperties": 8}));
    let pattern = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
    meshc_schema::values(json!({"minLength": 0, "maxLength": 63, "pattern": pattern}))(schema);
}

/// Annotations of what is made for a Gateway.
pub(super) fn infrastructure_annotations(schema: &mut Schema) {
    keys(schema, "Annotation", "annotation");
    add(schema, &json!({"maxProperties": 16}));
    meshc_schema::values(json!({"minLength": 0, "maxLength": 4096}))(schema);
}

/// TLSRoute's hosts.
pub(super) fn tls_hostnames(schema: &mut Schema) {
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

/// The targets of a BackendTLSPolicy.
pub(super) fn target_refs(schema: &mut Schema) {
    atomic(schema);
    let one_target = "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name";
    let without = |p: &str| format!("(!has({p}.sectionName) || {p}.sectionName == '')");
    let message = |verb: &str| {
        format!("sectionName must be {verb} when targetRefs includes 2 or more references to the same target")
    };
    validations(
        schema,
        [
            (
                format!(
                    "self.all(p1, self.all(p2, {one_target} ? ({} == {}) : true))",
                    without("p1"),
                    without("p2")
                ),
                message("specified"),
            ),
            (
                format!(
                    "self.all(p1, self.exists_one(p2, {one_target} && (({} && {}) || (has(p1.sectionName) && \
                     has(p2.sectionName) && p1.sectionName == p2.sectionName))))",
                    without("p1"),
                    without("p2")
                ),
                message("unique"),
            ),
        ],
    );
    add(schema, &json!({"minItems": 1, "maxItems": 16}));
}

/// How the certificate of a backend is validated.
pub(super) fn backend_validation(schema: &mut Schema) {
    let refs = "has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0";
    let known = "has(self.wellKnownCACertificates) && self.wellKnownCACertificates != \"\"";
    validations(
        schema,
        [
            (
                format!("!({refs} && {known})"),
                "must not contain both CACertificateRefs and WellKnownCACertificates".to_owned(),
            ),
            (
                format!("({refs} || {known})"),
                "must specify either CACertificateRefs or WellKnownCACertificates".to_owned(),
            ),
        ],
    );
}

/// A subject alternative name: `type` says which field is set.
pub(super) fn subject_alt_name(schema: &mut Schema) {
    let pair = |kind: &str, field: &str, called: &str| {
        [
            (
                format!("!(self.type == \"{kind}\" && (!has(self.{field}) || self.{field} == \"\"))"),
                format!("SubjectAltName element must contain {called}, if Type is set to {called}"),
            ),
            (
                format!("!(self.type != \"{kind}\" && has(self.{field}) && self.{field} != \"\")"),
                format!("SubjectAltName element must not contain {called}, if Type is not set to {called}"),
            ),
        ]
    };
    let rules = [pair("Hostname", "hostname", "Hostname"), pair("URI", "uri", "URI")];
    validations(schema, rules.into_iter().flatten());
}

/// Status codes that are tried again.
pub(super) fn retry_codes(schema: &mut Schema) {
    schema.insert("items".to_owned(), json!({"type": "integer", "minimum": 400, "maximum": 599}));
    set(schema);
}
