//! What requests touch: every route that some request takes, and every cluster that such a route or connection leads
//! to, by where they are written.

use std::collections::{HashMap, HashSet};
use std::ptr;
use std::sync::Arc;

use meshc_diagnostics::WitnessRequest;
use meshc_effective::model::{
    Action, Chain, ChainAction, Cluster, Direction, EffectiveMesh, LogTarget, Origin, Proxy, ProxyKind,
    Reports, RouteTable, SecurityFilter, VirtualHost,
};
use meshc_source::Span;

use crate::reach::{Reachable, RouteReach, own_domains, reachability};
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
}

impl<'m> Survey<'m> {
    pub(super) fn new(effective: &'m EffectiveMesh) -> Self {
        let mut survey = Self {
            hosts: Vec::new(),
            touched: HashSet::new(),
            present: HashSet::new(),
            followed: HashSet::new(),
        };
        let mut builder = Builder::default();
        for proxy in &effective.proxies {
            builder.proxy(proxy, &mut survey);
        }
        survey
    }

    /// Whether no request is sent to what is written there, though some proxy has it.
    pub(super) fn is_untouched(&self, span: Span) -> bool {
        self.present.contains(&span) && !self.touched.contains(&span)
    }
}

#[derive(Default)]
struct Builder {
    /// Tables with the clusters that they were looked at with.
    tables: HashSet<(usize, usize, ProxyKind)>,
    clusters: HashSet<usize>,
    /// By the addresses of the virtual host and, where domains matter, of its table.
    known: HashMap<(usize, usize, ProxyKind), Arc<Vec<RouteReach>>>,
    seen: HashSet<(usize, ProxyKind)>,
}

impl Builder {
    fn proxy<'m>(&mut self, proxy: &'m Proxy, survey: &mut Survey<'m>) {
        if self.clusters.insert(ptr::from_ref(&*proxy.clusters).addr()) {
            let origins = proxy.clusters.values().flat_map(|cluster| &cluster.origins);
            survey.present.extend(origins.map(|origin| origin.span));
        }
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
            reported(reports).iter().for_each(|name| touch(name));
        }
        for listener in &proxy.listeners {
            if proxy.kind == ProxyKind::Sidecar && listener.direction == Direction::Inbound {
                continue;
            }
            for chain in listener.all_chains() {
                self.chain(proxy, chain, survey);
            }
        }
    }

    fn chain<'m>(&mut self, proxy: &'m Proxy, chain: &'m Chain, survey: &mut Survey<'m>) {
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
        let key = (ptr::from_ref(table).addr(), ptr::from_ref(&*proxy.clusters).addr(), proxy.kind);
        if !self.tables.insert(key) {
            return;
        }
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            survey.followed.extend(spans(&host.origins));
            let reached = self.reach(proxy, table, at);
            for (route, reach) in host.routes.iter().zip(reached.iter()) {
                survey.followed.extend(spans(&route.origins));
                if reach.reachable == Reachable::No {
                    continue;
                }
                if let Action::Forward(forward) = &route.action {
                    let named = forward.destinations.iter().filter(|d| d.weight > 0).map(|d| &d.cluster);
                    let copies = forward.mirrors.iter().map(|mirror| &mirror.cluster);
                    let clusters = named.chain(copies).filter_map(|name| proxy.clusters.get(name));
                    survey
                        .touched
                        .extend(clusters.flat_map(|cluster: &Arc<Cluster>| spans(&cluster.origins)));
                }
            }
            if self.seen.insert((ptr::from_ref(&**host).addr(), proxy.kind)) {
                survey.hosts.push(Seen { proxy, table, at, reached });
            }
        }
    }

    fn reach(&mut self, proxy: &Proxy, table: &RouteTable, at: usize) -> Arc<Vec<RouteReach>> {
        let host = &table.virtual_hosts[at];
        let by_domains = host.routes.iter().any(|route| looks_at_authority(&route.matches));
        let of_table = if by_domains { ptr::from_ref(table).addr() } else { 0 };
        let key = (ptr::from_ref(&**host).addr(), of_table, proxy.kind);
        let of = || Arc::new(plain(table, at).unwrap_or_else(|| reachability(table, at, proxy.kind)));
        Arc::clone(self.known.entry(key).or_insert_with(of))
    }
}

/// A virtual host with one route, which takes every request: nothing is to be worked out.
fn plain(table: &RouteTable, at: usize) -> Option<Vec<RouteReach>> {
    let host = table.virtual_hosts.get(at)?;
    let [route] = host.routes.as_slice() else { return None };
    let authority = own_domains(table, at).into_iter().find(|domain| !domain.contains('*'))?;
    let witness = WitnessRequest {
        method: "GET".to_owned(),
        authority,
        path: "/".to_owned(),
        headers: std::collections::BTreeMap::new(),
    };
    (route.matches.is_any() && !host.require_tls).then(|| vec![RouteReach::yes(witness)])
}

fn spans(origins: &[Origin]) -> impl Iterator<Item = Span> + '_ {
    origins.iter().map(|origin| origin.span)
}

/// The clusters that logs and spans are sent to.
fn reported(reports: &Reports) -> Vec<&str> {
    let logs = reports.logs.iter().filter_map(|log| match &log.to {
        LogTarget::File { .. } => None,
        LogTarget::HttpGrpc { service, .. }
        | LogTarget::TcpGrpc(service)
        | LogTarget::OpenTelemetry { service, .. } => Some(service.cluster.as_str()),
    });
    let tracer = reports.tracing.as_ref().and_then(|tracing| tracing.tracer.as_ref());
    logs.chain(tracer.map(|tracer| tracer.cluster.as_str())).collect()
}
