//! Where telemetry stands: access logs, statistics, and extensions (WasmPlugin, TrafficExtension) by phase.

use meshc_effective::model::Listener;
use meshc_envoy as envoy;

use super::Place;

/// Phases of extensions, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Authentication,
    Authorization,
    Statistics,
    Unspecified,
}

/// The log of connections that a listener turns away.
pub(super) fn listener_log(_listener: &Listener, _place: Place<'_>) -> Vec<envoy::AccessLog> {
    Vec::new()
}

/// The log of requests.
pub(super) fn http_log(_place: Place<'_>) -> Vec<envoy::AccessLog> {
    Vec::new()
}

/// The log of connections.
pub(super) fn tcp_log(_place: Place<'_>) -> Vec<envoy::AccessLog> {
    Vec::new()
}

/// HTTP filters for statistics.
pub(super) fn http_statistics(_place: Place<'_>) -> Vec<envoy::HttpFilter> {
    Vec::new()
}

/// Network filters for statistics.
pub(super) fn tcp_statistics(_place: Place<'_>) -> Vec<envoy::Filter> {
    Vec::new()
}

/// HTTP filters of the extensions of a phase, for a port.
pub(super) fn http_extensions(_place: Place<'_>, _port: u16, _phase: Phase) -> Vec<envoy::HttpFilter> {
    Vec::new()
}

/// Network filters of the extensions of a phase, for a port.
pub(super) fn tcp_extensions(_place: Place<'_>, _port: u16, _phase: Phase) -> Vec<envoy::Filter> {
    Vec::new()
}
