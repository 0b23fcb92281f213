//! Envoy's path templates as expressions.

/// What a segment may hold: RFC 3986's `pchar` without `*`.
const LITERAL: &str = r"a-zA-Z0-9\-._~%!$&'()+,;:@=";

/// The expression that matches what a path template of Envoy's does: `*` is one segment, `**` the rest.
pub fn to_regex(template: &str) -> String {
    let segment = |segment: &str| match segment {
        "*" => format!("[{LITERAL}]+"),
        "**" => format!("[{LITERAL}/]*"),
        literal => {
            let mut quoted = String::with_capacity(literal.len());
            for letter in literal.chars() {
                if !letter.is_ascii_alphanumeric() && letter.is_ascii() {
                    quoted.push('\\');
                }
                quoted.push(letter);
            }
            quoted
        }
    };
    template.split('/').map(segment).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::to_regex;
    use crate::regexes::Regexes;

    #[test]
    fn segments_and_rests_are_matched() {
        let matches = |template: &str, path: &str| {
            Regexes::default().full_match(&to_regex(template), path).expect("an expression")
        };
        assert!(
            matches("/a/*/b", "/a/x-1/b") && !matches("/a/*/b", "/a//b") && !matches("/a/*/b", "/a/x/y/b")
        );
        assert!(matches("/a/**", "/a/") && matches("/a/**", "/a/b/c") && !matches("/a/**", "/a"));
        assert!(matches("/a.b/*", "/a.b/c") && !matches("/a.b/*", "/axb/c"));
    }
}
