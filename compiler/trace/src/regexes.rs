//! The compiled expressions of a mesh, filled as they are needed and shared between threads.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use meshc_re2::{Error, Regex, Substitution};

type Cache = RwLock<HashMap<String, Result<Arc<Regex>, Error>>>;

/// The compiled expressions of a mesh, filled as they are needed and shared between threads.
#[derive(Debug, Default)]
pub struct Regexes {
    full: Cache,
    part: Cache,
}

impl Regexes {
    /// Whether the whole text is in the pattern's language.
    pub fn full_match(&self, pattern: &str, text: &str) -> Result<bool, Error> {
        Ok(cached(&self.full, pattern, Regex::full)?.is_match(text.as_bytes()))
    }

    /// RE2's `GlobalReplace`, as Envoy's `regex_rewrite` uses it: every match is replaced. Bytes that are no UTF-8
    /// any more, because a match ended within a character, are shown as U+FFFD.
    pub fn replace_all(&self, pattern: &str, text: &str, substitution: &str) -> Result<String, Error> {
        let regex = cached(&self.part, pattern, Regex::search)?;
        let out = regex.replace_all(text.as_bytes(), &Substitution::new(substitution));
        Ok(String::from_utf8(out)
            .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned()))
    }
}

fn cached(
    cache: &Cache,
    pattern: &str,
    compile: impl Fn(&str) -> Result<Regex, Error>,
) -> Result<Arc<Regex>, Error> {
    if let Some(found) = cache.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return found.clone();
    }
    let compiled = compile(pattern).map(Arc::new);
    cache.write().unwrap_or_else(PoisonError::into_inner).insert(pattern.to_owned(), compiled.clone());
    compiled
}
