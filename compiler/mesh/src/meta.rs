//! Who a resource is and how old: what Istio orders and names by.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use meshc_resources::Metadata;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// The identity of a resource that led to a part of the mesh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// `VirtualService`, `Service`…
    pub kind: &'static str,
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`, `default` where it is not written.
    pub namespace: String,
    /// `metadata.creationTimestamp` in seconds since 1970, else when the object was first seen; none is older than any,
    /// as in Istio.
    pub created: Option<i64>,
    /// Labels of the resource itself.
    pub labels: BTreeMap<String, String>,
    /// Where its name is written; the resource's start where it has none.
    pub span: Span,
    /// What people call it, where it is only Istio's name for something that was made of other resources.
    pub title: Option<String>,
}

impl Meta {
    /// From the metadata of a resource whose text is at `span`.
    pub fn new(kind: &'static str, metadata: &Metadata, span: Span) -> Self {
        Self {
            kind,
            name: metadata.name().to_owned(),
            namespace: metadata.namespace().to_owned(),
            created: metadata
                .creation_timestamp
                .as_ref()
                .and_then(|text| parse_timestamp(text))
                .or(metadata.first_seen),
            labels: plain(&metadata.labels),
            span: metadata.name.as_ref().map_or(span, |name| name.span),
            title: None,
        }
    }

    /// Istio's order of configuration: the oldest first, then by name, then by namespace.
    pub fn by_age(&self, other: &Self) -> Ordering {
        self.created
            .cmp(&other.created)
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| self.namespace.cmp(&other.namespace))
    }

    /// The API path of a resource of Istio's networking API, which Istio notes on what it makes of it.
    pub fn api_path(&self) -> String {
        let mut kind = String::new();
        for (index, letter) in self.kind.char_indices() {
            if letter.is_ascii_uppercase() && index > 0 {
                kind.push('-');
            }
            kind.push(letter.to_ascii_lowercase());
        }
        format!("/apis/networking.istio.io/v1/namespaces/{}/{kind}/{}", self.namespace, self.name)
    }

    /// `NAMESPACE/NAME`
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for Meta {
    /// `VirtualService shop/reviews`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.title {
            Some(title) => f.write_str(title),
            None => write!(f, "{} {}/{}", self.kind, self.namespace, self.name),
        }
    }
}

/// A map of labels without its spans.
pub(crate) fn plain(map: &IndexMap<Spanned<String>, Spanned<String>>) -> BTreeMap<String, String> {
    map.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
}

/// Whether `labels` has every pair of `selector`.
pub fn selects(selector: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Seconds since 1970 of an RFC 3339 text; none for any other.
fn parse_timestamp(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut parts = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let mut parts = clock.split(':').map(str::parse::<i64>);
    let (hours, minutes, seconds) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (h, m) = zone.get(1..)?.split_once(':')?;
            sign * (h.parse::<i64>().ok()? * 3600 + m.parse::<i64>().ok()? * 60)
        }
    };
    // Days since 1970 in the proleptic Gregorian calendar, with March as the first month of a year.
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_seconds_since_1970() {
        assert_eq!(parse_timestamp("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_timestamp("2026-01-01T00:00:00Z"), Some(1_767_225_600));
        assert_eq!(parse_timestamp("2026-01-01T02:00:00.123+02:00"), Some(1_767_225_600));
        for wrong in ["", "2026", "2026-01-01", "2026-01-01T00:00:00", "é026-01-01T00:00:00Z", "aaaa-bb-cc"]
        {
            assert_eq!(parse_timestamp(wrong), None, "{wrong}");
        }
    }
}
