//! What requests can be once Envoy's HTTP connection manager has read and cleaned them: the universe of each
//! field that a route may look at.

use meshc_effective::model::ProxyKind;
use meshc_envoy::request::{CONNECTION_HEADERS, STEERING_HEADERS, STEERING_HEADERS_AT_THE_EDGE};
use meshc_predicate::{Error, Language};

/// The scheme of a listener without TLS.
pub(super) const SCHEME: &str = "http";

/// Whether the routes of such a proxy can see a header of this (lower-case) name.
pub(super) fn is_seen(name: &str, proxy: ProxyKind) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let dropped = CONNECTION_HEADERS.contains(&name)
        || STEERING_HEADERS.contains(&name)
        || (proxy == ProxyKind::Gateway && STEERING_HEADERS_AT_THE_EDGE.contains(&name));
    !dropped && !name.is_empty() && name.bytes().all(token)
}

/// Whether a query can have a parameter of this name.
pub(super) fn is_query_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'&' | b'=' | b'#'))
}

/// The paths that `normalize_path` leaves as they are, without a query: what every path is when routes see it.
pub(super) fn paths() -> Result<Language, Error> {
    // Printable ASCII without `"#<>?\^`{|}`, which are refused, cut off or escaped.
    let plain = Language::regex(r"/[!$-;=@-\[\]_a-z~]*")?;
    // A dot segment counts as one with parameters too.
    let dot_segment = Language::regex(r"(?s).*/\.\.?(;[^/]*)?(/.*)?")?;
    // Escapes of letters, digits and `-._~` are undone; an escaped NUL is refused.
    let undone =
        Language::regex(r"(?s).*%(00|2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE]).*")?;
    Ok(plain.and(dot_segment.negate()).and(undone.negate()))
}

/// The values that a header may have: no control character but the tab, no blank at either end. Repeated values are
/// joined by a comma, which is a value like any other here.
pub(super) fn header_values() -> Result<Language, Error> {
    Language::regex(r"([^\x00-\x20\x7f]([^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?")
}

/// The value that `te` may have: anything else than `trailers` is dropped.
pub(super) fn te_values() -> Result<Language, Error> {
    Ok(Language::regex(r"(?i)(.*,)?[ \t]*trailers[ \t]*(,.*)?")?.and(header_values()?))
}

/// The values that a query parameter may have.
pub(super) fn query_values() -> Result<Language, Error> {
    Language::regex(r"[!\x22$%'-~]*")
}

/// What an authority may be.
pub(super) fn authorities() -> Result<Language, Error> {
    Language::regex(r"[A-Za-z0-9!$%&'()*+,\-.:;=@\[\]_~]*")
}

#[cfg(test)]
mod tests {
    use meshc_predicate::{FieldAtoms, Limits};
    use proptest::prelude::*;

    use super::*;

    /// The universe of paths is exactly what the tracer's normalisation can give, but for a backslash before a dot
    /// with parameters (`/\.;`): Envoy makes `//.;` of it, which no other path becomes (docs/parity.md).
    #[test]
    fn paths_are_the_fixed_points_of_normalisation() {
        let universe = paths().expect("a language");
        let atoms = FieldAtoms::build(&universe, [], &Limits::default()).expect("small");
        let inside = |path: &str| atoms.classify(path).is_some();
        let config = ProptestConfig::with_cases(4_000);
        proptest!(config, |(path in r"/[ -~]{0,12}", dense in r"/[a.%2eE41/0]{0,14}")| {
            for path in [path, dense] {
                if path.contains(['?', '#', ' ']) || path.contains("\\.") && path.contains(';') {
                    continue;
                }
                match meshc_trace::normalize_path(&path) {
                    Some(seen) => {
                        prop_assert!(inside(&seen), "{path} is seen as {seen}");
                        prop_assert_eq!(inside(&path), seen == path, "{}", path);
                    }
                    None => prop_assert!(!inside(&path), "{path} is refused"),
                }
            }
        });
    }
}
