//! A raw TCP port of a ServiceEntry without addresses.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ports of ServiceEntries without `addresses` that are TCP, or do not say what they are.
    ///
    /// ## What happens to traffic
    /// Bytes have no host by which a sidecar could tell where they go: it listens on the port of every address, and takes
    /// connections to other hosts on that port for this one. Istio can give such entries addresses of its own
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
    /// IST0134.
    pub ENTRY_ADDRESSES = "MC1413", "entry-addresses", Warning, Mesh,
    "A raw TCP port of a ServiceEntry without addresses",
    ["IST0134"]
}

/// Every ServiceEntry without addresses.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.allocates_addresses {
        return;
    }
    for object in &context.resources.service_entries {
        if !object.spec.addresses.is_empty() || context.has_allocated_addresses(object) {
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
            found.push(
                object
                    .finding(&ENTRY_ADDRESSES, span, message)
                    .alias("IST0134")
                    .help("add `addresses`, or say `protocol: TLS` if it speaks TLS with a server name"),
            );
        }
    }
}
