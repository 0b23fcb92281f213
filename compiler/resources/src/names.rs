//! Names and addresses as istiod checks them (`pkg/config/validation/agent/validation.go`, `pkg/config/labels`).
//! Each function gives what is wrong in a few words, or nothing.

use std::net::IpAddr;

use meshc_syntax::de::Duration;

/// A label of a DNS name: at most 63 letters, digits and dashes, no dash at an end.
pub(crate) fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    text.len() <= 63
        && !text.is_empty()
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A label, or one that begins with a wildcard: `*`, `*-LABEL`, `*LABEL`.
fn is_wildcard_label(text: &str) -> bool {
    let rest = text.strip_prefix("*-").or_else(|| text.strip_prefix('*')).unwrap_or(text);
    text.len() <= 63 && (text == "*" || is_label(rest))
}

/// The labels of a name, the last of which may be empty and not a number.
fn labels(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('.').collect();
    if let Some(last) = parts.last()
        && last.strip_prefix(['+', '-']).unwrap_or(last).parse::<u64>().is_ok()
    {
        return Some(format!("`{last}` at the end of a name must not be a number"));
    }
    for (index, part) in parts.iter().enumerate() {
        if part.is_empty() && index == parts.len() - 1 {
            return None;
        }
        if !is_label(part) {
            return Some(format!("`{part}` is no part of a DNS name"));
        }
    }
    None
}

fn length(name: &str) -> Option<String> {
    match name.len() {
        0 => Some("the name is empty".to_owned()),
        1..=255 => None,
        _ => Some("the name is longer than 255 letters".to_owned()),
    }
}

/// A full name: `reviews.shop.svc.cluster.local`.
pub(crate) fn fqdn(name: &str) -> Option<String> {
    length(name).or_else(|| labels(name))
}

/// A full name whose first label may be a wildcard.
pub(crate) fn wildcard_domain(name: &str) -> Option<String> {
    length(name).or_else(|| {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        if !is_wildcard_label(first) {
            return Some(format!("`{first}` is no part of a DNS name"));
        }
        rest.and_then(labels)
    })
}

/// `NAMESPACE/HOST` as in the hosts of a Sidecar and in the services of extension providers: the namespace may be
/// `*` or `.`, with a `~` before it to leave it out.
pub(crate) fn namespaced_host(text: &str) -> Option<String> {
    let Some((namespace, host)) = text.split_once('/') else {
        return Some("it must be of the form NAMESPACE/HOST".to_owned());
    };
    if namespace.is_empty() || host.is_empty() {
        return Some("neither the namespace nor the host may be empty".to_owned());
    }
    let bare = namespace.strip_prefix('~').unwrap_or(namespace);
    if !matches!(bare, "" | "*" | ".") && !is_label(bare) {
        return Some(format!("`{namespace}` is no namespace"));
    }
    if host != "*" && !host.contains('.') {
        return Some(format!("`{host}` must be a full name"));
    }
    wildcard_domain(host).or_else(|| partial_wildcard(host))
}

/// `*` alone, or as the whole first label.
pub(crate) fn partial_wildcard(host: &str) -> Option<String> {
    (host.contains('*') && host.len() != 1 && !host.starts_with("*."))
        .then(|| format!("`{host}` has a wildcard that is not its whole first part"))
}

/// The name of a trust domain.
pub(crate) fn trust_domain(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("a trust domain is empty".to_owned());
    }
    let parts: Vec<&str> = name.split('.').collect();
    let wrong = parts
        .iter()
        .enumerate()
        .find(|(index, part)| !(part.is_empty() && *index == parts.len() - 1 || is_label(part)));
    wrong.map(|(_, part)| format!("`{part}` is no part of a trust domain"))
}

/// A name of a header, as HTTP has it.
pub(crate) fn is_header(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a header of a condition stands for a claim of the token: `@request.auth.claims.NAME`, or with the names in
/// brackets.
pub(crate) fn is_claim(name: &str) -> bool {
    const PREFIX: &str = "@request.auth.claims";
    let Some((start, rest)) = name.split_at_checked(PREFIX.len()) else { return false };
    let dotted = rest.starts_with('.') && rest.len() > 1;
    let bracketed = rest.starts_with('[') && rest.ends_with(']') && rest.len() > 2;
    start.eq_ignore_ascii_case(PREFIX) && (dotted || bracketed)
}

/// A key of a label: letters, digits, `-`, `_`, `.`, with a DNS name and a slash in front, if any.
pub(crate) fn label_key(key: &str) -> Option<String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let prefix_is_name =
        prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_dns_part));
    (!prefix_is_name || name.len() > 63 || !is_qualified(name))
        .then(|| format!("`{key}` is no key of a label"))
}

/// A value of a label.
pub(crate) fn label_value(value: &str) -> Option<String> {
    (!value.is_empty() && !is_qualified(value)).then(|| format!("`{value}` is no value of a label"))
}

/// A part of a DNS name of any length.
fn is_dns_part(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_qualified(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// An IP address.
pub(crate) fn ip_address(text: &str) -> Option<String> {
    text.parse::<IpAddr>().is_err().then(|| format!("`{text}` is no IP address"))
}

/// An IP address or a block of them.
pub(crate) fn ip_block(text: &str) -> Option<String> {
    let Some((address, bits)) = text.split_once('/') else { return ip_address(text) };
    let most = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return Some(format!("`{text}` is no block of IP addresses")),
    };
    let plain = bits.bytes().all(|byte| byte.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    (!plain || bits.parse::<u8>().map_or(true, |bits| bits > most))
        .then(|| format!("`{text}` is no block of IP addresses"))
}

/// A port.
pub(crate) fn port(number: i64) -> Option<String> {
    (!(1..=65535).contains(&number)).then(|| format!("the port {number} is not within 1 and 65535"))
}

/// Whether a protocol of a port is one of HTTP's.
pub(crate) fn is_http_protocol(name: &str) -> bool {
    let known = ["http", "http2", "http_proxy", "grpc", "grpc-web"];
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A protocol of a port; empty where it is found out.
pub(crate) fn protocol(name: &str) -> Option<String> {
    const KNOWN: [&str; 12] = [
        "http",
        "http2",
        "https",
        "grpc",
        "grpc-web",
        "http_proxy",
        "tcp",
        "tls",
        "udp",
        "mongo",
        "redis",
        "mysql",
    ];
    let known = name.is_empty() || KNOWN.contains(&name.to_ascii_lowercase().as_str());
    (!known).then(|| format!("`{name}` is no protocol that Istio knows"))
}

/// `HOST:PORT`, `[ADDRESS]:PORT`.
pub(crate) fn host_port(text: &str) -> Option<String> {
    let Some((host, number)) = split_host_port(text) else {
        return Some(format!("`{text}` is not of the form HOST:PORT"));
    };
    let Ok(number) = number.parse::<i64>() else { return Some(format!("`{number}` is no port")) };
    port(number).or_else(|| fqdn(host).filter(|_| host.parse::<IpAddr>().is_err()))
}

/// The host, without brackets, and the port, as Go's `net.SplitHostPort` has them.
pub(crate) fn split_host_port(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return Some((host, rest.strip_prefix(':')?)).filter(|(_, port)| !port.contains(':'));
    }
    let (host, port) = text.rsplit_once(':')?;
    (!host.contains([':', '[', ']']) && !port.contains(['[', ']'])).then_some((host, port))
}

/// A socket of the file system, an absolute path, or an abstract one that begins with `@`.
pub(crate) fn unix_path(path: &str) -> Option<String> {
    if path.is_empty() {
        return Some("the path of the socket is empty".to_owned());
    }
    (!path.starts_with('@') && (!path.starts_with('/') || path.ends_with('/')))
        .then(|| format!("`{path}` is no absolute path of a file"))
}

/// At least a millisecond, and whole milliseconds.
pub(crate) fn duration(duration: Duration) -> Option<String> {
    if duration < Duration::from_millis(1) {
        return Some("less than a millisecond".to_owned());
    }
    whole_millis(duration)
}

/// Whole milliseconds.
pub(crate) fn whole_millis(duration: Duration) -> Option<String> {
    (duration.as_nanos() % 1_000_000 != 0).then(|| "finer than a millisecond".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_istiod_takes() {
        for (name, right) in [
            ("a.b", true),
            ("a.b.", true),
            ("istio.io", true),
            ("a..b", false),
            ("a.1", false),
            ("a_b.c", false),
            ("", false),
            ("*.a", false),
        ] {
            assert_eq!(fqdn(name).is_none(), right, "{name}");
        }
        for (name, right) in
            [("*", true), ("*.a.b", true), ("*-a.b", true), ("*a.b", true), ("a.*.b", false), ("**.a", false)]
        {
            assert_eq!(wildcard_domain(name).is_none(), right, "{name}");
        }
        for (name, right) in [
            ("a/b.c", true),
            ("*/*", true),
            ("./*", true),
            ("~/*", true),
            ("~a/*", true),
            ("~./b.c", true),
            ("a/b", false),
            ("b.c", false),
            ("a/*b.c", false),
            ("a*/b.c", false),
            ("/b.c", false),
        ] {
            assert_eq!(namespaced_host(name).is_none(), right, "{name}");
        }
    }

    #[test]
    fn addresses_are_those_that_istiod_takes() {
        for (text, right) in [
            ("a.b:80", true),
            ("1.2.3.4:80", true),
            ("[::1]:80", true),
            ("::1:80", false),
            ("a.b", false),
            ("a.b:0", false),
            ("a.b:x", false),
        ] {
            assert_eq!(host_port(text).is_none(), right, "{text}");
        }
        for (text, right) in
            [("10.0.0.0/8", true), ("10.0.0.0/33", false), ("::/0", true), ("1.2.3.4", true), ("x", false)]
        {
            assert_eq!(ip_block(text).is_none(), right, "{text}");
        }
        for (text, right) in [("/a/b", true), ("@a", true), ("a", false), ("/a/", false), ("", false)] {
            assert_eq!(unix_path(text).is_none(), right, "{text}");
        }
    }
}
