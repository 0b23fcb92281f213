//! Conditions on a request, with Envoy's reading.

use serde::Serialize;

use super::MetadataMatch;

/// A condition on one string, Envoy's `StringMatcher`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StringMatch {
    /// Equal.
    Exact(String),
    /// Starts with.
    Prefix(String),
    /// Ends with.
    Suffix(String),
    /// Has inside.
    Contains(String),
    /// The whole string is in the language of an RE2 expression.
    Regex(String),
}

/// A condition on the path, without query and fragment, after normalisation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMatch {
    /// Equal.
    Exact(String),
    /// Starts with; not bound to segments.
    Prefix(String),
    /// Equal, or continues with a slash: Envoy's `path_separated_prefix`.
    PathSeparatedPrefix(String),
    /// The whole path is in the language of an RE2 expression.
    Regex(String),
}

impl PathMatch {
    /// Every path.
    pub fn any() -> Self {
        Self::Prefix("/".to_owned())
    }
}

/// What must hold of a header's value (repeated values joined by a comma).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderCondition {
    /// It is there, with any value, also an empty one.
    Present,
    /// It is there and its value matches.
    Value(StringMatch),
}

/// A condition on a header or pseudo-header (`:method`, `:authority`, `:scheme`), Envoy's `HeaderMatcher`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct HeaderMatch {
    /// As written; compared without case.
    pub name: String,
    /// The condition.
    pub condition: HeaderCondition,
    /// The opposite is wanted. A header that is absent matches neither `Value` nor its opposite, unless
    /// `treat_missing_as_empty`.
    pub invert: bool,
    /// An absent header counts as one with an empty value.
    pub treat_missing_as_empty: bool,
    /// Case does not count in the value (Istio's `ignoreUriCase` has no counterpart here; authority has).
    pub ignore_case: bool,
}

/// What must hold of a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryCondition {
    /// It is there.
    Present,
    /// Its (first) value matches.
    Value(StringMatch),
}

/// A condition on a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct QueryMatch {
    /// Exact, with case.
    pub name: String,
    /// The condition.
    pub condition: QueryCondition,
}

/// All conditions of a route; all must hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RouteMatch {
    /// On the path.
    pub path: PathMatch,
    /// False for Istio's `ignoreUriCase`; a regex keeps its case.
    pub case_sensitive: bool,
    /// It stands in a `match` of its own, where Istio writes out what Envoy assumes about case.
    pub is_written: bool,
    /// On headers, in Istio's order.
    pub headers: Vec<HeaderMatch>,
    /// On query parameters.
    pub query: Vec<QueryMatch>,
    /// On what filters left: claims of tokens, at gateways.
    pub metadata: Vec<MetadataMatch>,
}

impl RouteMatch {
    /// Every request.
    pub fn any() -> Self {
        Self {
            path: PathMatch::any(),
            case_sensitive: true,
            is_written: false,
            headers: Vec::new(),
            query: Vec::new(),
            metadata: Vec::new(),
        }
    }

    /// Whether every request is matched for certain.
    pub fn is_any(&self) -> bool {
        self.path == PathMatch::any()
            && self.headers.is_empty()
            && self.query.is_empty()
            && self.metadata.is_empty()
    }
}
