//! "Did you mean": the known name nearest to an unknown one.

/// The candidate nearest to `name`, if it is near enough that a person may have meant it: a third of the
/// letters at most are wrong, letter case aside.
///
/// ```
/// assert_eq!(meshc_syntax::suggest::nearest("hots", ["hosts", "gateways"]), Some("hosts"));
/// assert_eq!(meshc_syntax::suggest::nearest("zzz", ["hosts", "gateways"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let letters = name.chars().count();
    // Names come from documents: a long one is compared with nothing.
    if letters > 256 {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= letters.max(candidate.chars().count()).div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
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
