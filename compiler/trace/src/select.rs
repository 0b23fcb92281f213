//! Which part of a proxy a question is about: a route table, or bytes to a cluster.

use std::ptr;

use meshc_effective::model::{
    Chain, ChainAction, Direction as Traffic, Listener, Origin, Proxy, ProxyKind, RouteTable, Security,
};

use crate::TraceError;
use crate::query::{Direction, Query};

/// What takes the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'m> {
    /// HTTP by a table.
    Table(&'m RouteTable, Guard<'m>),
    /// Bytes to a cluster.
    Tcp {
        /// Its name.
        cluster: &'m String,
        /// Of the listener.
        origins: &'m [Origin],
        /// What is checked first.
        guard: Guard<'m>,
    },
}

/// What is checked before a place is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard<'m> {
    /// The policies; none where the proxy's own workload asks.
    pub(crate) security: Option<&'m Security>,
    /// The port that the connection was made to.
    pub(crate) port: u16,
}

/// The direction that a question means.
pub(crate) fn direction(proxy: &Proxy, query: &Query) -> Direction {
    query.direction.unwrap_or(match (proxy.kind, &query.route_table) {
        (ProxyKind::Gateway, _) => Direction::Gateway,
        (ProxyKind::Sidecar, Some(_)) => Direction::Outbound,
        (ProxyKind::Sidecar, None) => Direction::Inbound,
    })
}

/// Finds it: the table by name, otherwise the listener (or inbound chain) by port, otherwise the only one.
pub(crate) fn select<'m>(proxy: &'m Proxy, query: &Query) -> Result<Place<'m>, TraceError> {
    let direction = direction(proxy, query);
    let choices = choices(proxy, direction);
    if let Some(name) = &query.route_table {
        let guard = Guard { port: query.port.unwrap_or_default(), security: None };
        let found = table(proxy, &choices, direction, name)?;
        let leads_to = |choice: &&Choice<'m>| choice.table(proxy).is_some_and(|table| ptr::eq(table, found));
        let guard = choices.iter().find(leads_to).map_or(guard, |choice| choice.guard(query.port));
        return Ok(Place::Table(found, guard));
    }
    let mut ports: Vec<u16> = choices.iter().filter_map(|c| c.port).collect();
    ports.sort_unstable();
    ports.dedup();
    let port = match (query.port, ports.as_slice()) {
        (Some(port), _) => port,
        (None, [only]) => *only,
        (None, _) => {
            return Err(TraceError::NeedsPort {
                proxy: proxy.id.to_string(),
                direction: direction.name(),
                ports,
            });
        }
    };
    // A chain for the port wins over the one for all others; HTTP is what questions are about where a port
    // has chains for both.
    let here = choices.iter().filter(|c| c.port == Some(port));
    let found = here.clone().find(|c| c.is_http()).or_else(|| here.clone().next());
    if let Some(choice) = found {
        return choice.place(proxy, Some(port));
    }
    let named = match direction {
        Direction::Outbound => Some(port.to_string()),
        Direction::Gateway => Some(format!("http.{port}")),
        Direction::Inbound => None,
    };
    if let Some(table) = named.and_then(|name| proxy.tables.get(&name)) {
        return Ok(Place::Table(table, Guard { security: None, port }));
    }
    match choices.iter().find(|c| c.port.is_none()) {
        Some(choice) => choice.place(proxy, Some(port)),
        None => Err(TraceError::NoListener {
            proxy: proxy.id.to_string(),
            direction: direction.name(),
            port,
            ports,
        }),
    }
}

/// A chain with the port that leads to it; `None` takes what no other does.
struct Choice<'m> {
    port: Option<u16>,
    listener: &'m Listener,
    chain: &'m Chain,
}

impl<'m> Choice<'m> {
    fn is_http(&self) -> bool {
        !matches!(self.chain.action, ChainAction::Tcp { .. })
    }

    fn place(&self, proxy: &'m Proxy, port: Option<u16>) -> Result<Place<'m>, TraceError> {
        let guard = self.guard(port);
        Ok(match &self.chain.action {
            ChainAction::HttpInline { table } => Place::Table(table, guard),
            ChainAction::Tcp { cluster } => Place::Tcp { cluster, origins: &self.listener.origins, guard },
            ChainAction::HttpTable { table } => {
                Place::Table(proxy.tables.get(table).ok_or_else(|| unknown(proxy, table))?, guard)
            }
        })
    }

    fn table(&self, proxy: &'m Proxy) -> Option<&'m RouteTable> {
        match &self.chain.action {
            ChainAction::HttpInline { table } => Some(table),
            ChainAction::HttpTable { table } => proxy.tables.get(table).map(AsRef::as_ref),
            ChainAction::Tcp { .. } => None,
        }
    }

    fn guard(&self, port: Option<u16>) -> Guard<'m> {
        let port = self.port.or(port).unwrap_or(self.listener.port);
        Guard { security: self.listener.security.as_deref(), port }
    }
}

/// Every chain that the direction can mean, listeners on all addresses first.
fn choices(proxy: &Proxy, direction: Direction) -> Vec<Choice<'_>> {
    let traffic = if direction == Direction::Inbound { Traffic::Inbound } else { Traffic::Outbound };
    let mut listeners: Vec<_> = proxy.listeners.iter().filter(|l| l.direction == traffic).collect();
    listeners.sort_by_key(|l| !matches!(l.address.as_str(), "0.0.0.0" | "::"));
    let mut choices = Vec::new();
    for listener in listeners {
        for chain in &listener.chains {
            // `virtualOutbound` takes every connection that no other listener wants.
            let port = match traffic {
                Traffic::Inbound => chain.destination_port,
                Traffic::Outbound if listener.name == "virtualOutbound" => chain.destination_port,
                Traffic::Outbound => Some(chain.destination_port.unwrap_or(listener.port)),
            };
            choices.push(Choice { port, listener, chain });
        }
    }
    choices
}

fn table<'m>(
    proxy: &'m Proxy,
    choices: &[Choice<'m>],
    direction: Direction,
    name: &str,
) -> Result<&'m RouteTable, TraceError> {
    let inline = || {
        choices.iter().find_map(|choice| match &choice.chain.action {
            ChainAction::HttpInline { table } if table.name == name => Some(table.as_ref()),
            _ => None,
        })
    };
    let listed = || proxy.tables.get(name).map(AsRef::as_ref);
    let found = if direction == Direction::Inbound { inline() } else { listed().or_else(inline) };
    found.ok_or_else(|| unknown(proxy, name))
}

fn unknown(proxy: &Proxy, name: &str) -> TraceError {
    let inline = proxy.listeners.iter().flat_map(|l| &l.chains).filter_map(|chain| match &chain.action {
        ChainAction::HttpInline { table } => Some(table.name.clone()),
        _ => None,
    });
    let mut tables: Vec<String> = proxy.tables.keys().cloned().chain(inline).collect();
    tables.sort();
    tables.dedup();
    TraceError::UnknownTable { proxy: proxy.id.to_string(), table: name.to_owned(), tables }
}
