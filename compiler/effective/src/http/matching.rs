//! Conditions of a VirtualService as Envoy's.

use indexmap::IndexMap;
use meshc_mesh::Semantics;
use meshc_resources::istio::{self, HttpMatch};
use meshc_syntax::de::Spanned;

use crate::model::{
    HeaderCondition, HeaderMatch, MetadataMatch, PathMatch, QueryCondition, QueryMatch, RouteMatch,
    StringMatch, ValueMatch,
};
use crate::security::conditions;

/// All conditions of one `match`; every request where there is none.
pub(super) fn route_match(condition: Option<&HttpMatch>, semantics: Semantics) -> RouteMatch {
    let Some(condition) = condition else { return RouteMatch::any() };
    let mut headers: Vec<HeaderMatch> = condition
        .headers
        .iter()
        .filter(|(name, _)| claim(name).is_none())
        .map(|(name, value)| header(name, value))
        .chain(
            condition
                .without_headers
                .iter()
                .filter(|(name, _)| claim(name).is_none())
                .map(|(name, value)| without(name, value)),
        )
        .collect();
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    let pseudo = [
        (":method", &condition.method),
        (":authority", &condition.authority),
        (":scheme", &condition.scheme),
    ];
    headers.extend(pseudo.into_iter().filter_map(|(name, value)| Some(header(name, value.as_ref()?))));
    RouteMatch {
        path: condition.uri.as_ref().and_then(|uri| path(uri, semantics)).unwrap_or_else(PathMatch::any),
        is_written: true,
        case_sensitive: !condition.ignore_uri_case.as_ref().is_some_and(|ignore| ignore.value),
        headers,
        query: query(&condition.query_params),
        metadata: claims(condition),
    }
}

/// How a VirtualService writes conditions on claims of tokens, as if they were headers.
const CLAIMS: &str = "@request.auth.claims";

/// The names of a claim within claims: `@request.auth.claims.a.b` or `@request.auth.claims[a][b]`.
fn claim(header: &str) -> Option<Vec<String>> {
    let start = header.get(..CLAIMS.len())?;
    let rest = header.get(CLAIMS.len()..).filter(|_| start.eq_ignore_ascii_case(CLAIMS))?;
    let names: Vec<&str> = if let Some(names) = rest.strip_prefix('.').filter(|names| !names.is_empty()) {
        names.split('.').collect()
    } else {
        let names = rest.strip_prefix('[')?.strip_suffix(']').filter(|names| !names.is_empty())?;
        names.split("][").collect()
    };
    Some(names.into_iter().map(str::to_owned).collect())
}

/// Conditions on claims, in an order of their own: Istio's is that of a hash table, and the order does not count.
fn claims(condition: &HttpMatch) -> Vec<MetadataMatch> {
    let one = |name: &Spanned<String>, value: &Spanned<istio::StringMatch>, invert: bool| {
        let text = string(value).unwrap_or(StringMatch::Prefix(String::new()));
        let matches = conditions::claim_match(claim(name)?, ValueMatch::Text(text));
        Some(MetadataMatch { invert, ..matches })
    };
    let with = condition.headers.iter().filter_map(|(name, value)| one(name, value, false));
    let without = condition.without_headers.iter().filter_map(|(name, value)| one(name, value, true));
    let mut claims: Vec<MetadataMatch> = with.chain(without).collect();
    claims.sort();
    claims
}

fn path(uri: &istio::StringMatch, semantics: Semantics) -> Option<PathMatch> {
    string(uri).map(|condition| match condition {
        StringMatch::Exact(path) => PathMatch::Exact(path),
        StringMatch::Regex(path) => PathMatch::Regex(path),
        // Other APIs' prefixes are those of segments.
        StringMatch::Prefix(path) if semantics != Semantics::Istio && path != "/" => {
            PathMatch::PathSeparatedPrefix(path.strip_suffix('/').unwrap_or(&path).to_owned())
        }
        StringMatch::Prefix(path) | StringMatch::Suffix(path) | StringMatch::Contains(path) => {
            PathMatch::Prefix(path)
        }
    })
}

/// Istio's condition on a string; none where it says nothing.
pub(super) fn string(condition: &istio::StringMatch) -> Option<StringMatch> {
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    text(&condition.exact)
        .map(StringMatch::Exact)
        .or_else(|| text(&condition.prefix).map(StringMatch::Prefix))
        .or_else(|| text(&condition.regex).map(StringMatch::Regex))
}

/// Like [`string`], but with Istio's reading of the expression `*`, which is none: anything that is there.
fn value(condition: &istio::StringMatch) -> Option<StringMatch> {
    string(condition).filter(|condition| *condition != StringMatch::Regex("*".to_owned()))
}

fn header(name: &str, condition: &istio::StringMatch) -> HeaderMatch {
    HeaderMatch {
        name: name.to_owned(),
        condition: value(condition).map_or(HeaderCondition::Present, HeaderCondition::Value),
        invert: false,
        treat_missing_as_empty: false,
        ignore_case: false,
    }
}

/// The opposite: a header that is absent counts as empty, so that it does not have the value.
fn without(name: &str, condition: &istio::StringMatch) -> HeaderMatch {
    let header = header(name, condition);
    HeaderMatch {
        invert: true,
        treat_missing_as_empty: header.condition != HeaderCondition::Present,
        ..header
    }
}

/// By name: Istio's order is that of a hash table, and the order does not count.
fn query(params: &IndexMap<Spanned<String>, Spanned<istio::StringMatch>>) -> Vec<QueryMatch> {
    let mut params: Vec<_> = params
        .iter()
        .map(|(name, condition)| QueryMatch {
            name: name.value.clone(),
            condition: value(condition).map_or(QueryCondition::Present, QueryCondition::Value),
        })
        .collect();
    params.sort_by(|a, b| a.name.cmp(&b.name));
    params
}
