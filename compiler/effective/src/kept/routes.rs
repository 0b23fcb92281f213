//! Virtual hosts whose routes are others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_mesh::hostname::MESH_GATEWAY;
use meshc_mesh::{Mesh, Semantics, VirtualService};
use meshc_source::Span;

use super::Change;
use crate::http::{self, Perspective};
use crate::model::{EffectiveMesh, Origin, Route, RouteTable, Routes, VirtualHost};
use crate::outbound::{Tables, depends_on_caller};

/// A VirtualService as it was and as it is.
type Step = (Arc<VirtualService>, Arc<VirtualService>);

/// Puts the routes of VirtualServices in the place of those that they had, wherever they are met; none where another proxy
/// may have to have them now, or where they are met in another shape than they were made in here.
pub(super) fn follow(mesh: &mut EffectiveMesh, resolved: &Mesh, steps: &[Step]) -> Option<Change> {
    if !steps.iter().all(|(old, new)| stays_where_it_is(resolved, old, new)) {
        return None;
    }
    let mut swap = Swap {
        resolved,
        steps,
        places: steps.iter().enumerate().map(|(step, (old, _))| (old.meta.span, step)).collect(),
        of_ports: HashMap::new(),
        hosts: HashMap::new(),
        tables: HashMap::new(),
        maps: HashMap::new(),
    };
    for proxy in &mesh.proxies {
        swap.map(&proxy.tables)?;
    }
    let mut change = Change { tables: swap.made_tables(), ..Change::default() };
    for (place, proxy) in mesh.proxies.iter_mut().enumerate() {
        if let Some((_, Some(made))) = swap.maps.get(&Arc::as_ptr(&proxy.tables).addr()) {
            Arc::make_mut(proxy).tables = Arc::clone(made);
            change.proxies.push(place);
        }
    }
    Some(change)
}

/// Whether the same virtual hosts of the same proxies follow the VirtualService before and after, and nothing but its
/// routes says what they do.
fn stays_where_it_is(mesh: &Mesh, old: &VirtualService, new: &VirtualService) -> bool {
    let only_mesh = |by: &VirtualService| {
        by.semantics == Semantics::Istio && by.gateways.iter().all(|gateway| gateway == MESH_GATEWAY)
    };
    let both = [old, new];
    let names = |by: &VirtualService| by.hosts.iter().map(|host| host.value.clone()).collect::<Vec<_>>();
    let connections = both.iter().any(|by| by.routes_connections());
    let asks = both.iter().any(|by| depends_on_caller(by));
    let hashes = || mesh.destination_rules.all().any(|rule| http::hashes(rule));
    both.iter().all(|by| only_mesh(by))
        && names(old) == names(new)
        && old.export_to == new.export_to
        && !connections
        && !asks
        && (old.destinations("") == new.destinations("") || mesh.everyone_sees_everything())
        && !both.iter().any(|by| leads_to_an_alias(mesh, by))
        && !hashes()
}

/// Whether a destination stands for another name.
fn leads_to_an_alias(mesh: &Mesh, by: &VirtualService) -> bool {
    by.destinations("").keys().any(|host| mesh.services_of(host).any(|service| service.alias_of.is_some()))
}

/// What was made of parts that were met, by their places in memory; each is held, so that a place means one thing.
struct Swap<'a> {
    resolved: &'a Mesh,
    steps: &'a [Step],
    /// Each step by the place in the files of its VirtualService as it was.
    places: HashMap<Span, usize>,
    /// The routes as they were and as they are, by step and port.
    of_ports: HashMap<(usize, u16), (Vec<Route>, Routes)>,
    hosts: HashMap<usize, (Arc<VirtualHost>, Arc<VirtualHost>)>,
    tables: HashMap<usize, (Arc<RouteTable>, Option<Arc<RouteTable>>)>,
    maps: HashMap<usize, (Arc<Tables>, Option<Arc<Tables>>)>,
}

/// An edit that is no exchange of routes alone.
struct NotFollowed;

impl Swap<'_> {
    /// All tables of a proxy.
    fn map(&mut self, map: &Arc<Tables>) -> Option<()> {
        let place = Arc::as_ptr(map).addr();
        if self.maps.contains_key(&place) {
            return Some(());
        }
        let mut other: Option<Tables> = None;
        for (name, table) in map.iter() {
            if let Some(made) = self.table(table).ok()? {
                other.get_or_insert_with(|| Tables::clone(map)).insert(name.clone(), made);
            }
        }
        self.maps.insert(place, (Arc::clone(map), other.map(Arc::new)));
        Some(())
    }

    /// A table with the new routes in it; none where it has none of the old.
    fn table(&mut self, table: &Arc<RouteTable>) -> Result<Option<Arc<RouteTable>>, NotFollowed> {
        let place = Arc::as_ptr(table).addr();
        if let Some((_, known)) = self.tables.get(&place) {
            return Ok(known.clone());
        }
        let port = port(&table.name);
        if let Some(port) = port {
            for step in 0..self.steps.len() {
                let (old, new) = self.of_port(step, port);
                if old.is_empty() != new.is_empty() {
                    return Err(NotFollowed);
                }
            }
        }
        let mut other: Option<RouteTable> = None;
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            let step = host.origins.first().and_then(|origin| self.places.get(&origin.span));
            let Some(&step) = step else { continue };
            let made = port.and_then(|port| self.host(step, host, port)).ok_or(NotFollowed)?;
            let other = other.get_or_insert_with(|| RouteTable::clone(table));
            *other.virtual_hosts.get_mut(at).ok_or(NotFollowed)? = made;
        }
        let other = other.map(Arc::new);
        self.tables.insert(place, (Arc::clone(table), other.clone()));
        Ok(other)
    }

    fn host(&mut self, step: usize, host: &Arc<VirtualHost>, port: u16) -> Option<Arc<VirtualHost>> {
        let place = Arc::as_ptr(host).addr();
        if let Some((_, known)) = self.hosts.get(&place) {
            return Some(Arc::clone(known));
        }
        let meta = &self.steps.get(step)?.1.meta;
        let (old, new) = self.of_port(step, port);
        // What it was made of is known only if it can be made again.
        if host.routes.as_slice() != old.as_slice() {
            return None;
        }
        let mut made = VirtualHost { routes: new.clone(), ..VirtualHost::clone(host) };
        *made.origins.first_mut()? = Origin::new(meta.span, meta.to_string());
        let made = Arc::new(made);
        self.hosts.insert(place, (Arc::clone(host), Arc::clone(&made)));
        Some(made)
    }

    fn of_port(&mut self, step: usize, port: u16) -> &(Vec<Route>, Routes) {
        let (resolved, (old, new)) = (self.resolved, &self.steps[step]);
        self.of_ports.entry((step, port)).or_insert_with(|| {
            let labels = BTreeMap::new();
            let perspective = Perspective {
                namespace: "",
                labels: &labels,
                gateway: MESH_GATEWAY,
                port,
                tls: false,
                config: &resolved.config,
                only_port: &|_| None,
                alias: &|_| None,
                hash: &|_| None,
            };
            (http::routes(old, &perspective), http::routes(new, &perspective).into())
        })
    }

    fn made_tables(&self) -> Vec<Arc<RouteTable>> {
        let made = self.tables.values().filter_map(|(_, made)| made.clone());
        let mut made: Vec<_> = made.collect();
        made.sort_by(|a, b| a.name.cmp(&b.name));
        made
    }
}

/// The port whose requests a table is for: of `8080`, or of one service's own, `HOST:PORT`.
fn port(table: &str) -> Option<u16> {
    let number = table.rsplit_once(':').map_or(table, |(_, number)| number);
    number.parse().ok()
}
