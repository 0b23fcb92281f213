//! Matchers of texts, headers and query parameters.

use crate::message::message;
use crate::scalar::{Empty, Int64};

message! {
    /// `envoy.type.matcher.v3.StringMatcher`: one of the kinds.
    pub struct StringMatcher {
        /// The whole text.
        pub exact: Option<String>,
        /// Its beginning.
        pub prefix: Option<String>,
        /// Its end.
        pub suffix: Option<String>,
        /// A regular expression of the whole text.
        pub safe_regex: Option<RegexMatcher>,
        /// A part of it.
        pub contains: Option<String>,
        /// Upper and lower case are the same; not for `safe_regex`.
        pub ignore_case: bool,
    }

    /// A regular expression in RE2's syntax, matched against the whole text.
    pub struct RegexMatcher {
        /// The engine, which can only be RE2.
        pub google_re2: Option<Empty>,
        /// The expression.
        pub regex: String,
    }

    /// `envoy.type.matcher.v3.RegexMatchAndSubstitute`: replaces every occurrence.
    pub struct RegexMatchAndSubstitute {
        /// What is replaced.
        pub pattern: Option<RegexMatcher>,
        /// By what; `\1` is the first group.
        pub substitution: String,
    }

    /// `envoy.config.route.v3.HeaderMatcher`: one kind, or presence where none is set.
    pub struct HeaderMatcher {
        /// The header.
        pub name: String,
        /// Its value as text; several values joined by a comma.
        pub string_match: Option<StringMatcher>,
        /// Its value as a number, from `start` up to but not `end`.
        pub range_match: Option<Int64Range>,
        /// Whether it is there.
        pub present_match: Option<bool>,
        /// Matches what would not.
        pub invert_match: bool,
        /// An absent header is one with an empty value.
        pub treat_missing_header_as_empty: bool,
    }

    /// A range of whole numbers, its end excluded.
    pub struct Int64Range {
        /// First.
        pub start: Int64,
        /// After the last.
        pub end: Int64,
    }

    /// `envoy.config.route.v3.QueryParameterMatcher`: one kind, or presence where none is set.
    pub struct QueryParameterMatcher {
        /// The parameter.
        pub name: String,
        /// Its first value.
        pub string_match: Option<StringMatcher>,
        /// Whether it is there.
        pub present_match: Option<bool>,
    }

    /// `envoy.type.matcher.v3.MetadataMatcher`: a value that a filter left with a request.
    pub struct MetadataMatcher {
        /// The filter's name.
        pub filter: String,
        /// Keys, outermost first.
        pub path: Vec<MetadataPathSegment>,
        /// What must hold of the value.
        pub value: Option<ValueMatcher>,
        /// Matches what would not.
        pub invert: bool,
    }

    /// One key of a path.
    pub struct MetadataPathSegment {
        /// The key.
        pub key: String,
    }

    /// `envoy.type.matcher.v3.ValueMatcher`: one of the kinds.
    pub struct ValueMatcher {
        /// A text.
        pub string_match: Option<StringMatcher>,
        /// A list.
        pub list_match: Option<ListMatcher>,
        /// One of several.
        pub or_match: Option<OrMatcher>,
    }

    /// `envoy.type.matcher.v3.ListMatcher`.
    pub struct ListMatcher {
        /// What must hold of one item.
        pub one_of: Option<Box<ValueMatcher>>,
    }

    /// `envoy.type.matcher.v3.OrMatcher`.
    pub struct OrMatcher {
        /// The matchers.
        pub value_matchers: Vec<ValueMatcher>,
    }
}
