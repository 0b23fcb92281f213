//! The strings that a field can have, as an automaton without patterns.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::minimize::minimize;
use super::partition::{Allowance, Partition, partition};
use super::pattern::utf8;
use super::signature::{EMPTY, OUTSIDE};
use super::sources::Sources;
use super::{Automaton, DEAD, Edge, State};
use crate::language::Pattern;
use crate::{Error, Language, Limits};

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
    let Partition { mut automaton, signatures, .. } =
        partition(&text, &patterns, limits, &mut Allowance::new(limits), &mut |_, _| false)?;
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
    let to_possible = Sources::of(&automaton).distances(&automaton, |signature| signature != OUTSIDE);
    let alive = |state: State| to_possible[state as usize] < u32::MAX;
    for edge in &mut automaton.edges {
        if !alive(edge.target()) {
            *edge = Edge::new(edge.last(), DEAD);
        }
    }
    if !alive(automaton.start) {
        automaton.start = DEAD;
    }
    automaton
}
