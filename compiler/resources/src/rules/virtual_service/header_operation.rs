//! Changes of headers that Istio refuses.

use indexmap::IndexMap;
use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::{Headers, HttpRoute, VirtualService};
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds operations on headers that Envoy cannot do: names that are empty, that begin with `:` or are `host`
    /// (but for setting the authority of requests, once), values with control characters, and values whose `%` starts
    /// no command operator.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// headers:
    ///   request:
    ///     set: {x-share: "50%"}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// headers:
    ///   request:
    ///     set: {x-share: "50%%"}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub HEADER_OPERATION = "MC0252", "header-operation", Error, Document,
    "A change of headers that Istio refuses",
    ["IST0106"]
}

type Refused<'a> = Refusals<'a, VirtualService>;

/// Those of routes and of their destinations.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &HEADER_OPERATION, found };
    for route in &object.spec.http {
        let all = route.headers.iter().chain(route.route.iter().filter_map(|part| part.headers.as_ref()));
        for headers in all {
            operations(&mut refusals, headers);
        }
        authority(&mut refusals, route);
    }
}

fn operations(refusals: &mut Refused<'_>, headers: &Headers) {
    for (operations, is_request) in [(&headers.request, true), (&headers.response, false)] {
        let Some(operations) = operations else { continue };
        for (name, value) in operations.add.iter().chain(&operations.set) {
            self::name(refusals, name, is_request);
            if let Some(why) = value_problem(value) {
                refusals.at(value.span, format!("the value of `{}`: {why}", name.value));
            }
        }
        for header in &operations.remove {
            name(refusals, header, false);
        }
    }
}

/// `may_be_authority`: the authority of a request can be set.
fn name(refusals: &mut Refused<'_>, name: &Spanned<String>, may_be_authority: bool) {
    let is_authority = is_authority(name);
    if name.is_empty() {
        refusals.at(name.span, "a header has no name");
    } else if (name.starts_with(':') || name.eq_ignore_ascii_case("host"))
        && !(may_be_authority && is_authority)
    {
        refusals.at(name.span, format!("`{}` is no header that can be changed here", name.value));
    }
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

/// The authority is set in one place.
fn authority(refusals: &mut Refused<'_>, route: &HttpRoute) {
    let rewritten = route.rewrite.as_ref().and_then(|rewrite| rewrite.authority.as_ref());
    let mut current = rewritten.is_some_and(|authority| !authority.is_empty());
    let Some(request) = route.headers.as_ref().and_then(|headers| headers.request.as_ref()) else { return };
    let mut set = |map: &IndexMap<Spanned<String>, Spanned<String>>| {
        for (name, value) in map.iter().filter(|(name, _)| is_authority(name)) {
            if current {
                refusals.at(name.span, "the authority is set several times");
                return;
            }
            current = !value.is_empty();
        }
    };
    set(&request.set);
    set(&request.add);
}

/// What Envoy's parser of header values is reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Literal,
    Name,
    Array,
    ArrayString,
    String,
    ArrayDelimiter,
    ArgumentsEnd,
    VariableEnd,
}

/// Why a value is none that Envoy takes; `%NAME%`, `%NAME(ARGUMENTS)%` and `%%` are.
fn value_problem(value: &str) -> Option<&'static str> {
    if value.chars().any(|c| (c.is_ascii_control() && c != '\t') || c == '\u{7f}') {
        return Some("a control character");
    }
    let bytes = value.as_bytes();
    let (mut at, mut reading) = (0, Reading::Literal);
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        reading = match (reading, byte) {
            (Reading::Literal, b'%') => match next {
                None => return Some("`%` must be written `%%`"),
                Some(b'%') => {
                    at += 1;
                    Reading::Literal
                }
                Some(_) => Reading::Name,
            },
            (Reading::Name | Reading::VariableEnd, b'%') => Reading::Literal,
            (Reading::Name, b'(') => Reading::Array,
            (Reading::Array, b'[') => Reading::ArrayString,
            (Reading::Array, byte) if byte != b' ' => Reading::String,
            (Reading::ArrayDelimiter, b',') => Reading::ArrayString,
            (Reading::ArrayDelimiter, b']') => Reading::ArgumentsEnd,
            (Reading::ArrayDelimiter, byte) if byte != b' ' => {
                return Some("`,` or `]` is expected in an operator");
            }
            (Reading::ArrayString, b'"') => Reading::String,
            (Reading::ArrayString, byte) if byte != b' ' => return Some("`\"` is expected in an operator"),
            (Reading::String, b'\\') => {
                if next.is_none() {
                    return Some("`\\` ends an operator");
                }
                at += 1;
                Reading::String
            }
            (Reading::String | Reading::ArgumentsEnd, b')') => Reading::VariableEnd,
            (Reading::String, b'"') => Reading::ArrayDelimiter,
            (Reading::ArgumentsEnd, byte) if byte != b' ' => return Some("`)` is expected in an operator"),
            (Reading::VariableEnd, byte) if byte != b' ' => {
                return Some("`%` is expected behind an operator");
            }
            (same, _) => same,
        };
        at += 1;
    }
    (reading != Reading::Literal).then_some("an operator has no end: `%` alone must be written `%%`")
}

#[cfg(test)]
mod tests {
    use super::value_problem;

    #[test]
    fn values_are_those_that_envoy_takes() {
        for (value, right) in [
            ("foo", true),
            ("%HOSTNAME%", true),
            ("100%%", true),
            ("a %REQ(x-y)% b", true),
            ("%UPSTREAM_METADATA([\"a\", \"b\"])%", true),
            ("abc%123", false),
            ("%START_TIME%%", false),
            ("%REQ(x-y)x%", false),
            ("a\u{1}b", false),
        ] {
            assert_eq!(value_problem(value).is_none(), right, "{value}");
        }
    }
}
