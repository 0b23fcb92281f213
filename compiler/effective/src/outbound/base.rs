//! What most namespaces see on a port: the virtual hosts of a namespace differ from those of another only in the short
//! names of its own services, so that they are made once and amended for each.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use meshc_mesh::{Egress, Protocol, Resolution, Service};

use super::domains;
use super::shared::Shared;
use super::table::{Candidate, Claimed, own_table};
use crate::model::{RouteTable, VirtualHost};

/// The services of each port of a listener for all ports on which HTTP is routed: where one speaks it, or does not say
/// what it speaks.
pub(super) struct Ports(BTreeMap<u16, Vec<Arc<Service>>>);

impl Ports {
    pub(super) fn of(egress: &Egress) -> Self {
        let services = egress.services.iter().filter(|service| service.resolution != Resolution::Alias);
        let ports = services.flat_map(|service| &service.ports);
        let http = ports.filter(|port| port.protocol.may_be_http());
        let mut by_port: BTreeMap<u16, Vec<Arc<Service>>> =
            http.map(|port| (port.number, Vec::new())).collect();
        for service in &egress.services {
            let numbers: BTreeSet<u16> = service.ports.iter().map(|port| port.number).collect();
            for number in numbers {
                if let Some(services) = by_port.get_mut(&number) {
                    services.push(Arc::clone(service));
                }
            }
        }
        Self(by_port)
    }
}

impl Deref for Ports {
    type Target = BTreeMap<u16, Vec<Arc<Service>>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Whether a port's protocol is found out at an address of the service's own, which then has a table of its own,
/// `HOST:PORT`.
pub(super) fn has_own_table(protocol: Protocol, address: &str) -> bool {
    protocol == Protocol::Auto && address != meshc_mesh::UNSPECIFIED
}

/// The virtual hosts of a port as a namespace without services sees them.
pub(super) struct Base {
    candidates: Vec<Candidate>,
    claimed: Claimed,
    /// Where the virtual host of a candidate stands that has all of its domains.
    places: HashMap<usize, usize>,
    /// Candidates by the namespace that calls them by short names.
    neighbours: HashMap<String, Vec<usize>>,
    /// The tables of single services: the same from everywhere.
    pub(super) own_tables: Vec<Arc<RouteTable>>,
}

impl Base {
    /// None where tables of single services depend on who asks.
    pub(super) fn new(
        candidates: Vec<Candidate>,
        claimed: Claimed,
        services: &[&Arc<Service>],
        port: u16,
    ) -> Option<Self> {
        let own_tables: Vec<_> =
            services.iter().filter_map(|service| own_table(service, port, &claimed.hosts)).collect();
        if own_tables.iter().any(|table| table.virtual_hosts.len() != 1) {
            return None;
        }
        let mut neighbours: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, candidate) in candidates.iter().enumerate() {
            let names = candidate.service.iter().flat_map(|s| std::iter::once(&s.hostname).chain(&s.aliases));
            let namespaces: BTreeSet<&str> = names.filter_map(|n| domains::neighbourhood(n)).collect();
            for namespace in namespaces {
                neighbours.entry(namespace.to_owned()).or_default().push(place);
            }
        }
        let places = claimed.whole.iter().copied().collect();
        Some(Self { candidates, claimed, places, neighbours, own_tables })
    }

    /// The virtual hosts as callers of a namespace see them; none where their short names mean something else already,
    /// so that the order of all candidates decides.
    pub(super) fn seen_from(&self, namespace: &str, shared: &mut Shared) -> Option<Vec<Arc<VirtualHost>>> {
        let mut hosts = self.claimed.hosts.clone();
        let mut new = HashSet::new();
        for &place in self.neighbours.get(namespace).into_iter().flatten() {
            let candidate = self.candidates.get(place)?;
            let at = *self.places.get(&place)?;
            let domains = shared.domains(candidate.service.as_ref()?, namespace, None);
            for number in domains.beside(&candidate.domains)? {
                let free = !self.claimed.taken.contains(number) && !self.claimed.known.contains(number);
                if !free || !new.insert(number) {
                    return None;
                }
            }
            *hosts.get_mut(at)? = candidate.virtual_host(&domains, shared);
        }
        Some(hosts)
    }
}
