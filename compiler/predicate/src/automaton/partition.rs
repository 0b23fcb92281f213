//! One automaton for all patterns of a field, over the strings that can occur.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::literals::{Literal, Mark, anchored, floating};
use super::minimize::minimize;
use super::pattern::{regex, utf8};
use super::product::product;
use super::signature::{EMPTY, OUTSIDE, Signatures};
use super::{Automaton, DEAD};
use crate::language::{Kind, Pattern};
use crate::{Error, Language, Limits};

/// An automaton that tells all patterns of a field apart.
pub(crate) struct Partition {
    pub(crate) automaton: Automaton,
    pub(crate) signatures: Signatures,
}

/// Told of patterns (their places) that pass a bound; says whether to go on without
/// them.
pub(crate) type TooHard<'f> = &'f mut dyn FnMut(&[u32], &Error) -> bool;

/// The universe without patterns: the valid UTF-8 strings of a language.
pub(crate) fn universe_automaton(universe: &Language, limits: &Limits) -> Result<Automaton, Error> {
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
    let Partition { mut automaton, signatures } = partition(&text, &patterns, limits, &mut |_, _| false)?;
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
struct Part<'p> {
    name: String,
    patterns: Vec<u32>,
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
    let limit = limits.max_dfa_states;
    let mut merger = Merger { signatures: Signatures::new(), limit, patience: limit, too_hard };
    let mut leaves = Vec::with_capacity(parts.len());
    for part in parts {
        let raw = part_automaton(&part, limits, &mut merger.signatures)?;
        match raw.and_then(|raw| product(universe, &raw, &mut merger.signatures, limit)) {
            Some(automaton) => leaves.push((part, minimize(automaton))),
            None => merger.refuse(&part, limits.max_pattern_states, "states")?,
        }
    }
    let trie = match trie {
        None => None,
        Some(part) => {
            let raw = part_automaton(&part, limits, &mut merger.signatures)?;
            let trie = raw.and_then(|raw| product(universe, &raw, &mut merger.signatures, limit));
            if trie.is_none() {
                merger.refuse(&part, limit, "states")?;
            }
            trie
        }
    };
    let automaton = match trie {
        None if leaves.is_empty() => universe.clone(),
        None => merger.merge(&leaves)?.into_owned(),
        Some(trie) if leaves.is_empty() => trie,
        Some(trie) => merger.extend(&trie, &leaves)?,
    };
    Ok(Partition { automaton, signatures: merger.signatures })
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

/// The automaton of a part over all strings; `None` if it is too large.
fn part_automaton(
    part: &Part<'_>,
    limits: &Limits,
    signatures: &mut Signatures,
) -> Result<Option<Automaton>, Error> {
    match &part.kind {
        PartKind::Anchored(literals, ignore_case) => {
            Ok(anchored(literals, *ignore_case, signatures, limits.max_dfa_states))
        }
        PartKind::Floating(literals, ignore_case) => {
            Ok(floating(literals, *ignore_case, signatures, limits.max_dfa_states))
        }
        PartKind::Regex(pattern, number) => {
            let inside = signatures.add(EMPTY, &[*number]);
            regex(pattern, inside, EMPTY, limits.max_pattern_states)
        }
    }
}

/// Merges automata in halves: patterns that begin differently die early, so that each
/// level of the merging costs no more than the sum of its parts.
struct Merger<'f> {
    signatures: Signatures,
    limit: usize,
    /// How many states to try where automata multiply. Each failure halves it, so that
    /// many failures cost little more than one; those that only add up are not affected.
    patience: usize,
    too_hard: TooHard<'f>,
}

type Leaf<'p> = (Part<'p>, Automaton);

impl Merger<'_> {
    fn refuse(&mut self, part: &Part<'_>, limit: usize, unit: &'static str) -> Result<(), Error> {
        let error = Error::TooLarge { what: part.name.clone(), limit, unit };
        if (self.too_hard)(&part.patterns, &error) { Ok(()) } else { Err(error) }
    }

    fn merge<'l>(&mut self, leaves: &'l [Leaf<'_>]) -> Result<Cow<'l, Automaton>, Error> {
        if let [(_, only)] = leaves {
            return Ok(Cow::Borrowed(only));
        }
        let (left, right) = leaves.split_at(leaves.len() / 2);
        let left = self.merge(left)?;
        self.extend(&left, right).map(Cow::Owned)
    }

    /// What is merged already, with more. If all at once is too much, they are added in
    /// ever smaller portions, which ends at the one that is too much.
    fn extend(&mut self, merged: &Automaton, leaves: &[Leaf<'_>]) -> Result<Automaton, Error> {
        let more = self.merge(leaves)?;
        let limit = self.limit.min(self.patience.max(2 * (merged.len() + more.len())));
        if let Some(all) = product(merged, &more, &mut self.signatures, limit) {
            return Ok(all);
        }
        self.patience /= 2;
        if let [(part, _)] = leaves {
            self.refuse(part, limit, "states with the rest of its field")?;
            return Ok(merged.clone());
        }
        let (left, right) = leaves.split_at(leaves.len() / 2);
        let merged = self.extend(merged, left)?;
        self.extend(&merged, right)
    }
}
