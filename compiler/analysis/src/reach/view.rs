//! What `meshc show PROXY routes` prints: every route with its reachability, its witness and its reasons.

use meshc_diagnostics::{Direction, Witness, WitnessRequest};
use std::collections::BTreeSet;

use meshc_effective::model::{ChainAction, PatchSide, Proxy, ProxyKind, RouteTable};
use meshc_source::SourceSet;
use meshc_trace::Because;
use serde::{Serialize, Serializer};

use super::{Asked, Known, Reachable, RouteReach};
use crate::origin::because;

/// The routes of a proxy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoutesView {
    /// `NAME.NAMESPACE`
    pub proxy: String,
    /// Discovered tables by name, then those that stand in listeners.
    pub tables: Vec<TableView>,
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableView {
    /// Istio's name.
    pub name: String,
    /// In Envoy's order.
    pub virtual_hosts: Vec<HostView>,
}

/// A virtual host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostView {
    /// Istio's name.
    pub name: String,
    /// Its domains.
    pub domains: Vec<String>,
    /// In Envoy's order.
    pub routes: Vec<RouteView>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RouteView {
    /// Its place in the virtual host, from 0.
    pub index: usize,
    /// Istio's name.
    pub name: Option<String>,
    /// `true`, `false` or `"unknown"`.
    #[serde(serialize_with = "truth")]
    pub reachable: Reachable,
    /// A request that reaches it.
    pub witness: Option<Witness>,
    /// The routes that hide it.
    pub hidden_by: Vec<usize>,
    /// Where it comes from.
    pub because: Vec<Because>,
}

/// `true`, `false` or `"unknown"`.
pub(crate) fn truth<S: Serializer>(reachable: &Reachable, serializer: S) -> Result<S::Ok, S::Error> {
    match reachable {
        Reachable::Yes => serializer.serialize_bool(true),
        Reachable::No => serializer.serialize_bool(false),
        Reachable::Unknown(_) => serializer.serialize_str("unknown"),
    }
}

/// Where a table of a proxy is asked for in a line of trace's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Site {
    /// A table with a name.
    Table(String),
    /// The table of an inbound port.
    Inbound(u16),
}

impl Site {
    /// A line of trace's input.
    pub(crate) fn witness(&self, proxy: &Proxy, request: WitnessRequest) -> Witness {
        let (route_table, port, direction) = match self {
            Self::Table(name) => {
                let gateway = proxy.kind == ProxyKind::Gateway;
                (Some(name.clone()), None, if gateway { Direction::Gateway } else { Direction::Outbound })
            }
            Self::Inbound(port) => (None, Some(*port), Direction::Inbound),
        };
        Witness {
            proxy: proxy.id.to_string(),
            route_table,
            port,
            direction: Some(direction),
            peer: None,
            source_ip: None,
            request,
        }
    }
}

/// The tables that stand in a proxy's listeners, each with its inbound port.
pub(crate) fn inline_tables(proxy: &Proxy) -> impl Iterator<Item = (u16, &RouteTable)> {
    let mut seen = BTreeSet::new();
    let chains = proxy.listeners.iter().flat_map(|listener| &listener.chains);
    // With and without mutual TLS a port has the same table.
    chains.filter_map(move |chain| match (&chain.action, chain.matches.destination_port) {
        (ChainAction::HttpInline { table, .. }, Some(port)) if seen.insert(port) => Some((port, &**table)),
        _ => None,
    })
}

/// The routes of a proxy, each with its reachability.
pub fn routes_view(proxy: &Proxy, sources: &SourceSet) -> RoutesView {
    let named = proxy.tables.values().map(|table| (Site::Table(table.name.clone()), &**table));
    let inline = inline_tables(proxy).map(|(port, table)| (Site::Inbound(port), table));
    let tables = named.chain(inline).map(|(site, table)| table_view(proxy, &site, table, sources)).collect();
    RoutesView { proxy: proxy.id.to_string(), tables }
}

fn table_view(proxy: &Proxy, site: &Site, table: &RouteTable, sources: &SourceSet) -> TableView {
    let side = match site {
        Site::Table(_) => PatchSide::outer(proxy),
        Site::Inbound(_) => PatchSide::inner(proxy),
    };
    let doubt = proxy.doubt(side);
    let asked = Asked::new(table);
    let hosts = table.virtual_hosts.iter().enumerate().map(|(at, host)| {
        let reached = Known::reach(&asked, at, host, proxy.reader());
        let routes = host.routes.iter().zip(reached).enumerate().map(|(index, (route, reach))| {
            let reach = doubt.clone().map_or(reach, RouteReach::unknown);
            let RouteReach { reachable, witness, hidden_by, .. } = reach;
            RouteView {
                index,
                name: route.name.clone(),
                reachable,
                witness: witness.map(|request| site.witness(proxy, request)),
                hidden_by,
                because: because(&route.origins, sources),
            }
        });
        HostView { name: host.name.clone(), domains: host.domains.clone(), routes: routes.collect() }
    });
    TableView { name: table.name.clone(), virtual_hosts: hosts.collect() }
}
