//! What requests can be once Envoy's HTTP connection manager has read and cleaned them: the universe of each
//! field that a route may look at.

use meshc_effective::model::{EscapedSlashes, PathNormalization, ProxyKind, Reader, Underscores};
use meshc_envoy::request::{CONNECTION_HEADERS, STEERING_HEADERS, STEERING_HEADERS_AT_THE_EDGE};
use meshc_predicate::{Error, Language};

/// The scheme of a listener without TLS.
pub(super) const SCHEME: &str = "http";

/// Whether the routes of such a proxy can see a header of this (lower-case) name.
pub(super) fn is_seen(name: &str, reader: Reader) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let dropped = CONNECTION_HEADERS.contains(&name)
        || STEERING_HEADERS.contains(&name)
        || (reader.underscores != Underscores::Pass && name.contains('_'))
        || (reader.kind == ProxyKind::Gateway && STEERING_HEADERS_AT_THE_EDGE.contains(&name));
    !dropped && !name.is_empty() && name.bytes().all(token)
}

/// Whether a query can have a parameter of this name.
pub(super) fn is_query_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'&' | b'=' | b'#'))
}

/// The paths that routes can see, without a query.
pub(super) fn paths(how: PathNormalization) -> Result<Language, Error> {
    let mut paths = if how.resolves {
        // Printable ASCII without `"#<>?\^`{|}`, which are refused, cut off or escaped.
        let plain = Language::regex(r"/[!$-;=@-\[\]_a-z~]*")?;
        let dot_segment = Language::regex(r"(?s).*/\.\.?(/.*)?")?;
        // Escapes of letters, digits and `-._~` are undone; an escaped NUL is refused.
        let undone =
            Language::regex(r"(?s).*%(00|2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE]).*")?;
        plain.and(dot_segment.negate()).and(undone.negate())
    } else {
        // What HTTP lets through, without a fragment, which is refused, and without the query.
        Language::regex(r"/[!\x22$->@-~]*")?
    };
    if how.escaped_slashes != EscapedSlashes::Keep {
        paths = paths.and(Language::regex(r"(?s).*%(2[fF]|5[cC]).*")?.negate());
    }
    if how.merges_slashes {
        paths = paths.and(Language::regex("(?s).*//.*")?.negate());
    }
    Ok(paths)
}

/// A path that is seen as this one. Only dot segments with parameters (`/.;x`) are not seen as they are written: as such
/// they lose their parameters and are resolved, while an escaped dot stays, as a dot.
pub(super) fn sent(seen: &str, how: PathNormalization) -> String {
    if !how.resolves || !(seen.contains("/.;") || seen.contains("/..;")) {
        return seen.to_owned();
    }
    seen.replace("/.;", "/%2e;").replace("/..;", "/%2e.;")
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

    /// The universe of paths is exactly what the tracer's normalisation can give.
    #[test]
    fn paths_are_what_normalisation_can_give() {
        let how = PathNormalization::BASE;
        let universe = paths(how).expect("a language");
        let atoms = FieldAtoms::build(&universe, [], &Limits::default()).expect("small");
        let inside = |path: &str| atoms.classify(path).is_some();
        let config = ProptestConfig::with_cases(4_000);
        proptest!(config, |(path in r"/[ -~]{0,12}", dense in r"/[a.%2eE41/0;\\]{0,14}")| {
            for path in [path, dense] {
                if path.contains(['?', '#', ' ']) {
                    continue;
                }
                match meshc_trace::normalize_path(&path) {
                    Some(seen) => prop_assert!(inside(&seen), "{path} is seen as {seen}"),
                    None => prop_assert!(!inside(&path), "{path} is refused"),
                }
                if inside(&path) {
                    let sent = sent(&path, how);
                    let seen = meshc_trace::normalize_path(&sent);
                    prop_assert_eq!(seen.as_deref(), Some(path.as_str()), "{} is sent", sent);
                }
            }
        });
    }

    #[test]
    fn what_is_merged_or_decoded_is_not_seen() {
        let seen = |path: &str, how| {
            let universe = paths(how).expect("a language");
            let atoms = FieldAtoms::build(&universe, [], &Limits::default()).expect("small");
            atoms.classify(path).is_some()
        };
        let all = [
            PathNormalization::NONE,
            PathNormalization::BASE,
            PathNormalization::MERGE_SLASHES,
            PathNormalization::DECODE_AND_MERGE_SLASHES,
        ];
        for (path, where_seen) in [
            ("/a", [true, true, true, true]),
            ("/a/../b", [true, false, false, false]),
            ("/a\\b", [true, false, false, false]),
            ("/a//b", [true, true, false, false]),
            ("/a%2Fb", [true, true, true, false]),
            ("/a/.;b", [true, true, true, true]),
        ] {
            assert_eq!(all.map(|how| seen(path, how)), where_seen, "{path}");
        }
    }
}
