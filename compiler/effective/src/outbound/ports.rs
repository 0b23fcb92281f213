//! Which ports have a route table: those of services that speak HTTP or do not say what they speak.

use std::collections::BTreeSet;

use meshc_mesh::{Egress, Protocol, Resolution};

/// The ports of services on which a listener for all ports routes HTTP.
pub(super) fn http_ports(egress: &Egress) -> BTreeSet<u16> {
    let services = egress.services.iter().filter(|service| service.resolution != Resolution::Alias);
    let ports = services.flat_map(|service| &service.ports);
    ports.filter(|port| port.protocol.may_be_http()).map(|port| port.number).collect()
}

/// Whether a port's protocol is found out at an address of the service's own, which then has a table of its
/// own, `HOST:PORT`.
pub(super) fn has_own_table(protocol: Protocol, address: &str) -> bool {
    protocol == Protocol::Auto && address != meshc_mesh::UNSPECIFIED
}
