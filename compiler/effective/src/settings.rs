//! How a proxy is set up, from what is written about it (Istio's `proxy_headers.go` and `connection_settings.go`), and
//! how it reads traffic then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use meshc_mesh::{MeshConfig, Pod, PodProxy};
use meshc_resources::istio::mesh::{
    ConnectionProfile, ConnectionSettings, ForwardClientCertDetails, HeadersWithUnderscoresAction,
    MeshProxyConfig, MetadataExchangeMode, NormalizationType, PathWithEscapedSlashesAction, ProxyHeaders,
};
use meshc_syntax::de::{self, Spanned};

use crate::model::{
    Action, ConnectionLimits, EscapedSlashes, ForwardedCertificate, HeaderSettings, PathNormalization,
    ProxySettings, Reading, Rewrite, Route, RouteTable, ServerHeader, Underscores, VirtualHost,
};
use crate::names;
use crate::outbound::Tables;

/// Variables of the proxy's environment that istiod reads.
const HTTP10: &str = "ISTIO_META_HTTP10";
/// See [`HTTP10`].
const IDLE_TIMEOUT: &str = "ISTIO_META_IDLE_TIMEOUT";
/// Spreads inbound connections evenly over threads.
const INBOUND_BALANCE: &str = "ISTIO_META_INBOUND_LISTENER_EXACT_BALANCE";
/// The same of outbound ones and of a gateway's.
const OUTBOUND_BALANCE: &str = "ISTIO_META_OUTBOUND_LISTENER_EXACT_BALANCE";

/// The port on which a sidecar is an HTTP proxy, in place of the mesh's.
const HTTP_PROXY_PORT: &str = "ISTIO_META_HTTP_PROXY_PORT";

/// The port on which the sidecar of a pod is an HTTP proxy; none where it is none.
pub(crate) fn http_proxy_port(config: &MeshConfig, pod: &Pod) -> Option<u16> {
    match pod.proxy_config.variable(HTTP_PROXY_PORT).unwrap_or_default().parse::<i64>() {
        Ok(port) => u16::try_from(port).ok().filter(|port| *port > 0),
        Err(_) => config.proxy_http_port(),
    }
}

/// What was made before, by what is written, which the mesh keeps in its place, and whether it is a gateway.
#[derive(Default)]
pub(crate) struct Cache {
    settings: HashMap<(usize, bool), (Arc<ProxySettings>, Reading)>,
    /// Tables as a proxy with other headers than Istio's has them, by their place and what it adds.
    tables: HashMap<(usize, bool, bool), (Arc<RouteTable>, Arc<RouteTable>)>,
    /// All tables of such a proxy, likewise.
    maps: HashMap<(usize, bool, bool), (Arc<Tables>, Arc<Tables>)>,
}

impl Cache {
    /// How the proxy of a pod is set up, and how it reads traffic.
    pub(crate) fn of(&mut self, config: &MeshConfig, pod: &Pod) -> (Arc<ProxySettings>, Reading) {
        let gateway = pod.proxy == PodProxy::Gateway;
        let key = (Arc::as_ptr(&pod.proxy_config).addr(), gateway);
        let new = || {
            let written = &pod.proxy_config;
            let limits = written.connection_settings.as_ref().map(|limits| edge(&limits.value, gateway));
            let reading = reading(config, limits.as_ref());
            (Arc::new(settings(config, written, limits.as_ref())), reading)
        };
        self.settings.entry(key).or_insert_with(new).clone()
    }

    /// The tables of a proxy that tells of itself as these settings say.
    pub(crate) fn tables(&mut self, tables: &Arc<Tables>, settings: &ProxySettings) -> Arc<Tables> {
        let (attempts, host) = (settings.headers.attempts, settings.headers.forwarded_host);
        if attempts && !host {
            return Arc::clone(tables);
        }
        let key = (Arc::as_ptr(tables).addr(), attempts, host);
        if let Some((_, known)) = self.maps.get(&key) {
            return Arc::clone(known);
        }
        let mut told = |table: &Arc<RouteTable>| {
            let key = (Arc::as_ptr(table).addr(), attempts, host);
            let new = || (Arc::clone(table), Arc::new(told(table, attempts, host)));
            Arc::clone(&self.tables.entry(key).or_insert_with(new).1)
        };
        let made: Tables = tables.iter().map(|(name, table)| (name.clone(), told(table))).collect();
        let made = Arc::new(made);
        self.maps.insert(key, (Arc::clone(tables), Arc::clone(&made)));
        made
    }
}

fn told(table: &RouteTable, attempts: bool, host: bool) -> RouteTable {
    let virtual_host = |of: &Arc<VirtualHost>| {
        let mut made = VirtualHost::clone(of);
        made.include_attempt_count &= attempts;
        let tells = |route: &Route| {
            let mut route = route.clone();
            let catches_all = [names::ALLOW_ANY, names::ALLOW_ANY_DYNAMIC_DNS];
            let catches_all = route.name.as_deref().is_some_and(|name| catches_all.contains(&name));
            if let Action::Forward(forward) = &mut route.action {
                forward.tells_host = catches_all || forward.rewrite != Rewrite::default();
            }
            route
        };
        if host {
            made.routes = made.routes.iter().map(tells).collect();
        }
        Arc::new(made)
    };
    RouteTable { virtual_hosts: table.virtual_hosts.iter().map(virtual_host).collect(), ..table.clone() }
}

/// How every proxy of the mesh reads traffic, and what the limits of one change about it.
fn reading(config: &MeshConfig, limits: Option<&ConnectionSettings>) -> Reading {
    let written = config.written.path_normalization.as_ref();
    let how = written.and_then(|written| written.normalization.as_ref()).map(|how| how.value);
    let mut reading = Reading {
        detection_timeout: config.protocol_detection_timeout(),
        paths: match how.unwrap_or_default() {
            NormalizationType::Default | NormalizationType::Base => PathNormalization::BASE,
            NormalizationType::None => PathNormalization::NONE,
            NormalizationType::MergeSlashes => PathNormalization::MERGE_SLASHES,
            NormalizationType::DecodeAndMergeSlashes => PathNormalization::DECODE_AND_MERGE_SLASHES,
        },
        underscores: Underscores::Pass,
    };
    let Some(limits) = limits else { return reading };
    if let Some(merges) = &limits.http_merge_slashes {
        reading.paths.merges_slashes = merges.value;
    }
    let escaped = limits.http_path_with_escaped_slashes_action.as_ref().map(|action| action.value);
    match escaped.unwrap_or_default() {
        PathWithEscapedSlashesAction::Unspecified => {}
        PathWithEscapedSlashesAction::KeepUnchanged => reading.paths.escaped_slashes = EscapedSlashes::Keep,
        PathWithEscapedSlashesAction::RejectRequest => reading.paths.escaped_slashes = EscapedSlashes::Refuse,
        PathWithEscapedSlashesAction::UnescapeAndRedirect => {
            reading.paths.escaped_slashes = EscapedSlashes::Redirect;
        }
        PathWithEscapedSlashesAction::UnescapeAndForward => {
            reading.paths.escaped_slashes = EscapedSlashes::Decode;
        }
    }
    reading.underscores =
        match limits.http_headers_with_underscores_action.as_ref().map(|action| action.value) {
            Some(HeadersWithUnderscoresAction::RejectRequest) => Underscores::Refuse,
            Some(HeadersWithUnderscoresAction::DropHeader) => Underscores::Drop,
            _ => Underscores::Pass,
        };
    reading
}

/// What the profile of a gateway at the edge says where nothing else is written.
fn edge(written: &ConnectionSettings, gateway: bool) -> ConnectionSettings {
    let mut limits = written.clone();
    let profile = limits.profile.as_ref().map(|profile| profile.value).unwrap_or_default();
    if profile != ConnectionProfile::Edge || !gateway {
        return limits;
    }
    let bytes = |of: &mut Option<Spanned<i32>>, default| {
        of.get_or_insert_with(|| Spanned::new(default));
    };
    let seconds = |of: &mut Option<Spanned<de::Duration>>, default| {
        of.get_or_insert_with(|| Spanned::new(de::Duration::from_secs(default)));
    };
    bytes(&mut limits.listener_per_connection_buffer_limit_bytes, 32 << 10);
    seconds(&mut limits.http_idle_timeout, 3600);
    seconds(&mut limits.http_stream_idle_timeout, 300);
    seconds(&mut limits.http_request_timeout, 300);
    seconds(&mut limits.http_request_headers_timeout, 60);
    bytes(&mut limits.http_max_concurrent_streams, 100);
    bytes(&mut limits.http2_initial_stream_window_size, 64 << 10);
    bytes(&mut limits.http2_initial_connection_window_size, 1 << 20);
    limits.http_merge_slashes.get_or_insert_with(|| Spanned::new(true));
    let unsaid = |action: &Spanned<HeadersWithUnderscoresAction>| {
        action.value == HeadersWithUnderscoresAction::Unspecified
    };
    if limits.http_headers_with_underscores_action.as_ref().is_none_or(unsaid) {
        limits.http_headers_with_underscores_action =
            Some(Spanned::new(HeadersWithUnderscoresAction::RejectRequest));
    }
    let unsaid = |action: &Spanned<PathWithEscapedSlashesAction>| {
        action.value == PathWithEscapedSlashesAction::Unspecified
    };
    if limits.http_path_with_escaped_slashes_action.as_ref().is_none_or(unsaid) {
        limits.http_path_with_escaped_slashes_action =
            Some(Spanned::new(PathWithEscapedSlashesAction::UnescapeAndRedirect));
    }
    limits
}

/// As Istio reads a variable that says yes or no.
fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

fn settings(
    config: &MeshConfig,
    written: &MeshProxyConfig,
    limits: Option<&ConnectionSettings>,
) -> ProxySettings {
    let variable = |name: &str| written.variable(name).unwrap_or_default();
    let topology = written.gateway_topology.as_ref();
    let mut headers =
        written.proxy_headers.as_ref().map(|headers| self::headers(headers)).unwrap_or_default();
    headers.gateway_certificate =
        topology.and_then(|own| certificate(own.forward_client_cert_details.as_ref()));
    ProxySettings {
        headers,
        connections: limits.map(connections).unwrap_or_default(),
        http10: variable(HTTP10) == "1",
        idle_timeout: variable(IDLE_TIMEOUT).parse::<de::Duration>().ok().and_then(de::Duration::as_std),
        balances_inbound: is_true(variable(INBOUND_BALANCE)),
        balances_outbound: is_true(variable(OUTBOUND_BALANCE)),
        trusted_proxies: topology
            .and_then(|own| own.num_trusted_proxies.as_ref())
            .map_or(0, |number| number.value),
        internal_ranges: config.internal_ranges(),
    }
}

fn headers(written: &ProxyHeaders) -> HeaderSettings {
    let off = |header: &Option<Spanned<meshc_resources::istio::mesh::DisabledHeader>>| {
        let disabled = header.as_ref().and_then(|header| header.disabled.as_ref());
        disabled.is_some_and(|disabled| disabled.value)
    };
    let on = |header: &Option<Spanned<meshc_resources::istio::mesh::EnabledHeader>>| {
        let enabled = header.as_ref().and_then(|header| header.enabled.as_ref());
        enabled.is_some_and(|enabled| enabled.value)
    };
    let flag = |value: &Option<Spanned<bool>>, default| value.as_ref().map_or(default, |value| value.value);
    let server = written.server.as_ref();
    let named = server.and_then(|server| server.value.value.as_ref()).filter(|name| !name.is_empty());
    let peers = written.metadata_exchange_headers.as_ref().and_then(|peers| peers.mode.as_ref());
    let mut headers = HeaderSettings {
        server: match (server.is_some_and(|server| flag(&server.disabled, false)), named) {
            (true, _) => ServerHeader::Untouched,
            (false, Some(name)) => ServerHeader::Named(name.value.clone()),
            (false, None) => ServerHeader::Istio,
        },
        request_ids: !off(&written.request_id),
        debug: !off(&written.envoy_debug_headers),
        attempts: !off(&written.attempt_count),
        peers_everywhere: peers.is_none_or(|mode| mode.value != MetadataExchangeMode::InMesh),
        forwarded_host: on(&written.x_forwarded_host),
        forwarded_port: on(&written.x_forwarded_port),
        keeps_case: flag(&written.preserve_http1_header_case, false),
        forwarded_certificate: certificate(written.forwarded_client_cert.as_ref()),
        ..HeaderSettings::default()
    };
    if let Some(details) = &written.set_current_client_cert_details {
        headers.certificate.subject = flag(&details.subject, true);
        headers.certificate.whole = flag(&details.cert, false);
        headers.certificate.chain = flag(&details.chain, false);
        headers.certificate.dns = flag(&details.dns, true);
        headers.certificate.uri = flag(&details.uri, true);
    }
    headers
}

fn certificate(written: Option<&Spanned<ForwardClientCertDetails>>) -> Option<ForwardedCertificate> {
    Some(match written?.value {
        ForwardClientCertDetails::Undefined => return None,
        ForwardClientCertDetails::Sanitize => ForwardedCertificate::Remove,
        ForwardClientCertDetails::ForwardOnly => ForwardedCertificate::Keep,
        ForwardClientCertDetails::AppendForward => ForwardedCertificate::Append,
        ForwardClientCertDetails::SanitizeSet => ForwardedCertificate::Replace,
        ForwardClientCertDetails::AlwaysForwardOnly => ForwardedCertificate::AlwaysKeep,
    })
}

/// Istio hands on what it takes; limits of clusters and of connections as such are not wired to anything.
fn connections(written: &ConnectionSettings) -> ConnectionLimits {
    let bytes =
        |value: &Option<Spanned<i32>>| value.as_ref().and_then(|value| u32::try_from(value.value).ok());
    let time = |value: &Option<Spanned<de::Duration>>| -> Option<Duration> {
        value.as_ref().and_then(|value| value.as_std())
    };
    ConnectionLimits {
        listener_buffer: bytes(&written.listener_per_connection_buffer_limit_bytes),
        idle: time(&written.http_idle_timeout),
        connection: time(&written.http_max_connection_duration),
        drain: time(&written.http_drain_timeout),
        request: time(&written.http_request_timeout),
        request_headers: time(&written.http_request_headers_timeout),
        stream_idle: time(&written.http_stream_idle_timeout),
        stream: time(&written.http_max_stream_duration),
        concurrent_streams: bytes(&written.http_max_concurrent_streams),
        stream_window: bytes(&written.http2_initial_stream_window_size),
        connection_window: bytes(&written.http2_initial_connection_window_size),
    }
}
