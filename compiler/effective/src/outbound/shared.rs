//! Parts that are the same from many namespaces, made once: most routes ask nothing about the caller.

use std::collections::HashMap;
use std::sync::Arc;

use meshc_mesh::{Service, VirtualService};

use crate::model::{Route, VirtualHost};

/// Routes with what made them.
pub(crate) struct Routes {
    pub(super) list: Vec<Route>,
    pub(super) by: Option<Arc<VirtualService>>,
    /// The service where no VirtualService made them; held so that its address stays its own.
    _of: Option<Arc<Service>>,
}

/// A virtual host and the routes that its key names.
type Made = (Arc<Routes>, Arc<VirtualHost>);

/// What was made before, by the addresses of what it was made from. Each entry holds those, so that an address
/// never comes to mean something else.
#[derive(Default)]
pub(crate) struct Shared {
    of_virtual_services: HashMap<(usize, u16), Arc<Routes>>,
    of_services: HashMap<(usize, u16), Arc<Routes>>,
    /// By routes and name, those that differ in their domains.
    virtual_hosts: HashMap<(usize, String), Vec<Made>>,
}

impl Shared {
    /// The routes of a VirtualService for a port.
    pub(super) fn of_virtual_service(
        &mut self,
        by: &Arc<VirtualService>,
        port: u16,
        make: impl FnOnce() -> Vec<Route>,
    ) -> Arc<Routes> {
        let new = || Arc::new(Routes { list: make(), by: Some(Arc::clone(by)), _of: None });
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
        let new = || Arc::new(Routes { list: make(), by: None, _of: Some(Arc::clone(service)) });
        Arc::clone(self.of_services.entry((Arc::as_ptr(service) as usize, port)).or_insert_with(new))
    }

    /// The virtual host with these routes, this name and these domains.
    pub(super) fn virtual_host(
        &mut self,
        routes: &Arc<Routes>,
        name: &str,
        domains: Vec<String>,
        make: impl FnOnce(Vec<String>) -> VirtualHost,
    ) -> Arc<VirtualHost> {
        let known = self.virtual_hosts.entry((Arc::as_ptr(routes) as usize, name.to_owned())).or_default();
        if let Some((_, same)) = known.iter().find(|(_, host)| host.domains == domains) {
            return Arc::clone(same);
        }
        let host = Arc::new(make(domains));
        known.push((Arc::clone(routes), Arc::clone(&host)));
        host
    }
}

/// Whether the routes of a VirtualService depend on who calls.
fn depends_on_caller(by: &VirtualService) -> bool {
    by.http.iter().flat_map(|rule| &rule.route.matches).any(|condition| {
        !condition.source_labels.is_empty()
            || condition.source_namespace.as_ref().is_some_and(|namespace| !namespace.is_empty())
    })
}
