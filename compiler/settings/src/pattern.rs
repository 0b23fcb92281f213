//! Names with wildcards: `*` stands for any number of characters.

/// Whether a name is one that the pattern means.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether `NAMESPACE/NAME` is meant; a pattern without a slash is a name in any namespace.
pub(crate) fn matches_key(pattern: &str, namespace: &str, name: &str) -> bool {
    match pattern.split_once('/') {
        Some((of, named)) => matches(of, namespace) && matches(named, name),
        None => matches(pattern, name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*.prod", "a.b.prod", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*a", "a", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        assert!(matches_key("team-*/gw", "team-a", "gw"));
        assert!(matches_key("gw", "any", "gw"));
        assert!(!matches_key("team-*/gw", "other", "gw"));
    }
}
