//! Which HTTP a client speaks, by its first line.

use super::Seen;

/// What a connection of HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of a request line at most, as in Envoy's inspector.
const LINE_LIMIT: usize = 8 << 10;

/// The methods that Envoy's parser knows; a first line with another one is not taken for HTTP.
const METHODS: &[&str] = &[
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "MSEARCH",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// The protocol's name as filter chains are matched by it.
pub(super) fn version(bytes: &[u8]) -> Seen<&'static str> {
    if bytes.starts_with(PREFACE) {
        return Seen::Found("h2c");
    }
    if PREFACE.starts_with(bytes) {
        return Seen::Unclear;
    }
    // Clients of old sent an empty line behind a body; parsers pass over it.
    let line = bytes.trim_ascii_start();
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
        let known = line.is_empty() || METHODS.iter().any(|method| begins(line, method));
        return if known && bytes.len() <= LINE_LIMIT { Seen::Unclear } else { Seen::Other };
    };
    let line = line[..end].strip_suffix(b"\r").unwrap_or(&line[..end]);
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let (method, target, version, more) = (words.next(), words.next(), words.next(), words.next());
    let known = method.is_some_and(|word| METHODS.iter().any(|method| method.as_bytes() == word));
    match (known && target.is_some() && more.is_none(), version) {
        (true, Some(b"HTTP/1.1")) => Seen::Found("http/1.1"),
        (true, Some(b"HTTP/1.0")) => Seen::Found("http/1.0"),
        _ => Seen::Other,
    }
}

/// Whether a line may become, or already is, a request with a method.
fn begins(line: &[u8], method: &str) -> bool {
    let method = method.as_bytes();
    let common = line.len().min(method.len());
    line[..common] == method[..common] && line.get(method.len()).is_none_or(|byte| *byte == b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_line_tells() {
        for (bytes, seen) in [
            ("GET / HTTP/1.1\r\n", Seen::Found("http/1.1")),
            ("\r\nPOST /a HTTP/1.0\r\nhost", Seen::Found("http/1.0")),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", Seen::Found("h2c")),
            ("PRI * HT", Seen::Unclear),
            ("", Seen::Unclear),
            ("GE", Seen::Unclear),
            ("GET /long", Seen::Unclear),
            ("GETS /", Seen::Other),
            ("get / HTTP/1.1\r\n", Seen::Other),
            ("GET / HTTP/3\r\n", Seen::Other),
            ("GET /\r\n", Seen::Other),
            ("*1\r\n$4\r\nPING\r\n", Seen::Other),
            ("\u{16}\u{3}\u{1}", Seen::Other),
        ] {
            assert_eq!(version(bytes.as_bytes()), seen, "{bytes:?}");
        }
    }

    proptest! {
        /// What is clear stays as it is when more comes.
        #[test]
        fn more_bytes_change_no_answer(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                Just(b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()),
                Just([PREFACE, b"\0\0\x12"].concat()),
            ],
        ) {
            let whole = version(&bytes);
            for end in 0..bytes.len() {
                let part = version(&bytes[..end]);
                prop_assert!(part == Seen::Unclear || part == whole);
            }
        }
    }
}
