//! The compiled expressions of a mesh. Envoy lets RE2 read bytes (Latin-1), recorded from 1.40: `.` is one
//! byte of a UTF-8 value. So everything that is not ASCII is seen as one character a byte here.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use regex::bytes::{Regex, RegexBuilder};

use crate::re2::{Re2Error, refuse, translate};

type Cache = RwLock<HashMap<String, Result<Arc<Regex>, Re2Error>>>;

/// The compiled expressions of a mesh, filled as they are needed and shared between threads.
#[derive(Debug, Default)]
pub struct Regexes {
    full: Cache,
    part: Cache,
}

impl Regexes {
    /// Whether the whole text is in the pattern's language.
    pub fn full_match(&self, pattern: &str, text: &str) -> Result<bool, Re2Error> {
        let regex = cached(&self.full, pattern, |p| format!(r"\A(?:{p})\z"))?;
        Ok(regex.is_match(latin1(text).as_bytes()))
    }

    /// RE2's `GlobalReplace`, as Envoy's `regex_rewrite` uses it: every match is replaced, `\0` to `\9` stand
    /// for the match and its groups. A substitution that names a group too many changes nothing; one with
    /// another escape ends there.
    pub fn replace_all(&self, pattern: &str, text: &str, substitution: &str) -> Result<String, Re2Error> {
        let regex = cached(&self.part, pattern, str::to_owned)?;
        let (subject, substitution) = (latin1(text), latin1(substitution));
        let highest = substitution.split('\\').skip(1).filter_map(|s| s.chars().next()?.to_digit(10)).max();
        if highest.is_some_and(|group| group as usize >= regex.captures_len()) {
            return Ok(text.to_owned());
        }
        let mut out = Vec::with_capacity(text.len());
        let mut end = 0;
        for captures in regex.captures_iter(subject.as_bytes()) {
            let Some(whole) = captures.get(0) else { continue };
            out.extend_from_slice(&subject.as_bytes()[end..whole.start()]);
            end = whole.end();
            let mut chars = substitution.chars();
            while let Some(c) = chars.next() {
                if c != '\\' {
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    continue;
                }
                match chars.next().map(|c| (c, c.to_digit(10))) {
                    Some((_, Some(group))) => {
                        out.extend_from_slice(captures.get(group as usize).map_or(&[][..], |m| m.as_bytes()));
                    }
                    Some(('\\', None)) => out.push(b'\\'),
                    _ => break,
                }
            }
        }
        out.extend_from_slice(&subject.as_bytes()[end..]);
        Ok(from_latin1(&String::from_utf8_lossy(&out)))
    }
}

/// Each byte as the character of its number.
fn latin1(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.bytes().map(char::from).collect()) }
}

fn from_latin1(text: &str) -> String {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn cached(cache: &Cache, pattern: &str, wrap: impl Fn(&str) -> String) -> Result<Arc<Regex>, Re2Error> {
    if let Some(found) = cache.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return found.clone();
    }
    let compiled =
        translate(&latin1(pattern)).map_err(|error| refuse(pattern, error.message)).and_then(|translated| {
            RegexBuilder::new(&wrap(&translated))
                .build()
                .map(Arc::new)
                .map_err(|error| refuse(pattern, error.to_string()))
        });
    cache.write().unwrap_or_else(PoisonError::into_inner).insert(pattern.to_owned(), compiled.clone());
    compiled
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The results for `a*` and `(b)` were recorded from Envoy 1.40.
    #[test]
    fn replacing_follows_global_replace() {
        let regexes = Regexes::default();
        let replace =
            |p: &str, t: &str, s: &str| regexes.replace_all(p, t, s).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(replace("a*", "/rraab", "-"), "-/-r-r-b-");
        assert_eq!(replace("(b)", "/rb/b/b", r"[\1\0\\]"), r"/r[bb\]/[bb\]/[bb\]");
        assert_eq!(replace("^/api/v([0-9]+)/(.*)$", "/api/v10/x/y", r"/\2/\1"), "/x/y/10");
        assert_eq!(replace("^/api/v([0-9]+)/(.*)$", "/other", r"/\2/\1"), "/other");
        assert_eq!(replace("b", "abc", r"\1"), "abc", "a group that is not there");
    }
}
