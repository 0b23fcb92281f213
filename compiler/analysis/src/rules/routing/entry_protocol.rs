//! One host and port with two protocols.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::entries::Entry;

declare_rule! {
    /// ## What it does
    /// Finds ServiceEntries that some namespace sees together and that declare the same host and port with different
    /// protocols.
    ///
    /// ## What happens to traffic
    /// Sidecars take the protocol of one of them, the oldest: where that is HTTP and the host speaks something else,
    /// requests fail; where it is TCP, HTTP routes for the host do not hold.
    ///
    /// ## Example
    /// Two ServiceEntries for `api.example.com` and port 443, one with `protocol: HTTPS`, one with `protocol: HTTP`.
    ///
    /// ## Use instead
    /// One ServiceEntry for the host.
    ///
    /// ## Covers
    /// IST0177 and KIA1212. Kiali does not look at `exportTo`.
    pub ENTRY_PROTOCOL = "MC1414", "entry-protocol", Warning, Mesh,
    "A host and port that ServiceEntries declare with different protocols",
    ["IST0177", "KIA1212"]
}

/// The finding at one of two.
pub(super) fn finding(host: &str, number: u32, entry: &Entry<'_>, other: &Entry<'_>) -> Diagnostic {
    let said = |entry: &Entry<'_>| {
        let protocol = entry.protocol();
        if protocol.is_empty() { "no protocol".to_owned() } else { protocol }
    };
    let span = |entry: &Entry<'_>| entry.port.protocol.as_ref().map_or(entry.port.span, |p| p.span);
    let message = format!(
        "`{host}:{number}` is {} here and {} in {}: sidecars follow the older ServiceEntry",
        said(entry),
        said(other),
        other.object.id()
    );
    entry
        .object
        .finding(&ENTRY_PROTOCOL, span(entry), message)
        .label(span(other), said(other))
        .help("declare the host once")
        .alias("IST0177")
        .alias("KIA1212")
}
