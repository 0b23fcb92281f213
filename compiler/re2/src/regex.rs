//! Compiled expressions: matching a whole text, as Envoy's `safe_regex` does, and replacing each match, as its
//! `regex_rewrite` does.

use regex_automata::meta::{self, BuildError};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::{Hir, Look};

use crate::{Error, Expression, Substitution, parse};

/// Bytes of a compiled expression. RE2's own bound is 8 MiB, in a form about half as large.
const MAX_PROGRAM_BYTES: usize = 16 << 20;

/// A compiled expression. It takes time linear in the text, whatever the expression.
#[derive(Debug, Clone)]
pub struct Regex {
    engine: meta::Regex,
    groups: u32,
}

impl Regex {
    /// An expression that must match a whole text.
    pub fn full(pattern: &str) -> Result<Self, Error> {
        let Expression { hir, groups } = parse(pattern)?;
        let whole = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
        Self::compile(pattern, &whole, groups, WhichCaptures::Implicit)
    }

    /// An expression that is searched for, in [`Regex::replace_all`].
    pub fn search(pattern: &str) -> Result<Self, Error> {
        let Expression { hir, groups } = parse(pattern)?;
        Self::compile(pattern, &hir, groups, WhichCaptures::All)
    }

    fn compile(pattern: &str, hir: &Hir, groups: u32, captures: WhichCaptures) -> Result<Self, Error> {
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(MAX_PROGRAM_BYTES))
            .which_captures(captures);
        let engine =
            meta::Builder::new().configure(config).build_from_hir(hir).map_err(|_: BuildError| {
                let pattern = pattern.to_owned();
                Error::TooLarge { pattern, limit: MAX_PROGRAM_BYTES, unit: "bytes when compiled" }
            })?;
        Ok(Self { engine, groups })
    }

    /// How many groups it captures, besides the whole match.
    pub fn groups(&self) -> u32 {
        self.groups
    }

    /// Whether the text matches: all of it for [`Regex::full`], something in it for [`Regex::search`].
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.engine.is_match(text)
    }

    /// RE2's `GlobalReplace`: every match is replaced, from left to right. A substitution that names a group that the
    /// expression has not changes nothing.
    pub fn replace_all(&self, text: &[u8], substitution: &Substitution) -> Vec<u8> {
        if substitution.highest_group() > self.groups {
            return text.to_owned();
        }
        let mut out = Vec::with_capacity(text.len());
        let mut end = 0;
        for captures in self.engine.captures_iter(text) {
            let Some(whole) = captures.get_match() else { continue };
            out.extend_from_slice(&text[end..whole.start()]);
            end = whole.end();
            substitution.write(&mut out, |group| {
                captures.get_group(group as usize).map_or(&[][..], |span| &text[span.range()])
            });
        }
        out.extend_from_slice(&text[end..]);
        out
    }
}
