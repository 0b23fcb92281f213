//! Expressions of the configuration, compiled; a mistake is told with the path of its field.

use meshc_re2::{Regex, Substitution};

use crate::error::{At, ConfigError};

/// Compiles an expression that must match a whole text, as every `safe_regex` of a matcher must.
pub(crate) fn full_match(pattern: &str, at: &At<'_>) -> Result<Regex, ConfigError> {
    compile(pattern, at, Regex::full)
}

/// Compiles an expression that is searched for.
pub(crate) fn search(pattern: &str, at: &At<'_>) -> Result<Regex, ConfigError> {
    compile(pattern, at, Regex::search)
}

fn compile(
    pattern: &str,
    at: &At<'_>,
    compile: impl Fn(&str) -> Result<Regex, meshc_re2::Error>,
) -> Result<Regex, ConfigError> {
    if pattern.is_empty() {
        return Err(at.error("the regular expression is empty"));
    }
    compile(pattern).map_err(|error| {
        at.error(format!("{pattern:?} is not a regular expression of RE2: {}", error.reason()))
    })
}

/// Reads what the matches of an expression are replaced with.
pub(crate) fn substitution(text: &str, regex: &Regex, at: &At<'_>) -> Result<Substitution, ConfigError> {
    let read = Substitution::new(text);
    match read.flaw(regex) {
        Some(flaw) => Err(at.error(flaw)),
        None => Ok(read),
    }
}
