//! One host and port that two ServiceEntries declare.

use meshc_diagnostics::{Diagnostic, declare_rule};

use super::entries::Entry;

declare_rule! {
    /// ## What it does
    /// Finds ServiceEntries that some namespace sees together and that declare the same host and port with the same
    /// protocol.
    ///
    /// ## What happens to traffic
    /// A sidecar has one cluster for the host and port: endpoints of entries of one namespace are put together, those of
    /// other namespaces are left out.
    ///
    /// ## Example
    /// Two ServiceEntries for `api.example.com` and port 443 in two namespaces.
    ///
    /// ## Use instead
    /// One ServiceEntry for the host, exported to those who need it.
    ///
    /// ## Covers
    /// KIA1211. Kiali does not look at `exportTo`.
    pub SHARED_ENTRY = "MC1415", "shared-entry", Info, Mesh,
    "A host and port that several ServiceEntries declare",
    ["KIA1211"]
}

/// The finding at one of two.
pub(super) fn finding(host: &str, number: u32, entry: &Entry<'_>, other: &Entry<'_>) -> Diagnostic {
    let message =
        format!("{} declares `{host}:{number}` too: sidecars have one cluster for both", other.object.id());
    entry
        .object
        .finding(&SHARED_ENTRY, entry.port.span, message)
        .label(other.port.span, "declared here too")
        .help("declare the host once and export it to those who need it")
        .alias("KIA1211")
}
