//! Conditions on a request.

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, PathMatch, QueryCondition, QueryMatch, RouteMatch, StringMatch,
};
use meshc_envoy as envoy;

use crate::security;

/// Envoy's `RouteMatch`.
pub(crate) fn route_match(matches: &RouteMatch) -> envoy::RouteMatch {
    let mut out = envoy::RouteMatch {
        case_sensitive: matches.is_written.then_some(matches.case_sensitive),
        headers: matches.headers.iter().map(header).collect(),
        query_parameters: matches.query.iter().map(query).collect(),
        dynamic_metadata: matches.metadata.iter().map(security::metadata).collect(),
        ..envoy::RouteMatch::default()
    };
    match &matches.path {
        PathMatch::Exact(path) => out.path = Some(path.clone()),
        PathMatch::Prefix(prefix) => out.prefix = Some(prefix.clone()),
        PathMatch::PathSeparatedPrefix(prefix) => out.path_separated_prefix = Some(prefix.clone()),
        PathMatch::Regex(regex) => out.safe_regex = Some(self::regex(regex)),
    }
    out
}

/// Envoy's `StringMatcher`.
pub(crate) fn string(matches: &StringMatch, ignore_case: bool) -> envoy::StringMatcher {
    let mut out = envoy::StringMatcher { ignore_case, ..envoy::StringMatcher::default() };
    match matches {
        StringMatch::Exact(text) => out.exact = Some(text.clone()),
        StringMatch::Prefix(text) => out.prefix = Some(text.clone()),
        StringMatch::Suffix(text) => out.suffix = Some(text.clone()),
        StringMatch::Contains(text) => out.contains = Some(text.clone()),
        StringMatch::Regex(text) => out.safe_regex = Some(regex(text)),
    }
    out
}

/// Envoy's `RegexMatcher`.
pub(crate) fn regex(regex: &str) -> envoy::RegexMatcher {
    envoy::RegexMatcher { regex: regex.to_owned(), ..envoy::RegexMatcher::default() }
}

/// Envoy's `HeaderMatcher`.
pub(crate) fn header(matches: &HeaderMatch) -> envoy::HeaderMatcher {
    let (present, value) = match &matches.condition {
        HeaderCondition::Present => (Some(true), None),
        HeaderCondition::Value(value) => (None, Some(string(value, matches.ignore_case))),
    };
    envoy::HeaderMatcher {
        name: matches.name.clone(),
        present_match: present,
        string_match: value,
        invert_match: matches.invert,
        treat_missing_header_as_empty: matches.treat_missing_as_empty,
        ..envoy::HeaderMatcher::default()
    }
}

fn query(matches: &QueryMatch) -> envoy::QueryParameterMatcher {
    let (present, value) = match &matches.condition {
        QueryCondition::Present => (Some(true), None),
        QueryCondition::Value(value) => (None, Some(string(value, false))),
    };
    envoy::QueryParameterMatcher { name: matches.name.clone(), present_match: present, string_match: value }
}
