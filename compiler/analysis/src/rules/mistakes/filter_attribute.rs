//! An attribute in a filter of access logs that Envoy does not have.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::suggest::{list, nearest};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds attributes such as `response.code` in the filters of Telemetry's access logs that are none of Envoy's.
    ///
    /// ## What happens to traffic
    /// The expression has no value, so that the request is not logged. Traffic is as before.
    ///
    /// ## Example
    /// ```yaml
    /// filter: {expression: "response.status >= 500"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// filter: {expression: "response.code >= 500"}
    /// ```
    pub FILTER_ATTRIBUTE = "MC1568", "filter-attribute", Warning, Mesh,
    "An attribute in a filter of access logs that Envoy does not have",
    []
}

/// Envoy's attributes, by what they are about (Envoy's documentation, "Attributes").
const KNOWN: [(&str, &[&str]); 6] = [
    (
        "request",
        &[
            "path",
            "url_path",
            "host",
            "scheme",
            "method",
            "headers",
            "referer",
            "useragent",
            "time",
            "id",
            "protocol",
            "query",
            "duration",
            "size",
            "total_size",
        ],
    ),
    (
        "response",
        &[
            "code",
            "code_details",
            "flags",
            "grpc_status",
            "headers",
            "trailers",
            "size",
            "total_size",
            "backend_latency",
        ],
    ),
    ("source", &["address", "port"]),
    ("destination", &["address", "port"]),
    (
        "connection",
        &[
            "id",
            "mtls",
            "requested_server_name",
            "tls_version",
            "subject_local_certificate",
            "subject_peer_certificate",
            "dns_san_local_certificate",
            "dns_san_peer_certificate",
            "uri_san_local_certificate",
            "uri_san_peer_certificate",
            "sha256_peer_certificate_digest",
            "termination_details",
            "transport_failure_reason",
        ],
    ),
    (
        "upstream",
        &[
            "address",
            "port",
            "tls_version",
            "subject_local_certificate",
            "subject_peer_certificate",
            "dns_san_local_certificate",
            "dns_san_peer_certificate",
            "uri_san_local_certificate",
            "uri_san_peer_certificate",
            "sha256_peer_certificate_digest",
            "local_address",
            "transport_failure_reason",
            "request_attempt_count",
            "cx_pool_ready_duration",
            "locality",
        ],
    ),
];

/// Every filter of an access log.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.telemetries {
        let filters = object.spec.access_logging.iter().filter_map(|logging| logging.filter.as_ref());
        for expression in filters.filter_map(|filter| filter.expression.as_ref()) {
            for (about, field) in attributes(expression) {
                let Some((_, known)) = KNOWN.iter().find(|(name, _)| *name == about) else { continue };
                if known.contains(&field) {
                    continue;
                }
                let message =
                    format!("Envoy has no attribute `{about}.{field}`: the expression has no value");
                let finding = object.finding(&FILTER_ATTRIBUTE, expression.span, message);
                found.push(match nearest(field, known.iter().copied()) {
                    Some(meant) => finding.help(format!("did you mean `{about}.{meant}`?")),
                    None => finding
                        .help(format!("those of `{about}` are {}", list(known).replace(" or ", " and "))),
                });
            }
        }
    }
}

/// The `NAME.FIELD` of an expression that stand outside of texts and behind no other dot.
fn attributes(expression: &str) -> Vec<(&str, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut quote = None;
    let mut rest = expression;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let skipped = match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
                c.len_utf8()
            }
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                1
            }
            None if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                if let Some(field) = after.strip_prefix('.').filter(|_| before != '.') {
                    let end = field.find(|c| !is_word(c)).unwrap_or(field.len());
                    found.push((word, &field[..end]));
                }
                end
            }
            None => c.len_utf8(),
        };
        before = rest[..skipped].chars().next_back().unwrap_or(' ');
        rest = &rest[skipped..];
    }
    found
}
