//! "Did you mean": the known name nearest to an unknown one.

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
    let ranked = ranked(name, candidates);
    let (best, meant) = *ranked.first()?;
    let clear = ranked.iter().all(|(distance, other)| *other == meant || *distance >= best + 2);
    // Of names as short as `v3`, every other one is near.
    (best <= 2 && clear && name.chars().count() > 3).then_some(meant)
}

/// The candidates that are near, the nearest first.
fn ranked<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let lower = name.to_lowercase();
    let letters = name.chars().count();
    // Names come from documents: a long one is compared with nothing.
    if letters > 256 {
        return Vec::new();
    }
    let distance = |candidate: &str| strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
    let mut ranked: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= letters.max(candidate.chars().count()).div_ceil(3))
        .collect();
    ranked.sort_unstable();
    ranked
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
