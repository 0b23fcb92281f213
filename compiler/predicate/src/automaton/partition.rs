//! One automaton for all patterns of a field, over the strings that can occur.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::floating::{Spread, spread};
use super::literals::{Literal, Mark, anchored, floating};
use super::merge::{Leaf, Merger};
use super::minimize::minimize;
use super::pattern::{regex, utf8};
use super::product::product;
use super::signature::{EMPTY, OUTSIDE, SignatureId, Signatures};
use super::{Automaton, DEAD};
use crate::language::{Kind, Pattern};
use crate::{Error, Language, Limits};

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

/// Universes that were built, for all spaces: there are a few, and each stands in most of them.
static UNIVERSES: LazyLock<RwLock<FxHashMap<(Language, Limits), Arc<Automaton>>>> =
    LazyLock::new(RwLock::default);

/// No more universes than this are kept.
const KEPT_UNIVERSES: usize = 64;

/// The universe without patterns: the valid UTF-8 strings of a language.
pub(crate) fn universe_automaton(universe: &Language, limits: &Limits) -> Result<Arc<Automaton>, Error> {
    let key = (universe.clone(), *limits);
    if let Some(known) = UNIVERSES.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(Arc::clone(known));
    }
    let made = Arc::new(new_universe(universe, limits)?);
    let mut known = UNIVERSES.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() < KEPT_UNIVERSES {
        known.insert(key, Arc::clone(&made));
    }
    Ok(made)
}

fn new_universe(universe: &Language, limits: &Limits) -> Result<Automaton, Error> {
    let too_large = || Error::TooLarge {
        what: format!("the universe {universe}"),
        limit: limits.max_pattern_states,
        unit: "states",
    };
    let text = utf8(EMPTY, OUTSIDE, limits.max_pattern_states).ok_or_else(too_large)?;
    let text = minimize(text);
    let mut numbers: BTreeMap<&Pattern, u32> = BTreeMap::new();
    universe.patterns(&mut |pattern| {
        let next = numbers.len() as u32;
        numbers.entry(pattern).or_insert(next);
    });
    let mut patterns: Vec<_> = numbers.iter().map(|(&pattern, &number)| (number, pattern)).collect();
    patterns.sort_unstable();
    let patterns: Vec<_> = patterns.into_iter().map(|(_, pattern)| pattern).collect();
    let Partition { mut automaton, signatures, .. } = partition(&text, &patterns, limits, &mut |_, _| false)?;
    for signature in &mut automaton.signatures {
        if *signature != OUTSIDE {
            let members = signatures.members(*signature);
            let inside = universe.accepts(&|pattern| members.contains(&numbers[pattern]));
            *signature = if inside { EMPTY } else { OUTSIDE };
        }
    }
    Ok(minimize(kill(automaton)))
}

/// Makes every state from which no possible string is reached the dead one.
fn kill(mut automaton: Automaton) -> Automaton {
    let count = automaton.len();
    let mut sources: Vec<Vec<u32>> = vec![Vec::new(); count];
    for state in 0..count as u32 {
        for edge in automaton.row(state) {
            sources[edge.target as usize].push(state);
        }
    }
    let mut alive = vec![false; count];
    let mut open: Vec<u32> = (0..count as u32).filter(|&s| automaton.signature(s) != OUTSIDE).collect();
    while let Some(state) = open.pop() {
        if !std::mem::replace(&mut alive[state as usize], true) {
            open.append(&mut sources[state as usize]);
        }
    }
    for edge in &mut automaton.edges {
        if !alive[edge.target as usize] {
            edge.target = DEAD;
        }
    }
    if !alive[automaton.start as usize] {
        automaton.start = DEAD;
    }
    automaton
}

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
    too_hard: TooHard<'_>,
) -> Result<Partition, Error> {
    let (trie, parts) = split(patterns);
    let mut merger = Merger::new(limits, too_hard);
    let raws: Vec<Raw<'_>> =
        parts.iter().map(|part| Raw::new(part, limits, &mut merger.signatures)).collect();
    let easy = Limits { max_pattern_states: limits.max_pattern_states.min(EASY_STATES), ..*limits };
    // What is independent of all others is built side by side, and looked at in order.
    let built: Vec<Result<Option<Automaton>, Error>> =
        raws.par_iter().map(|raw| raw.finish(universe, &easy)).collect();
    let mut left = limits.max_hard_states;
    let (mut narrow, mut behind, mut floating) = (Vec::with_capacity(parts.len()), Vec::new(), Vec::new());
    for ((part, raw), built) in parts.into_iter().zip(&raws).zip(built) {
        let mut built = built?;
        let mut most = easy.max_pattern_states;
        if built.is_none() && matches!(raw, Raw::Regex(..)) && left.min(limits.max_pattern_states) > most {
            // A hard one: as long as there is something left to spend on those.
            most = left.min(limits.max_pattern_states);
            built = raw.finish(universe, &Limits { max_pattern_states: most, ..*limits })?;
            let spent = built.as_ref().map_or(most, Automaton::len);
            merger.made += spent;
            left -= spent.min(left);
        }
        merger.made += built.as_ref().map_or(easy.max_pattern_states, Automaton::len);
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
    // Those that speak for the most patterns first.
    floating.sort_by_key(|leaf| Reverse(leaf.part.patterns.len()));
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
    Ok(Partition { automaton, signatures: merger.signatures, made: merger.made })
}

/// States that every expression may have; those with more share what there is for hard ones.
const EASY_STATES: usize = 500;

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
    fn finish(&self, universe: &Automaton, limits: &Limits) -> Result<Option<Automaton>, Error> {
        let built = match self {
            Self::Built(automaton) => automaton.as_ref().and_then(|raw| restrict(universe, raw, limits)),
            Self::Regex(pattern, inside) => regex(pattern, *inside, EMPTY, limits.max_pattern_states)?
                .and_then(|raw| restrict(universe, &raw, limits)),
        };
        Ok(built.map(minimize))
    }
}
