//! What else proxies do that no request shows: TLS at listeners, connections, extensions, telemetry, identity, and how
//! paths are read.

use std::sync::Arc;

use meshc_effective::model::{
    Chain, ChainAction, Extension, Inspector, Listener, Origin, Proxy, ProxyTelemetry, ServerTls,
};
use serde_json::{Value, json};

use super::compare::Found;
use super::kind::Kind;
use super::listeners;

/// Everything of this sort that differs between two proxies.
pub(super) fn compare(was: &Proxy, is: &Proxy) -> Vec<Found> {
    let mut found = Vec::new();
    for (before, chain_before, after, chain_after) in listeners::both(was, is) {
        let origins = (before.origins.as_slice(), after.origins.as_slice());
        let title = listeners::title(after, Some(chain_after));
        let mut differ = |kind: Kind, a: Value, b: Value| {
            if a != b {
                let subject = format!("{} {title}", after.name);
                found.push(Found::settings(kind, (subject, title.clone()), a, b, origins));
            }
        };
        differ(Kind::TlsChanged, tls(chain_before), tls(chain_after));
        differ(Kind::ListenerChanged, connections(before, chain_before), connections(after, chain_after));
    }
    let workload = format!("{}.{}", is.workload, is.id.namespace);
    let mut differ = |kind: Kind, a: Value, b: Value, origins: (&[Origin], &[Origin])| {
        if a != b {
            found.push(Found::settings(kind, (workload.clone(), is.workload.clone()), a, b, origins));
        }
    };
    let own = (std::slice::from_ref(&was.origin), std::slice::from_ref(&is.origin));
    let account = |proxy: &Proxy| json!({ "service_account": proxy.service_account });
    differ(Kind::IdentityChanged, account(was), account(is), own);
    let paths = |proxy: &Proxy| json!({ "path_normalization": proxy.reading.paths });
    differ(Kind::NormalizationChanged, paths(was), paths(is), own);
    let detection = |proxy: &Proxy| json!({ "protocol_detection_timeout": proxy.reading.detection_timeout });
    differ(Kind::ListenerChanged, detection(was), detection(is), own);
    if !Arc::ptr_eq(&was.extensions, &is.extensions) {
        let origins = |all: &[Extension]| -> Vec<Origin> {
            all.iter().flat_map(|extension| extension.origins.clone()).collect()
        };
        let (base, head) = (origins(&was.extensions), origins(&is.extensions));
        differ(
            Kind::ExtensionsChanged,
            extensions(&was.extensions),
            extensions(&is.extensions),
            (&base, &head),
        );
    }
    if !Arc::ptr_eq(&was.telemetry, &is.telemetry) {
        let (base, head) = (told_by(&was.telemetry), told_by(&is.telemetry));
        differ(
            Kind::TelemetryChanged,
            bare(&was.telemetry.as_ref()),
            bare(&is.telemetry.as_ref()),
            (&base, &head),
        );
    }
    found
}

/// A value without where it comes from.
pub(super) fn bare(value: &impl serde::Serialize) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("origins");
                fields.remove("origin");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    // Our types have string keys only, which is all that can fail.
    let mut value = serde_json::to_value(value).unwrap_or_default();
    strip(&mut value);
    value
}

fn tls(chain: &Chain) -> Value {
    json!({ "tls": chain.tls.as_deref().map(|tls: &ServerTls| bare(tls)) })
}

/// How connections are carried: of HTTP its settings, of bytes all but where they go.
fn connections(listener: &Listener, chain: &Chain) -> Value {
    let announced = listener.inspectors.contains(&Inspector::ProxyProtocol);
    let of_chain = match &chain.action {
        ChainAction::HttpTable { http, .. } | ChainAction::HttpInline { http, .. } => json!({
            "http2": http.http2,
            "grpc_web": http.grpc_web,
            "absolute_urls": http.absolute_urls,
            "looks_up": http.looks_up,
        }),
        ChainAction::Tcp(tcp) => json!({
            "idle_timeout": tcp.idle_timeout,
            "max_duration": tcp.max_duration,
            "by_source_address": tcp.by_source_address,
            "tunnel": tcp.tunnel,
            "looks_up": tcp.looks_up,
        }),
    };
    json!({
        "connection": of_chain,
        "more_addresses": listener.extra_addresses,
        "keeps_addresses": listener.transparent,
        "proxy_protocol": announced,
    })
}

/// What runs, in order, by what it is and not by what it is called.
fn extensions(all: &[Extension]) -> Value {
    let of = |extension: &Extension| {
        let mut value = bare(extension);
        if let Value::Object(fields) = &mut value {
            fields.remove("name");
        }
        value
    };
    json!({ "extensions": all.iter().map(of).collect::<Vec<_>>() })
}

/// The resources that say what is told.
fn told_by(telemetry: &ProxyTelemetry) -> Vec<Origin> {
    let mut all: Vec<Origin> = Vec::new();
    for log in [&telemetry.client, &telemetry.server].into_iter().flat_map(|side| &side.logs) {
        all.extend(log.origins.iter().filter(|origin| !all.contains(origin)).cloned().collect::<Vec<_>>());
    }
    all
}
