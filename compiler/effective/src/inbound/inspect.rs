//! Which inspectors a listener of inbound connections needs, and on which ports
//! (Istio's `populateListenerFilters`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Chain, Inspector, Ports, Transport};
use crate::outbound::PLAINTEXT_HTTP;

/// What chains of one port ask for; port 0 is every other.
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    tls: bool,
    http: bool,
}

/// The inspectors in Istio's order. `captured`: connections were redirected; `transparent`: with their addresses.
pub(super) fn inspectors(chains: &[Arc<Chain>], captured: bool, transparent: bool) -> Vec<Inspector> {
    let mut inspectors = Vec::new();
    if captured {
        inspectors.push(Inspector::OriginalDestination);
        if transparent {
            inspectors.push(Inspector::OriginalSource);
        }
    }
    let mut by_port: BTreeMap<u16, Needs> = BTreeMap::new();
    for chain in chains {
        let needs = by_port.entry(chain.matches.destination_port.unwrap_or(0)).or_default();
        needs.tls |= chain.matches.transport == Some(Transport::Tls);
        let plaintext = |protocol: &String| PLAINTEXT_HTTP.contains(&protocol.as_str());
        needs.http |= chain.matches.application_protocols.iter().any(plaintext);
    }
    if by_port.values().any(|needs| needs.tls) {
        inspectors.push(Inspector::Tls(tls_ports(&by_port)));
    }
    if by_port.values().any(|needs| needs.http) {
        let without = by_port.iter().filter(|(_, needs)| !needs.http).map(|(port, _)| *port);
        inspectors.push(Inspector::Http(except(without.collect())));
    }
    inspectors
}

fn tls_ports(by_port: &BTreeMap<u16, Needs>) -> Ports {
    let everywhere = by_port.get(&0).is_some_and(|needs| needs.tls);
    let differing = by_port.iter().filter(|(port, needs)| **port > 0 && needs.tls != everywhere);
    let differing: Vec<u16> = differing.map(|(port, _)| *port).collect();
    if everywhere || differing.is_empty() { except(differing) } else { Ports::Only(differing) }
}

fn except(ports: Vec<u16>) -> Ports {
    if ports.is_empty() { Ports::All } else { Ports::Except(ports) }
}
