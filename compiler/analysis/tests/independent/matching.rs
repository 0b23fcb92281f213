//! Whether a route takes a request, from Envoy's descriptions of `RouteMatch`, `HeaderMatcher` and `StringMatcher`.

use std::cell::RefCell;
use std::collections::HashMap;

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, PathMatch, QueryCondition, RouteMatch, StringMatch,
};

use super::Sent;

thread_local! {
    /// Compiling an expression costs far more than all its matches here.
    static REGEXES: RefCell<HashMap<String, Option<regex::bytes::Regex>>> = RefCell::default();
}

/// Whether an expression matches the whole text; one that is refused matches nothing.
pub(crate) fn regex_holds(pattern: &str, text: &str) -> bool {
    REGEXES.with_borrow_mut(|known| {
        let compile = || {
            let whole = format!(r"\A(?:{pattern})\z");
            regex::bytes::RegexBuilder::new(&whole).unicode(false).build().ok()
        };
        let regex = known.entry(pattern.to_owned()).or_insert_with(compile);
        regex.as_ref().is_some_and(|regex| regex.is_match(text.as_bytes()))
    })
}

/// A condition on a text that is there.
pub(crate) fn text_holds(condition: &StringMatch, text: &str, ignore_case: bool) -> bool {
    let fold = |text: &str| if ignore_case { text.to_ascii_lowercase() } else { text.to_owned() };
    match condition {
        StringMatch::Exact(wanted) => fold(text) == fold(wanted),
        StringMatch::Prefix(wanted) => fold(text).starts_with(&fold(wanted)),
        StringMatch::Suffix(wanted) => fold(text).ends_with(&fold(wanted)),
        StringMatch::Contains(wanted) => fold(text).contains(&fold(wanted)),
        StringMatch::Regex(pattern) => regex_holds(pattern, text),
    }
}

/// The condition on the path.
pub(crate) fn path_holds(conditions: &RouteMatch, path: &str) -> bool {
    let fold =
        |text: &str| if conditions.case_sensitive { text.to_owned() } else { text.to_ascii_lowercase() };
    match &conditions.path {
        PathMatch::Exact(wanted) => fold(path) == fold(wanted),
        PathMatch::Prefix(wanted) => fold(path).starts_with(&fold(wanted)),
        PathMatch::PathSeparatedPrefix(wanted) => {
            let (path, wanted) = (fold(path), fold(wanted));
            path == wanted || path.starts_with(&format!("{wanted}/"))
        }
        PathMatch::Regex(pattern) => regex_holds(pattern, path),
    }
}

/// The condition on a header or pseudo-header.
pub(crate) fn header_holds(header: &HeaderMatch, sent: &Sent) -> bool {
    let name = header.name.to_ascii_lowercase();
    let value = match name.as_str() {
        ":method" => Some(sent.method.clone()),
        ":authority" | "host" => Some(sent.authority.clone()),
        ":path" => Some(sent.target()),
        ":scheme" => Some("http".to_owned()),
        name => sent.headers.get(name).cloned(),
    };
    let value = match value {
        None if header.treat_missing_as_empty => Some(String::new()),
        value => value,
    };
    match &header.condition {
        HeaderCondition::Present => value.is_some() != header.invert,
        // What is not there is neither like a value nor unlike it.
        HeaderCondition::Value(condition) => {
            value.is_some_and(|value| text_holds(condition, &value, header.ignore_case) != header.invert)
        }
    }
}

/// All conditions but the path's.
pub(crate) fn rest_holds(conditions: &RouteMatch, sent: &Sent) -> bool {
    let query = conditions.query.iter().all(|query| {
        let value = sent.query.iter().find(|(name, _)| *name == query.name).map(|(_, value)| value);
        match &query.condition {
            QueryCondition::Present => value.is_some(),
            QueryCondition::Value(condition) => value.is_some_and(|v| text_holds(condition, v, false)),
        }
    });
    // Tokens are none of this world's: a claim that is asked for is not there.
    query
        && conditions.headers.iter().all(|header| header_holds(header, sent))
        && conditions.metadata.is_empty()
}

/// Whether a route takes a request.
pub(crate) fn takes(conditions: &RouteMatch, sent: &Sent) -> bool {
    path_holds(conditions, &sent.path) && rest_holds(conditions, sent)
}
