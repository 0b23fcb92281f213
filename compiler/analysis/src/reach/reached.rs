//! Every virtual host that proxies have, each once, with the reachability of its routes: worked out side by side, before
//! any rule looks. Proxies of one view share tables and tables share virtual hosts, so that there are hardly more of them
//! than services.

use std::ptr;
use std::sync::Arc;

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{
    ChainAction, Direction, EffectiveMesh, PatchSide, Proxy, ProxyKind, Reader, Route, RouteTable,
    VirtualHost,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::known::by_domains;
use super::work_out::work_out;
use super::{Asked, RouteReach};

/// What is known of the routes of all proxies of a mesh.
#[derive(Debug)]
pub struct Reached<'m> {
    hosts: Vec<Met<'m>>,
    /// By the table's address: the places in `hosts` of the virtual hosts of a table.
    tables: FxHashMap<(usize, Reader), Vec<u32>>,
    asked: FxHashMap<usize, Asked<'m>>,
}

/// A virtual host as proxies have it.
#[derive(Debug)]
pub(crate) struct Met<'m> {
    /// One of them, whose requests no patch changes if there is such a one.
    pub(crate) proxy: &'m Proxy,
    pub(crate) table: &'m RouteTable,
    /// Its place in the table.
    pub(crate) at: usize,
    /// Whether it matters by which of its domains it is asked for.
    pub(super) by_domains: bool,
    /// Some proxy has it whose requests no patch changes.
    pub(crate) is_certain: bool,
    /// Why what is known is not certain at one of those that have it; none if it is certain at all of them.
    pub(crate) doubt: Option<String>,
    pub(super) reach: Arc<Vec<RouteReach>>,
    /// What requests ask for here, where that is not what the witnesses say.
    pub(super) authority: Option<String>,
}

impl<'m> Met<'m> {
    /// The virtual host.
    pub(crate) fn host(&self) -> &'m VirtualHost {
        &self.table.virtual_hosts[self.at]
    }

    /// The routes with what is known of each. Their requests have an authority that [`Met::named`] makes this host's.
    pub(crate) fn routes(&self) -> impl Iterator<Item = (&'m Route, &RouteReach)> {
        self.host().routes.iter().zip(self.reach.iter())
    }

    /// What is known of each route.
    pub(crate) fn reach(&self) -> &[RouteReach] {
        &self.reach
    }

    /// A request to this virtual host, from one that was found for a list of routes like its own.
    pub(crate) fn named(&self, request: &WitnessRequest) -> WitnessRequest {
        let mut request = request.clone();
        if let Some(authority) = &self.authority {
            request.authority.clone_from(authority);
        }
        request
    }
}

impl<'m> Reached<'m> {
    /// For every table of every proxy.
    pub fn new(effective: &'m EffectiveMesh) -> Self {
        Self::of(effective, |_| true)
    }

    /// For those virtual hosts that are wanted, and no others.
    pub(crate) fn of(effective: &'m EffectiveMesh, wanted: impl Fn(&VirtualHost) -> bool) -> Self {
        let mut collected = Collector::default();
        let doubts: Vec<Option<String>> =
            effective.proxies.iter().map(|proxy| proxy.doubt(PatchSide::outer(proxy))).collect();
        for is_certain in [true, false] {
            for (proxy, doubt) in effective.proxies.iter().zip(&doubts) {
                if doubt.is_none() == is_certain {
                    collected.proxy(proxy, doubt.as_ref(), &wanted);
                }
            }
        }
        let Collector { mut hosts, tables, asked, .. } = collected;
        work_out(&mut hosts, &asked);
        Self { hosts, tables, asked }
    }

    /// All of them, each once, those of proxies whose requests no patch changes first.
    pub(crate) fn hosts(&self) -> &[Met<'m>] {
        &self.hosts
    }

    /// Those of a table, as such proxies have it, by their places among all.
    pub(crate) fn places(&self, table: &RouteTable, reader: Reader) -> &[u32] {
        self.tables.get(&(ptr::from_ref(table).addr(), reader)).map_or(&[], Vec::as_slice)
    }

    /// The table as it is asked.
    pub(crate) fn asked(&self, table: &RouteTable) -> Option<&Asked<'m>> {
        self.asked.get(&ptr::from_ref(table).addr())
    }
}

/// Goes over all tables and finds what is new in them.
#[derive(Default)]
struct Collector<'m> {
    hosts: Vec<Met<'m>>,
    tables: FxHashMap<(usize, Reader), Vec<u32>>,
    asked: FxHashMap<usize, Asked<'m>>,
    /// Maps of tables that were gone over, and whether by a proxy with doubts.
    seen: FxHashSet<(usize, Reader, bool)>,
    /// Places in `hosts` by the host's address; none of a host that is not wanted.
    places: FxHashMap<(usize, Reader), Option<u32>>,
}

impl<'m> Collector<'m> {
    fn proxy(&mut self, proxy: &'m Proxy, doubt: Option<&String>, wanted: &impl Fn(&VirtualHost) -> bool) {
        let reader = proxy.reader();
        let map = Arc::as_ptr(&proxy.tables).addr();
        if self.seen.insert((map, reader, doubt.is_some())) {
            for table in proxy.tables.values() {
                self.table((proxy, reader), table, doubt, wanted);
            }
        }
        for table in own_tables(proxy) {
            self.table((proxy, reader), table, doubt, wanted);
        }
    }

    fn table(
        &mut self,
        (proxy, reader): (&'m Proxy, Reader),
        table: &'m RouteTable,
        doubt: Option<&String>,
        wanted: &impl Fn(&VirtualHost) -> bool,
    ) {
        let key = (ptr::from_ref(table).addr(), reader);
        if !self.tables.contains_key(&key) {
            self.asked.entry(key.0).or_insert_with(|| Asked::new(table));
            let mut places = Vec::with_capacity(table.virtual_hosts.len());
            for (at, host) in table.virtual_hosts.iter().enumerate() {
                let known = self.places.entry((Arc::as_ptr(host).addr(), reader));
                let next = self.hosts.len() as u32;
                let known = known.or_insert_with(|| wanted(host).then_some(next));
                let Some(mut place) = *known else { continue };
                if place != next && self.hosts.get(place as usize).is_some_and(|met| met.by_domains) {
                    // Which requests lead there is a matter of the table's other domains.
                    place = next;
                }
                if place == next {
                    self.hosts.push(Met {
                        proxy,
                        table,
                        at,
                        by_domains: by_domains(host),
                        is_certain: doubt.is_none(),
                        doubt: None,
                        reach: Arc::default(),
                        authority: None,
                    });
                }
                places.push(place);
            }
            self.tables.insert(key, places);
        }
        let (Some(doubt), Some(places)) = (doubt, self.tables.get(&key)) else { return };
        for &place in places {
            if let Some(met) = self.hosts.get_mut(place as usize) {
                met.doubt.get_or_insert_with(|| doubt.clone());
            }
        }
    }
}

/// The tables that stand in listeners and lead onward.
fn own_tables(proxy: &Proxy) -> impl Iterator<Item = &RouteTable> {
    let onward = |direction| proxy.kind == ProxyKind::Gateway || direction == Direction::Outbound;
    let listeners = proxy.listeners.iter().filter(move |listener| onward(listener.direction));
    listeners.flat_map(|listener| listener.all_chains()).filter_map(|chain| match &chain.action {
        ChainAction::HttpInline { table, .. } => Some(&**table),
        ChainAction::HttpTable { .. } | ChainAction::Tcp(_) => None,
    })
}
