//! Values of policies as Envoy's conditions: exact, `PREFIX*`, `*SUFFIX`, or `*` for anything that is not empty.

use crate::model::{HeaderCondition, HeaderMatch, StringMatch};

/// A value that is matched as it is.
pub(super) fn plain(value: &str) -> StringMatch {
    after(value, "")
}

/// A value that is matched behind `prefix`, which does not count for `*`.
pub(super) fn after(value: &str, prefix: &str) -> StringMatch {
    if value == "*" {
        return anything();
    }
    if let Some(suffix) = value.strip_prefix('*') {
        return if prefix.is_empty() {
            StringMatch::Suffix(suffix.to_owned())
        } else {
            StringMatch::Regex(format!("{prefix}.*{}", quote(suffix)))
        };
    }
    match value.strip_suffix('*') {
        Some(start) => StringMatch::Prefix(format!("{prefix}{start}")),
        None => StringMatch::Exact(format!("{prefix}{value}")),
    }
}

/// Any text but the empty one.
pub(super) fn anything() -> StringMatch {
    StringMatch::Regex(".+".to_owned())
}

/// A header's value; `*` is a header that is there.
pub(super) fn header(name: &str, value: &str, ignore_case: bool) -> HeaderMatch {
    let value_match = if value == "*" {
        None
    } else if let Some(suffix) = value.strip_prefix('*') {
        Some(StringMatch::Suffix(suffix.to_owned()))
    } else if let Some(prefix) = value.strip_suffix('*') {
        Some(StringMatch::Prefix(prefix.to_owned()))
    } else {
        Some(StringMatch::Exact(value.to_owned()))
    };
    HeaderMatch {
        name: name.to_owned(),
        ignore_case: ignore_case && value_match.is_some(),
        condition: value_match.map_or(HeaderCondition::Present, HeaderCondition::Value),
        invert: false,
        treat_missing_as_empty: false,
    }
}

/// A text as an expression that matches it, as Go's `regexp.QuoteMeta` writes it.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_exact_prefixes_suffixes_or_anything() {
        assert_eq!(plain("a"), StringMatch::Exact("a".to_owned()));
        assert_eq!(plain("a*"), StringMatch::Prefix("a".to_owned()));
        assert_eq!(plain("*a"), StringMatch::Suffix("a".to_owned()));
        assert_eq!(plain("*"), StringMatch::Regex(".+".to_owned()));
        assert_eq!(after("*/sa/a.b", "spiffe://"), StringMatch::Regex(r"spiffe://.*/sa/a\.b".to_owned()));
        assert_eq!(after("td/*", "spiffe://"), StringMatch::Prefix("spiffe://td/".to_owned()));
        assert_eq!(header("x", "*", true).condition, HeaderCondition::Present);
    }
}
