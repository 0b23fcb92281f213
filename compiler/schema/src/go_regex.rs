//! Go's regular expressions in the words of the crate `regex`: the same family, with a few letters that mean
//! something else.

use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use regex::Regex;

/// Compiles an expression as Go reads it; none if it is no expression.
pub(crate) fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(&translate(pattern)).ok()
}

/// Whether an expression is one as Go reads it. Definitions say a few over and over, so that what was found is kept.
pub(crate) fn is_valid(pattern: &str) -> bool {
    static KNOWN: LazyLock<RwLock<HashMap<String, bool>>> = LazyLock::new(RwLock::default);
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return *known;
    }
    let valid = compile(pattern).is_some();
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < MAX_KNOWN && pattern.len() < MAX_KNOWN {
        known.insert(pattern.to_owned(), valid);
    }
    valid
}

/// How many expressions are kept, and how long they may be in bytes.
const MAX_KNOWN: usize = 1024;

/// Go's `\d`, `\w`, `\s` and `\b` are ASCII; within brackets `[`, `&&`, `--` and `~~` are letters.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    // Within brackets: how many characters of the class have been read.
    let mut class: Option<usize> = None;
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let Some(next) = chars.next() else {
                    out.push('\\');
                    break;
                };
                match (next, class.is_some()) {
                    ('d', false) => out.push_str("[0-9]"),
                    ('d', true) => out.push_str("0-9"),
                    ('D', _) => out.push_str("[^0-9]"),
                    ('w', false) => out.push_str("[0-9A-Za-z_]"),
                    ('w', true) => out.push_str("0-9A-Za-z_"),
                    ('W', _) => out.push_str("[^0-9A-Za-z_]"),
                    ('s', false) => out.push_str(r"[\t\n\f\r ]"),
                    ('s', true) => out.push_str(r"\t\n\f\r "),
                    ('S', _) => out.push_str(r"[^\t\n\f\r ]"),
                    ('b', false) => out.push_str(r"(?-u:\b)"),
                    ('B', false) => out.push_str(r"(?-u:\B)"),
                    ('Q', false) => {
                        let mut quoted = String::new();
                        while let Some(c) = chars.next() {
                            if c == '\\' && chars.peek() == Some(&'E') {
                                chars.next();
                                break;
                            }
                            quoted.push(c);
                        }
                        out.push_str(&regex::escape(&quoted));
                    }
                    _ => {
                        out.push('\\');
                        out.push(next);
                    }
                }
                class = class.map(|read| read + 1);
            }
            '[' => match class {
                None => {
                    class = Some(0);
                    out.push('[');
                    if chars.peek() == Some(&'^') {
                        chars.next();
                        out.push('^');
                    }
                }
                // `[[:alpha:]]`
                Some(read) if chars.peek() == Some(&':') => {
                    out.push('[');
                    for c in chars.by_ref() {
                        out.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                    class = Some(read + 1);
                }
                Some(read) => {
                    out.push_str(r"\[");
                    class = Some(read + 1);
                }
            },
            ']' if class == Some(0) => {
                out.push_str(r"\]");
                class = Some(1);
            }
            ']' => {
                class = None;
                out.push(']');
            }
            '&' | '~' if class.is_some() => {
                out.push('\\');
                out.push(c);
                class = class.map(|read| read + 1);
            }
            '-' if class.is_some() && chars.peek() == Some(&'-') => {
                out.push_str(r"\-");
                class = class.map(|read| read + 1);
            }
            _ => {
                out.push(c);
                class = class.map(|read| read + 1);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn what_go_means_otherwise_is_translated() {
        for (pattern, matching, other) in [
            (r"^\d+$", "12", "١٢"),
            (r"^[\w-]+$", "a-b", "é"),
            (r"^[^]a]$", "b", "]"),
            (r"^[a[]$", "[", "b"),
            (r"^[a&&b]+$", "a&b", "c"),
            (r"^[[:alpha:]]$", "a", "1"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^.{2}$", "éé", "é"),
            (r"^[!-/]$", "&", "a"),
        ] {
            let regex = compile(pattern).expect(pattern);
            assert!(regex.is_match(matching), "{pattern} {matching}");
            assert!(!regex.is_match(other), "{pattern} {other}");
        }
        assert!(compile("(").is_none());
    }
}
