//! Which patches change what becomes of requests: where one does, nothing that rests on the routes as they were before is
//! certain any more.

use serde_json::Value;

use crate::model::{
    Chain, ChainAction, Direction, Listener, Patch, PatchChain, PatchKind, PatchOperation, PatchSide, Proxy,
    ProxyKind, RouteTable,
};

/// The network filter that holds HTTP filters.
const MANAGER: &str = "envoy.filters.network.http_connection_manager";

/// Fields of listeners that say nothing about where a connection goes.
const QUIET_LISTENER: [&str; 14] = [
    "access_log",
    "connection_balance_config",
    "continue_on_listener_filters_timeout",
    "deprecated_v1",
    "drain_type",
    "enable_reuse_port",
    "ignore_global_conn_limit",
    "listener_filters_timeout",
    "max_connections_to_accept_per_socket_event",
    "metadata",
    "per_connection_buffer_limit_bytes",
    "socket_options",
    "stat_prefix",
    "tcp_backlog_size",
];

/// Fields of chains that say nothing about where a connection goes.
const QUIET_CHAIN: [&str; 3] = ["metadata", "transport_socket", "transport_socket_connect_timeout"];

/// Fields of the HTTP connection manager that neither change a request on its way nor its answer.
const QUIET_MANAGER: [&str; 24] = [
    "@type",
    "access_log",
    "access_log_flush_interval",
    "access_log_options",
    "add_user_agent",
    "common_http_protocol_options",
    "delayed_close_timeout",
    "drain_timeout",
    "flush_access_log_on_new_request",
    "generate_request_id",
    "http2_protocol_options",
    "http3_protocol_options",
    "max_request_headers_kb",
    "preserve_external_request_id",
    "always_set_request_id_in_response",
    "proxy_100_continue",
    "request_headers_timeout",
    "request_id_extension",
    "server_header_transformation",
    "server_name",
    "stat_prefix",
    "stream_idle_timeout",
    "tracing",
    "via",
];

/// Fields of clusters that say nothing about which endpoints there are.
const LOUD_CLUSTER: [&str; 7] = [
    "cluster_type",
    "eds_cluster_config",
    "load_assignment",
    "lb_subset_config",
    "name",
    "transport_socket_matches",
    "type",
];

/// The first patch that changes requests or their answers on one side of a proxy.
pub(crate) fn first_on_request_path(proxy: &Proxy, side: PatchSide) -> Option<&Patch> {
    let mut patches = proxy.patches.all.iter().filter(|patch| patch.is_for(side));
    patches.find(|patch| is_loud(patch) && reaches(proxy, side, patch))
}

/// Whether what a patch changes is part of what becomes of a request.
fn is_loud(patch: &Patch) -> bool {
    let beyond = |quiet: &[&str]| {
        !patch.operation.is_merge() || keys(patch.value.as_ref()).any(|key| !quiet.contains(&key))
    };
    match patch.kind {
        PatchKind::Listener => beyond(&QUIET_LISTENER),
        PatchKind::FilterChain => beyond(&QUIET_CHAIN),
        PatchKind::NetworkFilter => {
            let config = patch.value.as_ref().and_then(|value| value.get("typed_config"));
            let of_manager = config
                .and_then(|config| config.get("@type"))
                .and_then(Value::as_str)
                .is_some_and(|name| name.ends_with("HttpConnectionManager"));
            patch.operation != PatchOperation::Merge
                || !of_manager
                || keys(config).any(|key| !QUIET_MANAGER.contains(&key))
        }
        PatchKind::Cluster => match patch.operation {
            PatchOperation::Add => false,
            PatchOperation::Remove => true,
            _ => keys(patch.value.as_ref()).any(|key| LOUD_CLUSTER.contains(&key)),
        },
        PatchKind::ListenerFilter
        | PatchKind::HttpFilter
        | PatchKind::RouteConfiguration
        | PatchKind::VirtualHost
        | PatchKind::HttpRoute => true,
        PatchKind::ExtensionConfig => false,
    }
}

fn keys(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.as_str())
}

/// Whether there is anything on this side of the proxy that the patch is for, as far as names tell.
fn reaches(proxy: &Proxy, side: PatchSide, patch: &Patch) -> bool {
    match patch.kind {
        PatchKind::Listener if patch.operation == PatchOperation::Add => {
            // Without a side, another listener is added to the outbound side alone.
            patch.side.is_some() || side != PatchSide::SidecarInbound
        }
        PatchKind::Listener
        | PatchKind::ListenerFilter
        | PatchKind::FilterChain
        | PatchKind::NetworkFilter
        | PatchKind::HttpFilter => {
            let mut listeners = proxy.listeners.iter().filter(|listener| side_of(proxy, listener) == side);
            listeners.any(|listener| reaches_listener(listener, patch))
        }
        PatchKind::RouteConfiguration | PatchKind::VirtualHost | PatchKind::HttpRoute => {
            tables(proxy, side).any(|table| reaches_table(table, side, proxy, patch))
        }
        PatchKind::Cluster => proxy.clusters.values().any(|cluster| {
            let inbound =
                cluster.name.starts_with("inbound|") || cluster.name.starts_with("InboundPassthrough");
            let here = match side {
                PatchSide::SidecarInbound => inbound,
                PatchSide::SidecarOutbound => !inbound,
                PatchSide::Gateway => true,
            };
            let hosts = || cluster.telemetry.services.iter().map(|service| service.host.as_str());
            here && patch.matches.cluster.as_ref().is_none_or(|of| of.is_for(&cluster.name, hosts()))
        }),
        PatchKind::ExtensionConfig => false,
    }
}

fn side_of(proxy: &Proxy, listener: &Listener) -> PatchSide {
    match (proxy.kind, listener.direction) {
        (ProxyKind::Gateway, _) => PatchSide::Gateway,
        (ProxyKind::Sidecar, Direction::Inbound) => PatchSide::SidecarInbound,
        (ProxyKind::Sidecar, Direction::Outbound) => PatchSide::SidecarOutbound,
    }
}

/// The route tables of one side.
fn tables(proxy: &Proxy, side: PatchSide) -> impl Iterator<Item = &RouteTable> {
    let chains = proxy.listeners.iter().flat_map(|listener| listener.all_chains());
    let inline = chains.filter_map(|chain| match &chain.action {
        ChainAction::HttpInline { table, .. } => Some(&**table),
        ChainAction::HttpTable { .. } | ChainAction::Tcp(_) => None,
    });
    let named = proxy.tables.values().map(|table| &**table);
    let inbound = side == PatchSide::SidecarInbound;
    inline.filter(move |_| inbound).chain(named.filter(move |_| !inbound))
}

fn reaches_table(table: &RouteTable, side: PatchSide, proxy: &Proxy, patch: &Patch) -> bool {
    let Some(of) = &patch.matches.routes else { return true };
    if !of.is_for(&table.name, side, &proxy.patches.server_ports) {
        return false;
    }
    let Some(of) = &of.host else { return true };
    patch.kind == PatchKind::RouteConfiguration
        || (patch.kind == PatchKind::VirtualHost && patch.operation == PatchOperation::Add)
        || table
            .virtual_hosts
            .iter()
            .any(|host| of.is_for(&host.name, host.domains.iter().map(String::as_str)))
}

fn reaches_listener(listener: &Listener, patch: &Patch) -> bool {
    let Some(of) = &patch.matches.listener else { return true };
    let whole = patch.kind == PatchKind::Listener;
    if !of.is_for(&listener.name, Some(u32::from(listener.port)), whole) {
        return false;
    }
    if matches!(patch.kind, PatchKind::Listener | PatchKind::ListenerFilter) {
        return true;
    }
    let takes_all = crate::model::PatchListener::takes_all(&listener.name);
    listener.all_chains().any(|chain| {
        let port = chain.matches.destination_port.map(u32::from);
        (!takes_all || of.port == 0 || port == Some(of.port))
            && of.chain.as_ref().is_none_or(|of| reaches_chain(chain, of))
    })
}

fn reaches_chain(chain: &Chain, of: &PatchChain) -> bool {
    let is = |asked: &str, known: &str| asked.is_empty() || asked == known;
    let matches = &chain.matches;
    let is_manager = of.filter.as_deref().is_none_or(|name| name != MANAGER || chain.is_http());
    is_manager
        && is(&of.name, chain.name.as_deref().unwrap_or_default())
        && (of.sni.is_empty() || matches.server_names.contains(&of.sni))
        && of.application_protocols.iter().all(|asked| matches.application_protocols.contains(asked))
        && (of.destination_port == 0 || matches.destination_port.map(u32::from) == Some(of.destination_port))
}
