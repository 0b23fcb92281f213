//! Whether a route takes a request, and if not, which condition failed.

use std::fmt;

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, MetadataMatch, PathMatch, QueryCondition, QueryMatch, RouteMatch,
    StringMatch,
};

use crate::regexes::Regexes;
use crate::security::metadata_matches;
use crate::seen::Seen;
use meshc_re2::Error as Re2Error;

/// The first condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mismatch<'r> {
    /// The path's.
    Path(&'r RouteMatch),
    /// A header's, with the value that was there.
    Header(&'r HeaderMatch, Option<String>),
    /// A query parameter's, with the value that was there.
    Query(&'r QueryMatch, Option<String>),
    /// A claim's of the request's token.
    Claim(&'r MetadataMatch),
}

/// `None` if every condition holds.
pub(crate) fn mismatch<'r>(
    conditions: &'r RouteMatch,
    seen: &Seen,
    regexes: &Regexes,
) -> Result<Option<Mismatch<'r>>, Re2Error> {
    if !path_matches(conditions, seen.path_only(), regexes)? {
        return Ok(Some(Mismatch::Path(conditions)));
    }
    for header in &conditions.headers {
        let value = seen.header(&header.name);
        if !header_matches(header, value.as_deref(), regexes)? {
            return Ok(Some(Mismatch::Header(header, value)));
        }
    }
    for query in &conditions.query {
        let value = seen.query(&query.name);
        let holds = match (&query.condition, value) {
            (_, None) => false,
            (QueryCondition::Present, Some(_)) => true,
            (QueryCondition::Value(condition), Some(value)) => {
                string_matches(condition, value, false, regexes)?
            }
        };
        if !holds {
            return Ok(Some(Mismatch::Query(query, value.map(str::to_owned))));
        }
    }
    for claim in &conditions.metadata {
        if !metadata_matches(claim, &seen.metadata, regexes)? {
            return Ok(Some(Mismatch::Claim(claim)));
        }
    }
    Ok(None)
}

/// The bytes of the path that a prefix rewrite replaces: the prefix, or everything.
pub(crate) fn matched_len(path: &PathMatch, path_only: &str) -> usize {
    match path {
        PathMatch::Exact(s) | PathMatch::Prefix(s) | PathMatch::PathSeparatedPrefix(s) => {
            s.len().min(path_only.len())
        }
        PathMatch::Regex(_) => path_only.len(),
    }
}

fn path_matches(conditions: &RouteMatch, path: &str, regexes: &Regexes) -> Result<bool, Re2Error> {
    let ignore_case = !conditions.case_sensitive;
    Ok(match &conditions.path {
        PathMatch::Exact(exact) => equal(path, exact, ignore_case),
        PathMatch::Prefix(prefix) => starts_with(path, prefix, ignore_case),
        PathMatch::PathSeparatedPrefix(prefix) => {
            starts_with(path, prefix, ignore_case)
                && matches!(path.as_bytes().get(prefix.len()), None | Some(b'/'))
        }
        PathMatch::Regex(pattern) => regexes.full_match(pattern, path)?,
    })
}

/// A condition on a header whose value is this, or which is not there.
pub(crate) fn header_matches(
    header: &HeaderMatch,
    value: Option<&str>,
    regexes: &Regexes,
) -> Result<bool, Re2Error> {
    let value = value.or(header.treat_missing_as_empty.then_some(""));
    let holds = match (&header.condition, value) {
        (HeaderCondition::Present, value) => value.is_some(),
        // An absent header is neither like this nor unlike it.
        (HeaderCondition::Value(_), None) => return Ok(false),
        (HeaderCondition::Value(condition), Some(value)) => {
            string_matches(condition, value, header.ignore_case, regexes)?
        }
    };
    Ok(holds != header.invert)
}

/// A condition on one string; case does not count in ASCII letters only, and never in an expression.
pub(crate) fn string_matches(
    condition: &StringMatch,
    value: &str,
    ignore_case: bool,
    regexes: &Regexes,
) -> Result<bool, Re2Error> {
    Ok(match condition {
        StringMatch::Exact(exact) => equal(value, exact, ignore_case),
        StringMatch::Prefix(prefix) => starts_with(value, prefix, ignore_case),
        StringMatch::Suffix(suffix) => {
            value.len() >= suffix.len()
                && same(&value.as_bytes()[value.len() - suffix.len()..], suffix.as_bytes(), ignore_case)
        }
        StringMatch::Contains(part) if ignore_case => {
            value.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
        }
        StringMatch::Contains(part) => value.contains(part.as_str()),
        StringMatch::Regex(pattern) => regexes.full_match(pattern, value)?,
    })
}

fn same(a: &[u8], b: &[u8], ignore_case: bool) -> bool {
    if ignore_case { a.eq_ignore_ascii_case(b) } else { a == b }
}

fn equal(a: &str, b: &str, ignore_case: bool) -> bool {
    same(a.as_bytes(), b.as_bytes(), ignore_case)
}

fn starts_with(text: &str, prefix: &str, ignore_case: bool) -> bool {
    text.len() >= prefix.len() && same(&text.as_bytes()[..prefix.len()], prefix.as_bytes(), ignore_case)
}

// === for people ===

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(conditions) => write!(f, "{}", PathText(conditions)),
            Self::Header(header, value) => write!(f, "{} ({})", HeaderText(header), there(value.as_deref())),
            Self::Claim(claim) => write!(f, "{}", ClaimText(claim)),
            Self::Query(query, value) => write!(f, "{} ({})", QueryText(query), there(value.as_deref())),
        }
    }
}

fn there(value: Option<&str>) -> String {
    value.map_or_else(|| "it is absent".to_owned(), |value| format!("it is {value:?}"))
}

/// Every condition as a phrase, the path's first.
pub(crate) fn phrases(conditions: &RouteMatch) -> Vec<String> {
    let mut phrases = Vec::new();
    if conditions.path != PathMatch::any() {
        phrases.push(PathText(conditions).to_string());
    }
    phrases.extend(conditions.headers.iter().map(|h| HeaderText(h).to_string()));
    phrases.extend(conditions.query.iter().map(|q| QueryText(q).to_string()));
    phrases.extend(conditions.metadata.iter().map(|claim| ClaimText(claim).to_string()));
    phrases
}

struct PathText<'r>(&'r RouteMatch);

impl fmt::Display for PathText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.path {
            PathMatch::Exact(path) => write!(f, "path is {path}")?,
            PathMatch::Prefix(path) => write!(f, "path starts with {path}")?,
            PathMatch::PathSeparatedPrefix(path) => write!(f, "path is {path} or below it")?,
            PathMatch::Regex(pattern) => return write!(f, "path matches {pattern}"),
        }
        if self.0.case_sensitive { Ok(()) } else { f.write_str(" in any case") }
    }
}

struct ClaimText<'r>(&'r MetadataMatch);

impl fmt::Display for ClaimText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: Vec<&str> = self.0.path.iter().skip(1).map(String::as_str).collect();
        let verb = if self.0.invert { "does not match" } else { "matches" };
        write!(f, "the token's claim {} {verb} {:?}", path.join("."), self.0.value)
    }
}

struct HeaderText<'r>(&'r HeaderMatch);

impl fmt::Display for HeaderText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0.name.as_str() {
            ":method" => "method".to_owned(),
            ":authority" => "authority".to_owned(),
            ":scheme" => "scheme".to_owned(),
            name => format!("header {name}"),
        };
        let not = if self.0.invert { " not" } else { "" };
        match &self.0.condition {
            HeaderCondition::Present => write!(f, "{name} is{not} there")?,
            HeaderCondition::Value(condition) => write!(f, "{name}{not} {}", StringText(condition))?,
        }
        if self.0.treat_missing_as_empty { f.write_str(", absent counting as empty") } else { Ok(()) }
    }
}

struct QueryText<'r>(&'r QueryMatch);

impl fmt::Display for QueryText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.condition {
            QueryCondition::Present => write!(f, "query parameter {} is there", self.0.name),
            QueryCondition::Value(condition) => {
                write!(f, "query parameter {} {}", self.0.name, StringText(condition))
            }
        }
    }
}

struct StringText<'r>(&'r StringMatch);

impl fmt::Display for StringText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            StringMatch::Exact(text) => write!(f, "= {text:?}"),
            StringMatch::Prefix(text) => write!(f, "starting with {text:?}"),
            StringMatch::Suffix(text) => write!(f, "ending with {text:?}"),
            StringMatch::Contains(text) => write!(f, "containing {text:?}"),
            StringMatch::Regex(pattern) => write!(f, "matching {pattern}"),
        }
    }
}
