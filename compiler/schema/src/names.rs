//! The forms of names that the API server asks for: each function says what is wrong, if anything is.

/// A label of DNS: 63 lower-case letters, digits and dashes, neither the first nor the last a dash.
pub fn dns1123_label(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".to_owned());
    }
    (!is_label(text)).then(|| {
        "must consist of lower-case letters, digits and `-`, and begin and end with a letter or digit"
            .to_owned()
    })
}

/// Labels of DNS with dots between them: 253 characters at most.
pub fn dns1123_subdomain(text: &str) -> Option<String> {
    if text.len() > 253 {
        return Some("must be no more than 253 characters".to_owned());
    }
    (!text.split('.').all(is_label)).then(|| {
        "must consist of lower-case letters, digits, `-` and `.`, and begin and end with a letter or digit".to_owned()
    })
}

/// As a label of DNS, with a letter first: what names of Services are.
pub fn dns1035_label(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".to_owned());
    }
    (!is_label(text) || !text.starts_with(|c: char| c.is_ascii_lowercase())).then(|| {
        "must consist of lower-case letters, digits and `-`, begin with a letter, and end with a letter or digit"
            .to_owned()
    })
}

/// The value of a label of an object.
pub fn label_value(text: &str) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".to_owned());
    }
    (!text.is_empty() && !is_word(text)).then(|| {
        "must consist of letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit"
            .to_owned()
    })
}

/// The key of a label or annotation: a name, with a DNS name and a slash before it or not.
pub fn qualified_name(text: &str) -> Option<String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            return Some("has an empty prefix".to_owned());
        }
        if let Some(problem) = dns1123_subdomain(prefix) {
            return Some(format!("has a prefix that {problem}"));
        }
    }
    if name.len() > 63 {
        return Some("has a name of more than 63 characters".to_owned());
    }
    (!is_word(name)).then(|| {
        "must be letters, digits, `-`, `_` and `.` that begin and end with a letter or digit, with a DNS name and `/` \
         before them or not"
            .to_owned()
    })
}

fn is_label(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(ends) && text.ends_with(ends) && text.chars().all(|c| ends(c) || c == '-')
}

fn is_word(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(ends)
        && text.ends_with(ends)
        && text.chars().all(|c| ends(c) || matches!(c, '-' | '_' | '.'))
}
