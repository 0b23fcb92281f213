//! What requests touch: every route that some request takes, and every cluster that such a route or connection leads
//! to, by where they are written.

use std::collections::{HashMap, HashSet};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use meshc_effective::model::{
    Action, Chain, ChainAction, Direction, EffectiveMesh, LogTarget, Origin, PatchSide, Proxy, ProxyKind,
    Reader, Reports, RouteTable, SecurityFilter, VirtualHost,
};
use meshc_source::Span;

use crate::reach::{Asked, Known, Reachable, RouteReach};
use crate::requests::looks_at_authority;

/// A virtual host with what is known of its routes, as one proxy has it; others may share it.
pub(super) struct Seen<'m> {
    pub(super) proxy: &'m Proxy,
    pub(super) table: &'m RouteTable,
    pub(super) at: usize,
    pub(super) reached: Arc<Vec<RouteReach>>,
}

impl<'m> Seen<'m> {
    pub(super) fn host(&self) -> &'m VirtualHost {
        &self.table.virtual_hosts[self.at]
    }

    /// Whether it matters by which authority requests come.
    pub(super) fn looks_at_authority(&self) -> bool {
        self.host().routes.iter().any(|route| looks_at_authority(&route.matches))
    }
}

/// What requests touch.
pub(super) struct Survey<'m> {
    /// Each virtual host once, those of tables that a listener asks.
    pub(super) hosts: Vec<Seen<'m>>,
    /// The origins of clusters that some request or connection is sent to, for certain or perhaps.
    pub(super) touched: HashSet<Span>,
    /// The origins of clusters that some proxy has.
    pub(super) present: HashSet<Span>,
    /// The resources (by the span of their names) and routes of virtual hosts that some proxy has.
    pub(super) followed: HashSet<Span>,
    /// Tables as they are asked, by their addresses.
    asked: Mutex<HashMap<usize, Arc<Asked<'m>>>>,
}

impl<'m> Survey<'m> {
    pub(super) fn new(effective: &'m EffectiveMesh) -> Self {
        let mut survey = Self {
            hosts: Vec::new(),
            touched: HashSet::new(),
            present: HashSet::new(),
            followed: HashSet::new(),
            asked: Mutex::default(),
        };
        let mut builder = Builder::default();
        for proxy in &effective.proxies {
            builder.proxy(proxy, &mut survey);
        }
        survey
    }

    /// A table as it is asked.
    pub(super) fn asked(&self, table: &'m RouteTable) -> Arc<Asked<'m>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(ptr::from_ref(table).addr()).or_insert_with(|| Arc::new(Asked::new(table))))
    }

    /// Whether no request is sent to what is written there, though some proxy has it.
    pub(super) fn is_untouched(&self, span: Span) -> bool {
        self.present.contains(&span) && !self.touched.contains(&span)
    }
}

#[derive(Default)]
struct Builder<'m> {
    /// Tables with the clusters that they were looked at with.
    tables: HashSet<(usize, usize, Reader)>,
    known: Known,
    /// Virtual hosts by their addresses.
    seen: HashMap<(usize, Reader), Arc<Vec<RouteReach>>>,
    /// Clusters that single proxies have, by their addresses.
    own: HashSet<usize>,
    /// By the addresses of views' clusters, which proxies share: those of which not all is touched yet.
    pending: HashMap<usize, HashSet<&'m str>>,
}

impl<'m> Builder<'m> {
    fn proxy(&mut self, proxy: &'m Proxy, survey: &mut Survey<'m>) {
        if proxy.doubt(PatchSide::outer(proxy)).is_some() {
            // Where a patch changes routes, nobody knows what is left alone.
            let origins = proxy.clusters.values().flat_map(|cluster| spans(&cluster.origins));
            survey.touched.extend(origins);
            let hosts = proxy.tables.values().flat_map(|table| &table.virtual_hosts);
            for host in hosts {
                survey.followed.extend(spans(&host.origins));
                survey.followed.extend(host.routes.iter().flat_map(|route| spans(&route.origins)));
            }
            return;
        }
        // Routes and connections of sidecars lead to clusters of their views.
        let address = Arc::as_ptr(proxy.clusters.shared()).addr();
        if self.own.insert(Arc::as_ptr(proxy.clusters.own()).addr()) {
            let origins = proxy.clusters.own().values().flat_map(|cluster| spans(&cluster.origins));
            survey.present.extend(origins);
        }
        let mut pending = self.pending.remove(&address).unwrap_or_else(|| {
            let mut pending = HashSet::new();
            for cluster in proxy.clusters.shared().values() {
                let origins = || cluster.origins.iter().map(|origin| origin.span);
                survey.present.extend(origins());
                if origins().any(|span| !survey.touched.contains(&span)) {
                    pending.insert(cluster.name.as_str());
                }
            }
            pending
        });
        let mut touch = |name: &str| {
            let cluster = proxy.clusters.get(name);
            survey.touched.extend(cluster.iter().flat_map(|cluster| spans(&cluster.origins)));
        };
        for filter in proxy.security.http.iter().chain(&proxy.security.tcp) {
            if let SecurityFilter::External(external) = filter {
                touch(&external.cluster);
            }
        }
        for reports in [&proxy.telemetry.client, &proxy.telemetry.server] {
            for name in reported(reports) {
                touch(name);
            }
        }
        for listener in &proxy.listeners {
            if proxy.kind == ProxyKind::Sidecar && listener.direction == Direction::Inbound {
                continue;
            }
            for chain in listener.all_chains() {
                self.chain(proxy, chain, &mut pending, survey);
            }
        }
        self.pending.insert(address, pending);
    }

    fn chain(
        &mut self,
        proxy: &'m Proxy,
        chain: &'m Chain,
        pending: &mut HashSet<&'m str>,
        survey: &mut Survey<'m>,
    ) {
        let table = match &chain.action {
            ChainAction::Tcp(forward) => {
                for (name, _) in &forward.destinations {
                    if let Some(cluster) = proxy.clusters.get(name) {
                        survey.touched.extend(spans(&cluster.origins));
                    }
                }
                return;
            }
            ChainAction::HttpTable { table, .. } => match proxy.tables.get(table) {
                Some(table) => &**table,
                None => return,
            },
            ChainAction::HttpInline { table, .. } => &**table,
        };
        let key = (ptr::from_ref(table).addr(), Arc::as_ptr(proxy.clusters.shared()).addr(), proxy.reader());
        if !self.tables.insert(key) {
            return;
        }
        let asked = Asked::new(table);
        for at in 0..table.virtual_hosts.len() {
            let reached = self.host(proxy, &asked, at, survey);
            touch(proxy, &table.virtual_hosts[at], &reached, pending, survey);
        }
    }

    fn host(
        &mut self,
        proxy: &'m Proxy,
        asked: &Asked<'m>,
        at: usize,
        survey: &mut Survey<'m>,
    ) -> Arc<Vec<RouteReach>> {
        let table = asked.table;
        let host = &table.virtual_hosts[at];
        let key = (ptr::from_ref(&**host).addr(), proxy.reader());
        let by_domains = || host.routes.iter().any(|route| looks_at_authority(&route.matches));
        let known = self.seen.get(&key).map(Arc::clone);
        let is_new = known.is_none();
        let reached = match known {
            Some(known) if !by_domains() => known,
            _ => self.known.of(asked, at, proxy.reader()),
        };
        if is_new {
            survey.followed.extend(spans(&host.origins));
            survey.followed.extend(host.routes.iter().flat_map(|route| spans(&route.origins)));
            survey.hosts.push(Seen { proxy, table, at, reached: Arc::clone(&reached) });
            self.seen.insert(key, Arc::clone(&reached));
        }
        reached
    }
}

/// The clusters that the routes of a virtual host lead to.
fn touch(
    proxy: &Proxy,
    host: &VirtualHost,
    reached: &[RouteReach],
    pending: &mut HashSet<&str>,
    survey: &mut Survey<'_>,
) {
    for (route, reach) in host.routes.iter().zip(reached) {
        let Action::Forward(forward) = &route.action else { continue };
        if pending.is_empty() || reach.reachable == Reachable::No {
            continue;
        }
        let named = forward.destinations.iter().filter(|d| d.weight > 0).map(|d| &d.cluster);
        for name in named.chain(forward.mirrors.iter().map(|mirror| &mirror.cluster)) {
            if pending.remove(name.as_str())
                && let Some(cluster) = proxy.clusters.get(name)
            {
                survey.touched.extend(spans(&cluster.origins));
            }
        }
    }
}

fn spans(origins: &[Origin]) -> impl Iterator<Item = Span> + '_ {
    origins.iter().map(|origin| origin.span)
}

/// The clusters that logs and spans are sent to.
fn reported(reports: &Reports) -> Vec<&str> {
    let logs = reports.logs.iter().filter_map(|log| match &log.to {
        LogTarget::File { .. } | LogTarget::OwnService => None,
        LogTarget::HttpGrpc { service, .. }
        | LogTarget::TcpGrpc(service)
        | LogTarget::OpenTelemetry { service, .. } => Some(service.cluster.as_str()),
    });
    let tracer = reports.tracing.as_ref().and_then(|tracing| tracing.tracer.as_ref());
    logs.chain(tracer.map(|tracer| tracer.cluster.as_str())).collect()
}
