//! A readable request that a route is for.

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, PathMatch, QueryCondition, RouteMatch, StringMatch,
};
use meshc_predicate::{Field, Language, Limits, SpaceBuilder, Value};
use meshc_trace::Request;

/// The shortest request for `authority` that meets the conditions of `matches`; `None` where a condition is too hard.
pub(super) fn request(matches: &RouteMatch, authority: &str) -> Option<Request> {
    let mut request = Request { authority: authority.to_owned(), ..Request::default() };
    request.path = match &matches.path {
        PathMatch::Exact(path) | PathMatch::Prefix(path) | PathMatch::PathSeparatedPrefix(path) => {
            path.clone()
        }
        PathMatch::Regex(pattern) => shortest(pattern, "/[!-~]*")?,
    };
    for header in matches.headers.iter().filter(|header| is_wanted(header)) {
        let value = match &header.condition {
            HeaderCondition::Present => "1".to_owned(),
            HeaderCondition::Value(string) => text(string)?,
        };
        match header.name.to_ascii_lowercase().as_str() {
            ":method" => request.method = value,
            ":authority" => request.authority = value,
            // The scheme is that of the listener.
            ":scheme" => {}
            name => request.headers.push((name.to_owned(), value)),
        }
    }
    let mut separator = '?';
    for query in &matches.query {
        let value = match &query.condition {
            QueryCondition::Present => "1".to_owned(),
            QueryCondition::Value(string) => text(string)?,
        };
        request.path.push(separator);
        request.path.extend([query.name.as_str(), "=", &value]);
        separator = '&';
    }
    Some(request)
}

/// Whether the request must carry the header: what must not match is simply left out.
fn is_wanted(header: &HeaderMatch) -> bool {
    !header.invert
}

fn text(string: &StringMatch) -> Option<String> {
    match string {
        StringMatch::Exact(text) | StringMatch::Prefix(text) | StringMatch::Suffix(text) => {
            Some(text.clone())
        }
        StringMatch::Contains(text) => Some(text.clone()),
        StringMatch::Regex(pattern) => shortest(pattern, "[!-~]+"),
    }
}

/// The shortest string that an RE2 expression matches as a whole, among those of `universe`.
fn shortest(pattern: &str, universe: &str) -> Option<String> {
    let mut builder = SpaceBuilder::new(Limits::default());
    let field = builder.field(Field::required("text", Language::regex(universe).ok()?));
    let wanted = builder.condition(field, Language::regex(pattern).ok()?);
    let space = builder.build().ok()?;
    match space.witness(space.condition(wanted))?.get(&field)? {
        Value::Text(text) => Some(text.clone()),
        Value::Absent | Value::Flag(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::shortest;

    #[test]
    fn expressions_have_a_shortest_example() {
        assert_eq!(shortest("/isbn/[0-9]{4}", "/[!-~]*").as_deref(), Some("/isbn/0000"));
        assert_eq!(shortest("x|", "[!-~]+").as_deref(), Some("x"));
        assert_eq!(shortest("é", "[!-~]+"), None);
    }
}
