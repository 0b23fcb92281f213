//! Two services that callers cannot tell apart by address.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{Port, Service};

use super::finding;

declare_rule! {
    /// ## What it does
    /// Finds raw TCP ports of services without an address of their own (ServiceEntries without `addresses`) on whose
    /// number another such service listens, and ports of MySQL or MongoDB that share an address with anything else.
    ///
    /// ## What happens to traffic
    /// Sidecars have one listener for the number, and the first service gets the connections of both.
    ///
    /// ## Example
    /// Two ServiceEntries without `addresses` for the TCP port 9080.
    ///
    /// ## Use instead
    /// `addresses` in the ServiceEntry, or a port number that no other service has.
    pub PORT_CONFLICT = "MC1306", "port-conflict", Warning, Mesh,
    "A raw TCP port that callers cannot tell from another service's",
    []
}

/// The finding for the service that does not get its connections.
pub(crate) fn port_conflict(
    (loser, port): (&Service, &Port),
    (winner, of_winner): (&Service, &Port),
) -> Diagnostic {
    let message = format!(
        "the listener of port {} is for {}, and this service has no address of its own: connections to it go there",
        port.number, winner.meta
    );
    finding(&PORT_CONFLICT, &loser.meta, port.span, message).label(of_winner.span, "the other port")
}
