//! Listeners that cannot be beside each other on one Gateway.

use meshc_resources::gateway_api::Listener;

use super::listeners::text;

/// Why `listener` cannot be beside the listeners that were accepted before it; the Gateway's own come before those of
/// ListenerSets, older sets before younger.
pub(super) fn conflict<'l>(
    listener: &Listener,
    accepted: impl IntoIterator<Item = &'l Listener>,
) -> Option<&'static str> {
    let prior = accepted.into_iter().find(|prior| !distinct(listener, prior))?;
    let (a, b) = (text(&listener.protocol), text(&prior.protocol));
    let same = a == b && !is_transport(a);
    Some(if same { "HostnameConflict" } else { "ProtocolConflict" })
}

fn distinct(a: &Listener, b: &Listener) -> bool {
    if port(a) != port(b) {
        return true;
    }
    let (first, second) = (text(&a.protocol), text(&b.protocol));
    match (is_transport(first), is_transport(second), is_http_like(first), is_http_like(second)) {
        (true, true, _, _) | (true, _, _, true) | (_, true, true, _) => false,
        (_, _, true, true) => hostname(a) != hostname(b),
        _ => first != second,
    }
}

fn port(listener: &Listener) -> i32 {
    listener.port.as_ref().map_or(0, |port| port.value)
}

fn hostname(listener: &Listener) -> &str {
    match text(&listener.hostname) {
        "" => "*",
        hostname => hostname,
    }
}

fn is_transport(protocol: &str) -> bool {
    matches!(protocol, "TCP" | "UDP")
}

fn is_http_like(protocol: &str) -> bool {
    matches!(protocol, "HTTP" | "HTTPS" | "TLS")
}
