//! Matchers of texts, headers and query parameters, and parts of all requests.

use std::borrow::Cow;

use meshc_envoy as envoy;
use meshc_re2::Regex;

use crate::error::{At, ConfigError};
use crate::re2;
use crate::request::{RequestView, header_value};

/// A matcher of texts.
#[derive(Debug, Clone)]
pub enum StringMatcher {
    /// The whole text.
    Exact(Box<[u8]>, bool),
    /// Its beginning.
    Prefix(Box<[u8]>, bool),
    /// Its end.
    Suffix(Box<[u8]>, bool),
    /// A part of it.
    Contains(Box<[u8]>, bool),
    /// A regular expression of the whole text.
    Regex(Regex),
}

impl StringMatcher {
    pub(crate) fn new(matcher: &envoy::StringMatcher, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::StringMatcher { exact, prefix, suffix, safe_regex, contains, ignore_case } = matcher;
        let fold = *ignore_case;
        // Envoy compares with the matcher's own text lowered, so do it once.
        let text = |text: &String| {
            if fold {
                text.to_ascii_lowercase().into_bytes().into()
            } else {
                text.clone().into_bytes().into()
            }
        };
        let not_empty = |text: &str, name: &str| {
            if text.is_empty() { Err(at.field(name).error("must not be empty")) } else { Ok(()) }
        };
        match (exact, prefix, suffix, safe_regex, contains) {
            (Some(exact), None, None, None, None) => Ok(Self::Exact(text(exact), fold)),
            (None, Some(prefix), None, None, None) => {
                not_empty(prefix, "prefix")?;
                Ok(Self::Prefix(text(prefix), fold))
            }
            (None, None, Some(suffix), None, None) => {
                not_empty(suffix, "suffix")?;
                Ok(Self::Suffix(text(suffix), fold))
            }
            (None, None, None, Some(regex), None) => {
                if fold {
                    return Err(at.field("ignore_case").error("has no effect on safe_regex"));
                }
                Ok(Self::Regex(regex_matcher(regex, &at.field("safe_regex"))?))
            }
            (None, None, None, None, Some(contains)) => {
                not_empty(contains, "contains")?;
                Ok(Self::Contains(text(contains), fold))
            }
            _ => Err(at.error("one of exact, prefix, suffix, safe_regex and contains must be set")),
        }
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        match self {
            Self::Exact(exact, false) => **exact == *text,
            Self::Exact(exact, true) => exact.eq_ignore_ascii_case(text),
            Self::Prefix(prefix, false) => text.starts_with(prefix),
            Self::Prefix(prefix, true) => {
                text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            }
            Self::Suffix(suffix, false) => text.ends_with(suffix),
            Self::Suffix(suffix, true) => text
                .len()
                .checked_sub(suffix.len())
                .is_some_and(|start| text[start..].eq_ignore_ascii_case(suffix)),
            Self::Contains(part, fold) => text
                .windows(part.len())
                .any(|window| if *fold { window.eq_ignore_ascii_case(part) } else { window == &**part }),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Compiles a `RegexMatcher`.
pub(crate) fn regex_matcher(matcher: &envoy::RegexMatcher, at: &At<'_>) -> Result<Regex, ConfigError> {
    let envoy::RegexMatcher { google_re2: _, regex } = matcher;
    re2::full_match(regex, &at.field("regex"))
}

/// A matcher of one header.
#[derive(Debug, Clone)]
pub struct HeaderMatcher {
    name: Box<str>,
    kind: HeaderMatch,
    invert: bool,
    missing_is_empty: bool,
}

#[derive(Debug, Clone)]
enum HeaderMatch {
    Present(bool),
    Text(StringMatcher),
    Range(i64, i64),
}

impl HeaderMatcher {
    pub(crate) fn new(matcher: &envoy::HeaderMatcher, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::HeaderMatcher {
            name,
            string_match,
            range_match,
            present_match,
            invert_match,
            treat_missing_header_as_empty,
        } = matcher;
        if name.is_empty() {
            return Err(at.field("name").error("must not be empty"));
        }
        let kind = match (string_match, range_match, present_match) {
            (None, None, None) => HeaderMatch::Present(true),
            (None, None, Some(present)) => HeaderMatch::Present(*present),
            (Some(text), None, None) => {
                HeaderMatch::Text(StringMatcher::new(text, &at.field("string_match"))?)
            }
            (None, Some(range), None) => HeaderMatch::Range(range.start.0, range.end.0),
            _ => return Err(at.error("only one of string_match, range_match and present_match can be set")),
        };
        Ok(Self {
            name: name.to_ascii_lowercase().into(),
            kind,
            invert: *invert_match,
            missing_is_empty: *treat_missing_header_as_empty,
        })
    }

    /// Whether a request matches.
    pub fn matches(&self, request: &RequestView<'_>) -> bool {
        self.matches_value(header_value(request, &self.name))
    }

    /// Whether the value of the header matches.
    fn matches_value(&self, value: Option<Cow<'_, [u8]>>) -> bool {
        let found = match (&self.kind, value) {
            // Presence asks for the header itself, whatever stands for a missing one.
            (HeaderMatch::Present(present), value) => value.is_some() == *present,
            // A missing header matches nothing, inverted or not.
            (_, None) if !self.missing_is_empty => return false,
            (HeaderMatch::Text(text), value) => text.matches(&value.unwrap_or_default()),
            (HeaderMatch::Range(start, end), value) => std::str::from_utf8(&value.unwrap_or_default())
                .ok()
                .and_then(|text| text.trim().parse::<i64>().ok())
                .is_some_and(|number| (*start..*end).contains(&number)),
        };
        found != self.invert
    }

    /// Whether headers of a response match.
    pub fn matches_headers(&self, headers: &http::HeaderMap) -> bool {
        self.matches_value(crate::request::joined(headers, &self.name))
    }
}

/// A matcher of one query parameter.
#[derive(Debug, Clone)]
pub(crate) struct QueryMatcher {
    name: Box<str>,
    kind: Option<StringMatcher>,
    present: bool,
}

impl QueryMatcher {
    pub(crate) fn new(matcher: &envoy::QueryParameterMatcher, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::QueryParameterMatcher { name, string_match, present_match } = matcher;
        if name.is_empty() {
            return Err(at.field("name").error("must not be empty"));
        }
        if string_match.is_some() && present_match.is_some() {
            return Err(at.error("only one of string_match and present_match can be set"));
        }
        let kind = string_match
            .as_ref()
            .map(|text| StringMatcher::new(text, &at.field("string_match")))
            .transpose()?;
        Ok(Self { name: name.as_str().into(), kind, present: present_match.unwrap_or(true) })
    }

    /// Whether the path's query matches; names and values are compared as they stand, without decoding.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let value = first_parameter(path, &self.name);
        match &self.kind {
            None => value.is_some() == self.present,
            Some(text) => value.is_some_and(|value| text.matches(value.as_bytes())),
        }
    }
}

/// The first value of a query parameter.
fn first_parameter<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A part of all requests, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part(u32);

impl Part {
    /// All requests.
    pub const ALL: Self = Self(1_000_000);

    pub(crate) fn new(percent: &envoy::FractionalPercent) -> Self {
        let scale = match percent.denominator {
            envoy::DenominatorType::Hundred => 10_000,
            envoy::DenominatorType::TenThousand => 100,
            envoy::DenominatorType::Million => 1,
        };
        Self(percent.numerator.saturating_mul(scale).min(1_000_000))
    }

    pub(crate) fn runtime(
        fraction: &envoy::RuntimeFractionalPercent,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        // The key would only matter to Envoy's runtime, of which mesh-proxy has none: the default applies.
        let Some(percent) = &fraction.default_value else {
            return Err(at.field("default_value").error("must be set"));
        };
        Ok(Self::new(percent))
    }

    /// Whether a random number falls into the part.
    pub fn contains(self, random: u64) -> bool {
        random % 1_000_000 < u64::from(self.0)
    }
}
