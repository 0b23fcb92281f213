//! Regular expressions in RE2's syntax on top of the `regex` crate.
//!
//! Both are linear and alike but for: Perl classes and word boundaries, which are ASCII in RE2; `[`, `&&`, `--` and
//! `~~` inside a class, which mean themselves in RE2; `{` that begins no repetition; `\Q…\E`.

use regex::bytes::{Regex, RegexBuilder};

use crate::error::{At, ConfigError};

/// Bytes of an expression that are read at most.
const MAX_PATTERN_BYTES: usize = 32 << 10;
/// Bytes of a compiled expression; RE2's own default is 8 MiB.
const MAX_PROGRAM_BYTES: usize = 8 << 20;

/// Compiles an expression that must match a whole text, as every `safe_regex` of a matcher must.
pub(crate) fn full_match(pattern: &str, at: &At<'_>) -> Result<Regex, ConfigError> {
    compile(pattern, at, true)
}

/// Compiles an expression that is searched for.
pub(crate) fn search(pattern: &str, at: &At<'_>) -> Result<Regex, ConfigError> {
    compile(pattern, at, false)
}

fn compile(pattern: &str, at: &At<'_>, full: bool) -> Result<Regex, ConfigError> {
    if pattern.is_empty() {
        return Err(at.error("the regular expression is empty"));
    }
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(at.error(format!("the regular expression has more than {MAX_PATTERN_BYTES} bytes")));
    }
    let translated = translate(pattern);
    let anchored = if full { format!(r"\A(?:{translated})\z") } else { translated };
    RegexBuilder::new(&anchored).size_limit(MAX_PROGRAM_BYTES).build().map_err(|error| {
        // The last line says what is wrong; those above draw the translated expression.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or("").trim_start_matches("error: ");
        at.error(format!("{pattern:?} is not a regular expression of RE2: {reason}"))
    })
}

/// The same expression in the syntax of the `regex` crate.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' => rest = escape(after, &mut out, false),
            '[' => rest = class(after, &mut out),
            '{' if !begins_repetition(after) => {
                out.push_str(r"\{");
                rest = after;
            }
            _ => {
                out.push(c);
                rest = after;
            }
        }
    }
    out
}

/// Translates what follows a backslash.
fn escape<'a>(rest: &'a str, out: &mut String, in_class: bool) -> &'a str {
    let Some(c) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    let after = &rest[c.len_utf8()..];
    let (inside, outside) = match c {
        'd' => ("0-9", "[0-9]"),
        'D' => ("[^0-9]", "[^0-9]"),
        'w' => ("0-9A-Za-z_", "[0-9A-Za-z_]"),
        'W' => ("[^0-9A-Za-z_]", "[^0-9A-Za-z_]"),
        's' => (r"\t\n\f\r ", r"[\t\n\f\r ]"),
        'S' => (r"[^\t\n\f\r ]", r"[^\t\n\f\r ]"),
        'b' if !in_class => ("", r"(?-u:\b)"),
        'B' if !in_class => ("", r"(?-u:\B)"),
        'Q' if !in_class => {
            let end = after.find(r"\E");
            out.push_str(&regex::escape(end.map_or(after, |end| &after[..end])));
            return end.map_or("", |end| &after[end + 2..]);
        }
        // Rust's alone: word halves and other boundaries; RE2 refuses them, so make them an error here too.
        '<' | '>' => {
            out.push_str(r"\E");
            return after;
        }
        _ => {
            out.push('\\');
            out.push(c);
            return after;
        }
    };
    out.push_str(if in_class { inside } else { outside });
    after
}

/// Translates a class, from behind its `[` to behind its `]`.
fn class<'a>(mut rest: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    // A `]` that stands first means itself.
    if let Some(after) = rest.strip_prefix(']') {
        out.push_str(r"\]");
        rest = after;
    }
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            ']' => {
                out.push(']');
                return after;
            }
            '\\' => rest = escape(after, out, true),
            '[' => {
                if let Some(end) = after.strip_prefix(':').and_then(|name| name.find(":]")) {
                    out.push('[');
                    out.push_str(&after[..end + 3]);
                    rest = &after[end + 3..];
                } else {
                    out.push_str(r"\[");
                    rest = after;
                }
            }
            '&' | '~' => {
                out.push('\\');
                out.push(c);
                rest = after;
            }
            '-' if after.starts_with('-') || after.starts_with(']') => {
                out.push_str(r"\-");
                rest = after;
            }
            _ => {
                out.push(c);
                rest = after;
            }
        }
    }
    rest
}

/// Whether what follows a `{` is `3}`, `3,}` or `3,5}`.
fn begins_repetition(rest: &str) -> bool {
    let Some((body, _)) = rest.split_once('}') else { return false };
    let (low, high) = body.split_once(',').unwrap_or((body, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

/// RE2's `Rewrite`: `\0` to `\9` are groups, `\\` is a backslash.
#[derive(Debug, Clone)]
pub(crate) struct Substitution(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Substitution {
    /// Parses a substitution for an expression with so many groups.
    pub(crate) fn parse(text: &str, regex: &Regex, at: &At<'_>) -> Result<Self, ConfigError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                literal.push(c);
                continue;
            }
            match chars.next() {
                Some('\\') => literal.push('\\'),
                Some(digit @ '0'..='9') => {
                    let group = digit as usize - '0' as usize;
                    if group >= regex.captures_len() {
                        return Err(at.error(format!("the expression has no group {group}")));
                    }
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    pieces.push(Piece::Group(group));
                }
                _ => return Err(at.error(r"a backslash must stand before a digit or a backslash")),
            }
        }
        pieces.push(Piece::Text(literal));
        Ok(Self(pieces))
    }

    /// Replaces every occurrence in a text.
    pub(crate) fn replace_all(&self, regex: &Regex, text: &str) -> Vec<u8> {
        regex
            .replace_all(text.as_bytes(), |captures: &regex::bytes::Captures<'_>| {
                let mut out = Vec::new();
                for piece in &self.0 {
                    match piece {
                        Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                        Piece::Group(group) => {
                            out.extend_from_slice(captures.get(*group).map_or(b"", |found| found.as_bytes()));
                        }
                    }
                }
                out
            })
            .into_owned()
    }
}
