//! Labels as istiod takes them (`labels.Instance.Validate`).

use indexmap::IndexMap;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::names::is_label;

/// What is wrong with a key or a value, and where.
pub(crate) fn wrong(labels: &IndexMap<Spanned<String>, Spanned<String>>) -> Vec<(Span, String)> {
    let keys = labels
        .keys()
        .filter(|&key| !is_key(&key.value))
        .map(|key| (key.span, format!("`{}` is no key of a label", key.value)));
    let values = labels
        .values()
        .filter(|&value| !is_value(&value.value))
        .map(|value| (value.span, format!("`{}` is no value of a label", value.value)));
    keys.chain(values).collect()
}

/// `NAME` or `PREFIX/NAME`.
fn is_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_label)) && is_name(name)
}

fn is_value(value: &str) -> bool {
    value.is_empty() || is_name(value)
}

/// At most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
fn is_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    bytes.len() <= 63 && bytes.iter().copied().all(inner) && end(bytes.first()) && end(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_that_istiod_takes() {
        for (key, right) in [
            ("a", true),
            ("a.b/c_d", true),
            ("a/", false),
            ("/a", false),
            ("a/b/c", false),
            ("-a", false),
            ("", false),
        ] {
            assert_eq!(is_key(key), right, "{key}");
        }
        for (value, right) in [("", true), ("v1.2_3", true), ("a b", false), ("a-", false)] {
            assert_eq!(is_value(value), right, "{value}");
        }
    }
}
