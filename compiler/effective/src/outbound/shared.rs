//! Parts that are the same from many namespaces, made once: most routes ask nothing about the caller.

use std::collections::HashMap;
use std::sync::Arc;

use meshc_mesh::{Egress, Mesh, Semantics, Service, VirtualService};

use super::base::{Base, Ports};
use super::domains::{self, Domains, Numbers};
use crate::http;
use crate::model::{self, Route, VirtualHost};

/// Routes with what made them.
pub(crate) struct Routes {
    pub(super) list: model::Routes,
    pub(super) by: Option<Arc<VirtualService>>,
    /// The service where no VirtualService made them; held so that its address stays its own.
    _of: Option<Arc<Service>>,
}

/// What was made before, by the addresses of what it was made from. Each entry holds those, so that an address
/// never comes to mean something else.
#[derive(Default)]
pub(crate) struct Shared {
    numbers: Numbers,
    /// Whether any DestinationRule hashes requests: then routes depend on the rules that callers follow.
    hashes: bool,
    /// What the ports of a listener for all ports are, by its place.
    ports: HashMap<usize, (Arc<Egress>, Arc<Ports>)>,
    /// What most namespaces see on a port of such a listener; none where each must be looked at alone.
    bases: HashMap<(usize, u16), Option<Arc<Base>>>,
    of_virtual_services: HashMap<(usize, u16), Arc<Routes>>,
    of_services: HashMap<(usize, u16), Arc<Routes>>,
    /// By service, which of its names are neighbours of the callers, and the port that the domains have too.
    domains: HashMap<(usize, Neighbours, Option<u16>), (Arc<Service>, Arc<Domains>)>,
    /// By routes, domains and port, with all of the domains.
    virtual_hosts: HashMap<(usize, usize, u16), Made>,
}

/// Whether the callers are neighbours of a service, and of each of its other names.
type Neighbours = (bool, Vec<bool>);

/// A virtual host and what its key names.
struct Made {
    host: Arc<VirtualHost>,
    _routes: Arc<Routes>,
    _domains: Arc<Domains>,
}

impl Shared {
    /// Nothing yet.
    pub(crate) fn new(mesh: &Mesh) -> Self {
        Self { hashes: mesh.destination_rules.all().any(|rule| http::hashes(rule)), ..Self::default() }
    }

    /// The ports of a listener for all ports.
    pub(super) fn ports(&mut self, egress: &Arc<Egress>) -> Arc<Ports> {
        let new = || (Arc::clone(egress), Arc::new(Ports::of(egress)));
        Arc::clone(&self.ports.entry(Arc::as_ptr(egress) as usize).or_insert_with(new).1)
    }

    /// What most namespaces see on a port of a listener that they have in common.
    pub(super) fn base(
        &mut self,
        egress: &Arc<Egress>,
        port: u16,
        make: impl FnOnce(&mut Self) -> Option<Base>,
    ) -> Option<Arc<Base>> {
        let depends =
            |by: &Arc<VirtualService>| by.semantics == Semantics::GatewayApi || depends_on_caller(by);
        if !egress.common || self.hashes {
            return None;
        }
        let key = (Arc::as_ptr(egress) as usize, port);
        if let Some(known) = self.bases.get(&key) {
            return known.clone();
        }
        // `ports` holds the listener in place.
        let alike = !egress.virtual_services.iter().any(depends);
        let made = alike.then(|| make(self)).flatten().map(Arc::new);
        self.bases.insert(key, made.clone());
        made
    }

    /// The routes of a VirtualService for a port.
    pub(super) fn of_virtual_service(
        &mut self,
        by: &Arc<VirtualService>,
        port: u16,
        make: impl FnOnce() -> Vec<Route>,
    ) -> Arc<Routes> {
        let new = || Arc::new(Routes { list: make().into(), by: Some(Arc::clone(by)), _of: None });
        if depends_on_caller(by) {
            return new();
        }
        Arc::clone(self.of_virtual_services.entry((Arc::as_ptr(by) as usize, port)).or_insert_with(new))
    }

    /// The routes of a service that no VirtualService is about.
    pub(super) fn of_service(
        &mut self,
        service: &Arc<Service>,
        port: u16,
        make: impl FnOnce() -> Vec<Route>,
    ) -> Arc<Routes> {
        let new = || Arc::new(Routes { list: make().into(), by: None, _of: Some(Arc::clone(service)) });
        Arc::clone(self.of_services.entry((Arc::as_ptr(service) as usize, port)).or_insert_with(new))
    }

    /// The routes of a VirtualService for a table that no other has.
    pub(super) fn once(&self, by: &Arc<VirtualService>, list: Vec<Route>) -> Arc<Routes> {
        Arc::new(Routes { list: list.into(), by: Some(Arc::clone(by)), _of: None })
    }

    /// The routes of a service for callers who follow a rule of their own.
    pub(super) fn once_of_service(&self, service: &Arc<Service>, list: Vec<Route>) -> Arc<Routes> {
        Arc::new(Routes { list: list.into(), by: None, _of: Some(Arc::clone(service)) })
    }

    /// The domains of a service for callers of a namespace, each also with the port where one is given.
    pub(super) fn domains(
        &mut self,
        service: &Arc<Service>,
        namespace: &str,
        port: Option<u16>,
    ) -> Arc<Domains> {
        let is_neighbour = |host: &String| domains::is_neighbour(host, namespace);
        let neighbours =
            (is_neighbour(&service.hostname), service.aliases.iter().map(is_neighbour).collect());
        let numbers = &mut self.numbers;
        let new = || (Arc::clone(service), Arc::new(domains::of_service(service, namespace, port, numbers)));
        Arc::clone(
            &self.domains.entry((Arc::as_ptr(service) as usize, neighbours, port)).or_insert_with(new).1,
        )
    }

    /// The domains of a host, in lower case, that only a VirtualService names.
    pub(super) fn domains_of_host(&mut self, host: String) -> Arc<Domains> {
        Arc::new(domains::of_host(host, &mut self.numbers))
    }

    /// The virtual host of a port with these routes and all of these domains.
    pub(super) fn virtual_host(
        &mut self,
        routes: &Arc<Routes>,
        domains: &Arc<Domains>,
        port: u16,
        make: impl FnOnce() -> VirtualHost,
    ) -> Arc<VirtualHost> {
        let key = (Arc::as_ptr(routes) as usize, Arc::as_ptr(domains) as usize, port);
        let new =
            || Made { host: Arc::new(make()), _routes: Arc::clone(routes), _domains: Arc::clone(domains) };
        Arc::clone(&self.virtual_hosts.entry(key).or_insert_with(new).host)
    }
}

/// Whether the routes of a VirtualService depend on who calls.
pub(crate) fn depends_on_caller(by: &VirtualService) -> bool {
    by.http.iter().flat_map(|rule| &rule.route.matches).any(|condition| {
        !condition.source_labels.is_empty()
            || condition.source_namespace.as_ref().is_some_and(|namespace| !namespace.is_empty())
    })
}
