//! What requests touch: every route that some request takes, and every cluster that such a route or connection leads
//! to, by where they are written.

use std::sync::Arc;

use meshc_effective::model::{
    Action, Chain, ChainAction, Direction, EffectiveMesh, LogTarget, Origin, PatchSide, Proxy, ProxyKind,
    Reports, RouteTable, SecurityFilter, VirtualHost,
};
use meshc_source::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::reach::{Met, Reachable, Reached};

/// What requests touch.
pub(super) struct Survey<'m, 'r> {
    pub(super) reached: &'r Reached<'m>,
    /// Each virtual host once, those of tables that a listener asks.
    pub(super) hosts: Vec<&'r Met<'m>>,
    /// The origins of clusters that some request or connection is sent to, for certain or perhaps.
    pub(super) touched: FxHashSet<Span>,
    /// The origins of clusters that some proxy has.
    pub(super) present: FxHashSet<Span>,
    /// The resources (by the span of their names) and routes of virtual hosts that some proxy has.
    pub(super) followed: FxHashSet<Span>,
}

impl<'m, 'r> Survey<'m, 'r> {
    pub(super) fn new(effective: &'m EffectiveMesh, reached: &'r Reached<'m>) -> Self {
        let mut survey = Self {
            reached,
            hosts: Vec::new(),
            touched: FxHashSet::default(),
            present: FxHashSet::default(),
            followed: FxHashSet::default(),
        };
        let mut builder = Builder { listed: vec![false; reached.hosts().len()], ..Builder::default() };
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

/// The clusters of a view, which proxies share.
struct View<'m> {
    /// Those of which not all is touched yet.
    pending: FxHashSet<&'m str>,
    /// The virtual hosts, by their places, whose routes were followed to them.
    followed: Vec<bool>,
}

#[derive(Default)]
struct Builder<'m> {
    /// Tables with the clusters that they were looked at with.
    tables: FxHashSet<(usize, usize, bool)>,
    /// Listeners of sidecars with the tables and clusters that they were looked at with.
    listeners: FxHashSet<(usize, usize, usize)>,
    /// Whether each virtual host is among those of the survey, by its place.
    listed: Vec<bool>,
    /// Clusters that single proxies have, by their addresses.
    own: FxHashSet<usize>,
    /// By the addresses of their clusters.
    views: FxHashMap<usize, View<'m>>,
    /// Tables that proxies with doubts have, by the address of their map.
    doubtful: FxHashSet<usize>,
}

impl<'m> Builder<'m> {
    fn proxy(&mut self, proxy: &'m Proxy, survey: &mut Survey<'m, '_>) {
        if proxy.doubt(PatchSide::outer(proxy)).is_some() {
            self.doubtful(proxy, survey);
            return;
        }
        // Routes and connections of sidecars lead to clusters of their views.
        let address = Arc::as_ptr(proxy.clusters.shared()).addr();
        if self.own.insert(Arc::as_ptr(proxy.clusters.own()).addr()) {
            let origins = proxy.clusters.own().iter().flat_map(|cluster| spans(&cluster.origins));
            survey.present.extend(origins);
        }
        let mut view = self.views.remove(&address).unwrap_or_else(|| {
            let mut pending = FxHashSet::default();
            for cluster in proxy.clusters.shared().iter() {
                let origins = || cluster.origins.iter().map(|origin| origin.span);
                survey.present.extend(origins());
                if origins().any(|span| !survey.touched.contains(&span)) {
                    pending.insert(cluster.name.as_str());
                }
            }
            View { pending, followed: vec![false; self.listed.len()] }
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
        let tables = Arc::as_ptr(&proxy.tables).addr();
        for listener in &proxy.listeners {
            // What a sidecar's workload sends goes to its view alone, which it shares with others.
            if proxy.kind == ProxyKind::Sidecar
                && (listener.direction == Direction::Inbound
                    || !self.listeners.insert((Arc::as_ptr(listener).addr(), tables, address)))
            {
                continue;
            }
            for chain in listener.all_chains() {
                self.chain(proxy, chain, &mut view, survey);
            }
        }
        self.views.insert(address, view);
    }

    /// Where a patch changes routes, nobody knows what is left alone.
    fn doubtful(&mut self, proxy: &'m Proxy, survey: &mut Survey<'m, '_>) {
        for clusters in [proxy.clusters.shared(), proxy.clusters.own()] {
            if self.doubtful.insert(Arc::as_ptr(clusters).addr()) {
                survey.touched.extend(clusters.iter().flat_map(|cluster| spans(&cluster.origins)));
            }
        }
        if !self.doubtful.insert(Arc::as_ptr(&proxy.tables).addr()) {
            return;
        }
        for table in proxy.tables.values() {
            for &place in survey.reached.places(table, proxy.reader()) {
                let Some(met) = survey.reached.hosts().get(place as usize) else { continue };
                follow(met.host(), &mut survey.followed);
            }
        }
    }

    fn chain(
        &mut self,
        proxy: &'m Proxy,
        chain: &'m Chain,
        view: &mut View<'m>,
        survey: &mut Survey<'m, '_>,
    ) {
        let table: &RouteTable = match &chain.action {
            ChainAction::Tcp(forward) => {
                for (name, _) in &forward.destinations {
                    if let Some(cluster) = proxy.clusters.get(name) {
                        survey.touched.extend(spans(&cluster.origins));
                    }
                }
                return;
            }
            ChainAction::HttpTable { table, .. } => match proxy.tables.get(table) {
                Some(table) => table,
                None => return,
            },
            ChainAction::HttpInline { table, .. } => table,
        };
        let gateway = proxy.kind == ProxyKind::Gateway;
        let clusters = Arc::as_ptr(proxy.clusters.shared()).addr();
        if !self.tables.insert((std::ptr::from_ref(table).addr(), clusters, gateway)) {
            return;
        }
        let reached = survey.reached;
        for &place in reached.places(table, proxy.reader()) {
            let place = place as usize;
            let Some(met) = reached.hosts().get(place) else { continue };
            if !std::mem::replace(&mut self.listed[place], true) {
                follow(met.host(), &mut survey.followed);
                survey.hosts.push(met);
            }
            if !std::mem::replace(&mut view.followed[place], true) {
                touch(proxy, met, &mut view.pending, &mut survey.touched);
            }
        }
    }
}

/// Notes what a virtual host and its routes come from.
fn follow(host: &VirtualHost, followed: &mut FxHashSet<Span>) {
    followed.extend(spans(&host.origins));
    followed.extend(host.routes.iter().flat_map(|route| spans(&route.origins)));
}

/// The clusters that the routes of a virtual host lead to.
fn touch(proxy: &Proxy, met: &Met<'_>, pending: &mut FxHashSet<&str>, touched: &mut FxHashSet<Span>) {
    for (route, reach) in met.routes() {
        let Action::Forward(forward) = &route.action else { continue };
        if pending.is_empty() || reach.reachable == Reachable::No {
            continue;
        }
        let named = forward.destinations.iter().filter(|d| d.weight > 0).map(|d| &d.cluster);
        for name in named.chain(forward.mirrors.iter().map(|mirror| &mirror.cluster)) {
            if pending.remove(name.as_str())
                && let Some(cluster) = proxy.clusters.get(name)
            {
                touched.extend(spans(&cluster.origins));
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
