//! "Did you mean": the known name nearest to an unknown one.

use std::borrow::Cow;

/// The candidate nearest to `name`, if it is near enough that a person may have meant it: a third of the
/// letters at most are wrong, letter case aside.
///
/// ```
/// assert_eq!(meshc_syntax::suggest::nearest("hots", ["hosts", "gateways"]), Some("hosts"));
/// assert_eq!(meshc_syntax::suggest::nearest("zzz", ["hosts", "gateways"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(name, candidates).first().map(|(_, candidate)| *candidate)
}

/// The candidate that was meant beyond doubt: it is near, by two letters at most, and no other one is nearly as near.
/// Only such a name is worth a fix that nobody looks at.
///
/// ```
/// use meshc_syntax::suggest::sole;
/// assert_eq!(sole("reviws", ["reviews", "ratings"]), Some("reviews"));
/// assert_eq!(sole("v4", ["v1", "v2"]), None);
/// assert_eq!(sole("review", ["reviews", "preview"]), None);
/// ```
pub fn sole<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    meant(name, candidates).filter(|(_, certain)| *certain).map(|(candidate, _)| candidate)
}

/// The [`nearest`] candidate, and whether it is the [`sole`] one.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, bool)> {
    let ranked = ranked(name, candidates);
    let (best, meant) = *ranked.first()?;
    let clear = ranked.iter().all(|(distance, other)| *other == meant || *distance > best + MARGIN);
    // Of names as short as `v3`, every other one is near.
    Some((meant, best <= 2 && clear && name.chars().count() > 3))
}

/// How much farther than the best one a candidate may be to make it doubtful.
const MARGIN: usize = 1;

/// The candidates that are near, the nearest first; of those farther than the best one by more than the margin not all.
fn ranked<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    // Names come from documents: a long one is compared with nothing.
    if name.chars().count() > 256 {
        return Vec::new();
    }
    let wanted = Letters::of(name);
    let mut ranked: Vec<(usize, &str)> = Vec::new();
    let mut best = usize::MAX - MARGIN;
    for candidate in candidates {
        if candidate == name {
            continue;
        }
        if let Some(distance) = wanted.distance(candidate, best + MARGIN) {
            best = best.min(distance);
            ranked.push((distance, candidate));
        }
    }
    ranked.sort_unstable();
    ranked
}

/// Letters are counted by their codes modulo this: a few count as one, which only makes names look nearer.
const BUCKETS: usize = 64;

/// A name that is compared with many: most of them are told apart by their letters alone, before their order is looked
/// at.
struct Letters {
    lower: String,
    length: usize,
    counts: [i16; BUCKETS],
}

impl Letters {
    fn of(name: &str) -> Self {
        let lower = name.to_lowercase();
        let mut counts = [0; BUCKETS];
        lower.bytes().for_each(|byte| counts[usize::from(byte) % BUCKETS] += 1);
        Self { length: name.chars().count(), lower, counts }
    }

    /// How many letters are wrong, where it is a third at most and `limit` at most.
    fn distance(&self, candidate: &str, limit: usize) -> Option<usize> {
        let length = candidate.chars().count();
        let limit = self.length.max(length).div_ceil(3).min(limit);
        // A long candidate is far from every name that is compared at all, and its letters fit their counts.
        if self.length.abs_diff(length) > limit || candidate.len() > 2048 {
            return None;
        }
        let lower: Cow<'_, str> =
            if candidate.bytes().any(|byte| !byte.is_ascii() || byte.is_ascii_uppercase()) {
                Cow::Owned(candidate.to_lowercase())
            } else {
                Cow::Borrowed(candidate)
            };
        if lower.is_ascii() && self.lower.is_ascii() && self.strangers(&lower) > limit {
            return None;
        }
        let (a, b) = without_common_ends(&self.lower, &lower);
        Some(strsim::damerau_levenshtein(a, b)).filter(|distance| *distance <= limit)
    }

    /// How many letters of one name the other lacks, whichever is more: the distance is no less, since an edit brings
    /// or takes one letter of each at most.
    fn strangers(&self, other: &str) -> usize {
        let mut left = self.counts;
        other.bytes().for_each(|byte| left[usize::from(byte) % BUCKETS] -= 1);
        let lacking: i16 = left.iter().map(|count| (*count).max(0)).sum();
        let extra: i16 = left.iter().map(|count| (-*count).max(0)).sum();
        usize::try_from(lacking.max(extra)).unwrap_or(0)
    }
}

/// Two names without the letters in which they begin and end alike, which make no distance.
fn without_common_ends<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    let start: usize = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    let (a, b) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let ends = a.chars().rev().zip(b.chars().rev());
    let end: usize = ends.take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum();
    (a.get(..a.len() - end).unwrap_or_default(), b.get(..b.len() - end).unwrap_or_default())
}

/// Names for a message: `` `a`, `b` or `c` ``.
pub fn list(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [name] => format!("`{name}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_cuts_change_no_distance(name in "[abA.-]{0,12}", candidate in "[abcB.-]{0,12}") {
            let whole = strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
            let limit = name.chars().count().max(candidate.chars().count()).div_ceil(3);
            prop_assert_eq!(Letters::of(&name).distance(&candidate, usize::MAX), (whole <= limit).then_some(whole));
        }

        #[test]
        fn letters_beyond_ascii_are_compared_too(name in "[äßİx]{0,6}", candidate in "[äsi̇x]{0,6}") {
            let whole = strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
            let limit = name.chars().count().max(candidate.chars().count()).div_ceil(3);
            prop_assert_eq!(
                Letters::of(&name).distance(&candidate, usize::MAX),
                Some(whole).filter(|whole| *whole <= limit && name.chars().count().abs_diff(candidate.chars().count()) <= limit)
            );
        }
    }
}
