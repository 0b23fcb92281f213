//! Settings about places that contradict themselves (`ValidateLocalityLbSetting`).

use std::collections::{BTreeMap, BTreeSet};

use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::istio::{LocalityFailover, LocalityLbSetting, ZoneAwareLbSetting};

/// Labels of places, which failover by region goes before.
const PLACES: [&str; 3] =
    ["topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"];

/// The first thing that is wrong, and where.
pub(crate) fn wrong(setting: &Spanned<LocalityLbSetting>) -> Option<(Span, String)> {
    if let (Some(_), Some(failover)) = (setting.distribute.first(), setting.failover.first()) {
        return Some((failover.span, "`failover` excludes `distribute`".to_owned()));
    }
    if !setting.failover.is_empty()
        && let Some(label) =
            setting.failover_priority.iter().find(|label| PLACES.contains(&label.value.as_str()))
    {
        return Some((label.span, format!("`{}` excludes `failover`", label.value)));
    }
    for share in &setting.distribute {
        if let Some(weight) = share.to.values().find(|weight| !(1..=100).contains(&weight.value)) {
            return Some((weight.span, format!("the share {} is not within 1 and 100", weight.value)));
        }
        let sum: u64 = share.to.values().map(|weight| u64::from(weight.value)).sum();
        if sum != 100 {
            return Some((share.span, format!("the shares add up to {sum}, not to 100")));
        }
        let to = share.to.keys().map(|key| (key.value.as_str(), key.span));
        if let Some(wrong) = overlapping(to) {
            return Some(wrong);
        }
    }
    let from = setting.distribute.iter().map(|share| match &share.from {
        Some(from) => (from.value.as_str(), from.span),
        None => ("", share.span),
    });
    overlapping(from).or_else(|| regions(&setting.failover))
}

/// The same of Envoy's way.
pub(crate) fn wrong_zone_aware(setting: &Spanned<ZoneAwareLbSetting>) -> Option<(Span, String)> {
    let label = setting.failover_priority.iter().find(|label| PLACES.contains(&label.value.as_str()));
    match label {
        Some(label) => {
            Some((label.span, format!("places are looked at anyway: leave `{}` out", label.value)))
        }
        None => regions(&setting.failover),
    }
}

fn regions(failover: &[Spanned<LocalityFailover>]) -> Option<(Span, String)> {
    let text =
        |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone()).unwrap_or_default();
    failover.iter().find_map(|rule| {
        let (from, to) = (text(&rule.from), text(&rule.to));
        let why = if from == to {
            "a region cannot come after itself"
        } else if from.contains('/') || to.contains('/') {
            "regions alone come one after the other, not zones"
        } else if from.contains('*') || to.contains('*') {
            "a region must be named, not `*`"
        } else {
            return None;
        };
        Some((rule.span, why.to_owned()))
    })
}

/// Places of which one includes another. A place is a region, zone and subzone; `*` at the end stands for all.
fn overlapping<'a>(places: impl Iterator<Item = (&'a str, Span)>) -> Option<(Span, String)> {
    let mut regions: BTreeMap<&str, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for (place, span) in places {
        let wrong = |why: String| Some((span, why));
        let stars = place.matches('*').count();
        if stars > 1 || (stars == 1 && !place.ends_with('*')) {
            return wrong(format!("`*` can stand only at the end of `{place}`"));
        }
        let overlaps = || format!("`{place}` overlaps with a place before it");
        if regions.contains_key("*") {
            return wrong(overlaps());
        }
        let parts: Vec<&str> = place.splitn(3, '/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return wrong(format!("a part of `{place}` is empty"));
        }
        let part = |index: usize| parts.get(index).copied().filter(|part| *part != "*");
        let region = parts.first().copied().unwrap_or_default();
        match (part(1), part(2)) {
            (None, _) => {
                if regions.contains_key(region) {
                    return wrong(overlaps());
                }
                regions.insert(region, BTreeMap::from([("*", BTreeSet::from(["*"]))]));
            }
            (Some(zone), None) => {
                let zones = regions.entry(region).or_default();
                if zones.contains_key("*") || zones.contains_key(zone) {
                    return wrong(overlaps());
                }
                zones.insert(zone, BTreeSet::from(["*"]));
            }
            (Some(zone), Some(subzone)) => {
                let zones = regions.entry(region).or_default();
                let subzones = zones.get(zone);
                if zones.contains_key("*")
                    || subzones.is_some_and(|known| known.contains("*") || known.contains(subzone))
                {
                    return wrong(overlaps());
                }
                zones.entry(zone).or_default().insert(subzone);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use meshc_source::{FileId, Span};

    use super::overlapping;

    #[test]
    fn places_overlap_where_one_includes_the_other() {
        let overlap = |places: &[&str]| {
            overlapping(places.iter().map(|place| (*place, Span::new(FileId(0), 0, 0)))).is_some()
        };
        assert!(!overlap(&["a", "b/c", "b/d/*", "e/f/g", "e/f/h"]));
        for wrong in [
            &["a", "a/b"][..],
            &["a/b", "a"],
            &["a/*", "a/b"],
            &["*", "a"],
            &["a/b/*", "a/b/c"],
            &["a//c"],
            &["*/a"],
        ] {
            assert!(overlap(wrong), "{wrong:?}");
        }
    }
}
