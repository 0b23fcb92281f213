//! Which part of a proxy a question is about: a route table, or bytes to a cluster.

use std::ptr;

use meshc_effective::model::{
    Chain, ChainAction, Direction as Traffic, Listener, Origin, Proxy, ProxyKind, RouteTable, Security,
    TcpForward,
};

use crate::TraceError;
use crate::query::{Direction, Query};

/// What takes the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'m> {
    /// HTTP by a table.
    Table(&'m RouteTable, Guard<'m>),
    /// Bytes to a cluster, or to one of several.
    Tcp {
        /// Which.
        forward: &'m TcpForward,
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
    // A chain for the port wins over the one for all others.
    let here: Vec<&Choice<'_>> = choices.iter().filter(|c| c.port == Some(port)).collect();
    if let Some(choice) = best(&here, query) {
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
    let others: Vec<&Choice<'_>> = choices.iter().filter(|c| c.port.is_none()).collect();
    match best(&others, query) {
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
    fn place(&self, proxy: &'m Proxy, port: Option<u16>) -> Result<Place<'m>, TraceError> {
        let guard = self.guard(port);
        Ok(match &self.chain.action {
            ChainAction::HttpInline { table, .. } => Place::Table(table, guard),
            ChainAction::Tcp(forward) => Place::Tcp { forward, origins: &self.listener.origins, guard },
            ChainAction::HttpTable { table, .. } => {
                Place::Table(proxy.tables.get(table).ok_or_else(|| unknown(proxy, table))?, guard)
            }
        })
    }

    fn table(&self, proxy: &'m Proxy) -> Option<&'m RouteTable> {
        match &self.chain.action {
            ChainAction::HttpInline { table, .. } => Some(table),
            ChainAction::HttpTable { table, .. } => proxy.tables.get(table).map(AsRef::as_ref),
            ChainAction::Tcp(_) => None,
        }
    }

    fn guard(&self, port: Option<u16>) -> Guard<'m> {
        let port = self.port.or(port).unwrap_or(self.listener.port);
        let checked = !matches!(&self.chain.action, ChainAction::Tcp(forward) if forward.is_unchecked);
        Guard { security: self.listener.security.as_deref().filter(|_| checked), port }
    }
}

/// The chain that the connection of a question takes: the one for the server name that it asks for, with or without
/// TLS as its peer has an identity or not; HTTP is what questions are about where a port has chains for both.
fn best<'c, 'm>(choices: &[&'c Choice<'m>], query: &Query) -> Option<&'c Choice<'m>> {
    let authority = query.request.as_ref().map_or("", |request| request.authority.as_str());
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host = query.sni.as_deref().unwrap_or(host).to_ascii_lowercase();
    let rank = |choice: &Choice<'_>| {
        let matches = &choice.chain.matches;
        let named = matches.server_names.iter().filter(|name| covers(name, &host)).map(String::len).max();
        if named.is_none() && !matches.server_names.is_empty() {
            return None;
        }
        let inbound = choice.listener.direction == Traffic::Inbound;
        let fits = !inbound || choice.chain.tls.is_some() == query.peer.is_some();
        Some((choice.chain.is_http(), fits, named.unwrap_or(0)))
    };
    let ranked = choices.iter().rev().filter_map(|choice| Some((rank(choice)?, *choice)));
    ranked.max_by_key(|(rank, _)| *rank).map(|(_, choice)| choice)
}

/// Whether a server name, `*.` in front for all below, is for a host.
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => name.eq_ignore_ascii_case(host),
    }
}

/// Every chain that the direction can mean, listeners on all addresses first.
fn choices(proxy: &Proxy, direction: Direction) -> Vec<Choice<'_>> {
    let traffic = if direction == Direction::Inbound { Traffic::Inbound } else { Traffic::Outbound };
    let mut listeners: Vec<_> = proxy.listeners.iter().filter(|l| l.direction == traffic).collect();
    listeners.sort_by_key(|l| !matches!(l.address.as_str(), "0.0.0.0" | "::"));
    let mut choices = Vec::new();
    for listener in listeners {
        for chain in listener.all_chains() {
            // `virtualOutbound` takes every connection that no other listener wants.
            let port = match traffic {
                Traffic::Inbound => chain.matches.destination_port,
                Traffic::Outbound if listener.name == "virtualOutbound" => chain.matches.destination_port,
                Traffic::Outbound => Some(chain.matches.destination_port.unwrap_or(listener.port)),
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
            ChainAction::HttpInline { table, .. } if table.name == name => Some(table.as_ref()),
            _ => None,
        })
    };
    let listed = || proxy.tables.get(name).map(AsRef::as_ref);
    let found = if direction == Direction::Inbound { inline() } else { listed().or_else(inline) };
    found.ok_or_else(|| unknown(proxy, name))
}

fn unknown(proxy: &Proxy, name: &str) -> TraceError {
    let inline =
        proxy.listeners.iter().flat_map(|l| l.all_chains()).filter_map(|chain| match &chain.action {
            ChainAction::HttpInline { table, .. } => Some(table.name.clone()),
            _ => None,
        });
    let mut tables: Vec<String> = proxy.tables.keys().cloned().chain(inline).collect();
    tables.sort();
    tables.dedup();
    TraceError::UnknownTable { proxy: proxy.id.to_string(), table: name.to_owned(), tables }
}
