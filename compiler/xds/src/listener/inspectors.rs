//! What looks at a connection before a chain is chosen.

use meshc_effective::model::{Binding, Inspector, Listener, Ports};
use meshc_envoy as envoy;
use serde_json::{Value, json};

use super::{Class, Place};

/// The mark of connections that the proxy makes with a client's address, which iptables lets pass.
const MARK: u32 = 1337;
/// Bytes that Istio lets the TLS inspector read at first; Envoy's default is 64 KiB.
const FIRST_READ: u32 = 512;

/// Envoy's listener filters.
pub(super) fn filters(listener: &Listener) -> Vec<envoy::ListenerFilter> {
    listener.inspectors.iter().map(filter).collect()
}

fn filter(inspector: &Inspector) -> envoy::ListenerFilter {
    let (name, typed_config, ports): (_, envoy::TypedConfig, _) = match inspector {
        Inspector::OriginalDestination => ("original_dst", envoy::OriginalDst::default().into(), &Ports::All),
        Inspector::OriginalSource => {
            ("original_src", other("original_src.v3.OriginalSrc", json!({"mark": MARK})), &Ports::All)
        }
        Inspector::ProxyProtocol => {
            ("proxy_protocol", other("proxy_protocol.v3.ProxyProtocol", json!({})), &Ports::All)
        }
        Inspector::Tls(ports) => {
            let inspector = envoy::TlsInspector {
                initial_read_buffer_size: Some(FIRST_READ),
                ..envoy::TlsInspector::default()
            };
            ("tls_inspector", inspector.into(), ports)
        }
        Inspector::Http(ports) => ("http_inspector", envoy::HttpInspector::default().into(), ports),
    };
    envoy::ListenerFilter {
        name: format!("envoy.filters.listener.{name}"),
        typed_config: Some(typed_config),
        filter_disabled: disabled(ports),
    }
}

fn other(kind: &str, mut fields: Value) -> envoy::TypedConfig {
    if let Some(fields) = fields.as_object_mut() {
        let url = format!("type.googleapis.com/envoy.extensions.filters.listener.{kind}");
        fields.insert("@type".to_owned(), url.into());
    }
    envoy::TypedConfig::Other(fields)
}

/// The connections that a filter leaves alone, by port.
fn disabled(ports: &Ports) -> Option<Value> {
    let range = |port: &u16| json!({"destination_port_range": {"start": port, "end": u32::from(*port) + 1}});
    let any = |ports: &[u16]| match ports {
        [only] => range(only),
        several => json!({"or_match": {"rules": several.iter().map(range).collect::<Vec<_>>()}}),
    };
    match ports {
        Ports::All => None,
        Ports::Except(ports) => Some(any(ports)),
        Ports::Only(ports) => Some(json!({"not_match": any(ports)})),
    }
}

/// Whether a connection goes on though an inspector has not seen enough of it: a server may speak first.
pub(super) fn goes_on(listener: &Listener, place: Place<'_>) -> bool {
    let everything = listener.binding == Binding::CapturePoint && place.class == Class::SidecarOutbound;
    place.class != Class::Gateway && !everything
}

/// How long an inspector waits: Istio waits for ever unless the mesh says otherwise, and always for what leaves a
/// sidecar where nobody looks for HTTP. Envoy's own limit holds for gateways.
pub(super) fn timeout(listener: &Listener, place: Place<'_>) -> Option<envoy::Duration> {
    let looks = |inspector: &Inspector| matches!(inspector, Inspector::Http(_));
    let waits = place.class == Class::SidecarInbound || listener.inspectors.iter().any(looks);
    let timeout = if waits { place.proxy.reading.detection_timeout } else { std::time::Duration::ZERO };
    goes_on(listener, place).then(|| timeout.into())
}
