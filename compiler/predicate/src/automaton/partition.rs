//! One automaton for all patterns of a field, over the strings that can occur.

use std::borrow::Cow;

use rayon::prelude::*;

use super::Automaton;
use super::floating::{Spread, spread};
use super::literals::{Literal, Mark, anchored, floating};
use super::merge::{Leaf, Merger};
use super::minimize::minimize;
use super::pattern::regex;
use super::product::product;
use super::signature::{EMPTY, OUTSIDE, SignatureId, Signatures};
use crate::language::{Kind, Pattern};
use crate::{Error, Limits};

/// An automaton that tells all patterns of a field apart.
pub(crate) struct Partition {
    pub(crate) automaton: Automaton,
    pub(crate) signatures: Signatures,
    /// States that were made for it.
    pub(crate) made: usize,
}

/// Told of patterns (their places) that pass a bound; says whether to go on without
/// them.
pub(crate) type TooHard<'f> = &'f mut dyn FnMut(&[u32], &Error) -> bool;

/// Patterns that have an automaton together, and how a message calls them.
pub(super) struct Part<'p> {
    pub(super) name: String,
    pub(super) patterns: Vec<u32>,
    kind: PartKind<'p>,
}

enum PartKind<'p> {
    Anchored(Vec<Literal<'p>>, bool),
    Floating(Vec<Literal<'p>>, bool),
    Regex(&'p str, u32),
}

/// Tells the patterns apart, which signatures call by their places, over the strings of
/// the universe. Patterns left out accept nothing.
pub(crate) fn partition(
    universe: &Automaton,
    patterns: &[&Pattern],
    limits: &Limits,
    allowance: &mut Allowance,
    too_hard: TooHard<'_>,
) -> Result<Partition, Error> {
    let (trie, parts) = split(patterns);
    let mut merger = Merger::new(limits, allowance.products, too_hard);
    let raws: Vec<Raw<'_>> =
        parts.iter().map(|part| Raw::new(part, limits, &mut merger.signatures)).collect();
    let ascii_only = universe.is_ascii();
    let (mut narrow, mut behind, mut floating) = (Vec::with_capacity(parts.len()), Vec::new(), Vec::new());
    let mut parts = parts.into_iter();
    for raws in raws.chunks(SIDE_BY_SIDE) {
        let first = if allowance.tries > 0 { EASY_STATES } else { EASY_STATES_LATER };
        let first = first.min(limits.max_pattern_states);
        let easy = Limits { max_pattern_states: first, ..*limits };
        // What is independent of all others is built side by side, and looked at in order.
        let built: Vec<Result<Option<Automaton>, Error>> =
            raws.par_iter().map(|raw| raw.finish(universe, ascii_only, &easy)).collect();
        for ((raw, built), part) in raws.iter().zip(built).zip(parts.by_ref()) {
            let mut built = built?;
            let mut most = first;
            merger.made += built.as_ref().map_or(first, Automaton::len);
            if built.is_none() && matches!(raw, Raw::Regex(..)) {
                allowance.tries = allowance.tries.saturating_sub(first);
                let more = allowance.hard.min(limits.max_pattern_states);
                if more > first {
                    // A hard one: as long as there is something left to spend on those.
                    most = more;
                    let limits = Limits { max_pattern_states: most, ..*limits };
                    built = raw.finish(universe, ascii_only, &limits)?;
                    let spent = built.as_ref().map_or(most, Automaton::len);
                    merger.made += spent;
                    allowance.hard -= spent.min(most);
                }
            }
            match built {
                Some(automaton) => {
                    merger.earn(automaton.len().min(EASY_STATES));
                    match spread(&automaton) {
                        Spread::Narrow => &mut narrow,
                        Spread::Behind => &mut behind,
                        Spread::Floating => &mut floating,
                    }
                    .push(Leaf::new(part, automaton));
                }
                None => merger.refuse(&part, most, "states")?,
            }
        }
    }
    drop(raws);
    let trie = match trie {
        None => None,
        Some(part) => {
            let trie = match Raw::new(&part, limits, &mut merger.signatures) {
                Raw::Built(Some(raw)) => restrict(universe, &raw, limits),
                Raw::Built(None) | Raw::Regex(..) => None,
            };
            merger.earn(trie.as_ref().map_or(0, Automaton::len));
            if trie.is_none() {
                merger.refuse(&part, limits.max_dfa_states, "states")?;
            }
            trie
        }
    };
    // Those that multiply come last: they are the ones to leave out.
    let plain = match trie {
        Some(trie) => merger.extend(trie, &mut narrow)?,
        None if narrow.is_empty() => universe.clone(),
        None => merger.merge(&mut narrow)?.map_or_else(|| universe.clone(), Cow::into_owned),
    };
    let all = merger.extend(plain, &mut behind)?;
    let automaton = merger.add_floating(all, &floating)?;
    allowance.products = allowance.products.min(merger.budget());
    Ok(Partition { automaton, signatures: merger.signatures, made: merger.made })
}

/// States that every expression may have; those with more share what there is for hard ones.
const EASY_STATES: usize = 500;

/// The same once many were tried in vain.
const EASY_STATES_LATER: usize = 100;

/// So many expressions are tried before it is counted how many were in vain.
const SIDE_BY_SIDE: usize = 16;

/// What all fields of a space may spend together on patterns that are hard: the rest is in proportion to what is written.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// States for expressions that have more than a few hundred.
    hard: usize,
    /// States that are made before an expression turns out to be one of those.
    tries: usize,
    /// States that are made because patterns multiply.
    products: usize,
}

impl Allowance {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            hard: limits.max_hard_states,
            tries: limits.max_hard_states / 4,
            products: limits.max_product_states,
        }
    }
}

/// So many states of a pattern within the universe, for each state of both.
const SPREAD: usize = 4;

/// The automaton within the universe; `None` if it is too large.
fn restrict(universe: &Automaton, raw: &Automaton, limits: &Limits) -> Option<Automaton> {
    let inside = |universe, raw| if universe == OUTSIDE { OUTSIDE } else { raw };
    let most = SPREAD * (universe.len() + raw.len() + EASY_STATES);
    product(universe, raw, inside, most.min(limits.max_dfa_states), limits.max_atoms).ok()
}

/// The trie of the plain literals, and all else part by part, in the patterns' order.
fn split<'p>(patterns: &[&'p Pattern]) -> (Option<Part<'p>>, Vec<Part<'p>>) {
    let mut prefixes: [Vec<Literal<'p>>; 2] = Default::default();
    let mut suffixes: [Vec<Literal<'p>>; 2] = Default::default();
    let mut parts = Vec::new();
    for (number, pattern) in (0u32..).zip(patterns) {
        let text = pattern.text.as_bytes();
        let literal = |mark| Literal { text: text.into(), pattern: number, mark };
        let folded = usize::from(pattern.ignore_case);
        match pattern.kind {
            Kind::Exact => prefixes[folded].push(literal(Mark::Here)),
            Kind::Prefix => prefixes[folded].push(literal(Mark::Onward)),
            Kind::PathPrefix => {
                let text = [text, b"/"].concat().into();
                let below = Literal { text, pattern: number, mark: Mark::Onward };
                prefixes[folded].extend([literal(Mark::Here), below]);
            }
            Kind::Suffix => suffixes[folded].push(literal(Mark::Here)),
            Kind::Contains => {
                let kind = PartKind::Floating(vec![literal(Mark::Onward)], pattern.ignore_case);
                parts.push(Part { name: pattern.to_string(), patterns: vec![number], kind });
            }
            Kind::Regex => {
                let kind = PartKind::Regex(&pattern.text, number);
                parts.push(Part { name: pattern.to_string(), patterns: vec![number], kind });
            }
        }
    }
    let group = |literals: Vec<Literal<'p>>, kind: fn(Vec<Literal<'p>>, bool) -> PartKind<'p>, folded| {
        let mut numbers: Vec<u32> = literals.iter().map(|literal| literal.pattern).collect();
        numbers.dedup();
        let name = match numbers[..] {
            [] => return None,
            [one] => patterns[one as usize].to_string(),
            [first, ..] => format!("{} and {} more", patterns[first as usize], numbers.len() - 1),
        };
        Some(Part { name, patterns: numbers, kind: kind(literals, folded) })
    };
    let [exact_suffixes, folded_suffixes] = suffixes;
    let [exact_prefixes, folded_prefixes] = prefixes;
    parts.extend(group(exact_suffixes, PartKind::Floating, false));
    parts.extend(group(folded_suffixes, PartKind::Floating, true));
    parts.extend(group(folded_prefixes, PartKind::Anchored, true));
    (group(exact_prefixes, PartKind::Anchored, false), parts)
}

/// The automaton of a part over all strings; `None` if it is too large. Those of expressions are built later, since
/// they need nothing but the number of their signature.
enum Raw<'p> {
    Built(Option<Automaton>),
    Regex(&'p str, SignatureId),
}

impl<'p> Raw<'p> {
    fn new(part: &Part<'p>, limits: &Limits, signatures: &mut Signatures) -> Self {
        match &part.kind {
            PartKind::Anchored(literals, ignore_case) => {
                Self::Built(anchored(literals, *ignore_case, signatures, limits.max_dfa_states))
            }
            PartKind::Floating(literals, ignore_case) => {
                Self::Built(floating(literals, *ignore_case, signatures, limits.max_dfa_states))
            }
            PartKind::Regex(pattern, number) => Self::Regex(pattern, signatures.add(EMPTY, &[*number])),
        }
    }

    /// The automaton within the universe, as small as it becomes.
    fn finish(
        &self,
        universe: &Automaton,
        ascii_only: bool,
        limits: &Limits,
    ) -> Result<Option<Automaton>, Error> {
        let built = match self {
            Self::Built(automaton) => automaton.as_ref().and_then(|raw| restrict(universe, raw, limits)),
            Self::Regex(pattern, inside) => {
                let most = limits.max_pattern_states;
                regex(pattern, *inside, EMPTY, most, ascii_only)?
                    .and_then(|raw| restrict(universe, &raw, limits))
            }
        };
        Ok(built.map(minimize))
    }
}
