//! Which ports have a route table: those of services that speak HTTP or do not say what they speak.

use std::collections::BTreeSet;

use meshc_mesh::{Protocol, View};

/// The ports on which sidecars of a view route HTTP.
pub(super) fn http_ports(view: &View) -> BTreeSet<u16> {
    let ports = view.services.iter().flat_map(|service| &service.ports);
    ports.filter(|port| port.protocol.may_be_http()).map(|port| port.number).collect()
}

/// Whether a port's protocol is found out at an address of the service's own, which then has a table of its
/// own, `HOST:PORT`.
pub(super) fn has_own_table(protocol: Protocol, address: &str) -> bool {
    protocol == Protocol::Auto && address != meshc_mesh::UNSPECIFIED
}
