//! A raw TCP port of a ServiceEntry without addresses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use meshc_resources::istio::Resolution;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ports of ServiceEntries without `addresses` that are TCP, or do not say what they are.
    ///
    /// ## What happens to traffic
    /// Bytes have no host by which a sidecar could tell where they go: it listens on the port of every address, and takes
    /// connections to other hosts on that port for this one. Istio can give such entries addresses of its own, but with the resolution NONE
    /// (`ISTIO_META_DNS_CAPTURE` with `ISTIO_META_DNS_AUTO_ALLOCATE` or `PILOT_ENABLE_IP_AUTOALLOCATE` in
    /// `defaultConfig.proxyMetadata`); then all is well.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: [db.example.com]
    /// ports:
    ///   - {name: tcp, number: 5432, protocol: TCP}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [db.example.com]
    /// addresses: [203.0.113.7]
    /// ports:
    ///   - {name: tcp, number: 5432, protocol: TCP}
    /// ```
    ///
    /// ## Covers
    /// IST0134, and IST0133 (what Istio's webhook warns of) where the resolution is NONE.
    pub ENTRY_ADDRESSES = "MC1413", "entry-addresses", Warning, Mesh,
    "A raw TCP port of a ServiceEntry without addresses",
    ["IST0134", "IST0133"]
}

/// Every ServiceEntry without addresses. Those that Istio gives have no effect with the resolution NONE, for which
/// connections go where they were going.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.service_entries {
        let resolution = object.spec.resolution.as_ref().map_or(Resolution::None, |r| r.value);
        let allocated = context.allocates_addresses || context.has_allocated_addresses(object);
        if !object.spec.addresses.is_empty() || (allocated && resolution != Resolution::None) {
            continue;
        }
        for port in &object.spec.ports {
            let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
            if !protocol.is_empty() && !protocol.eq_ignore_ascii_case("TCP") {
                continue;
            }
            let number = port.number.as_ref().map_or(0, |number| number.value);
            let span = port.number.as_ref().map_or(port.span, |number| number.span);
            let message = format!(
                "port {number} is raw TCP and the ServiceEntry has no addresses: sidecars take connections to port \
                 {number} of every address for it"
            );
            let mut finding = object
                .finding(&ENTRY_ADDRESSES, span, message)
                .help("add `addresses`, or say `protocol: TLS` if it speaks TLS with a server name");
            if !allocated {
                finding = finding.alias("IST0134");
            }
            // The webhook knows one spelling, and whom Istio gives no address.
            if resolution == Resolution::None && matches!(protocol, "" | "TCP") {
                finding = finding.alias("IST0133");
            }
            found.push(finding);
        }
    }
}
