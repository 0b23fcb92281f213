//! What else proxies do that no request shows: TLS at listeners, connections, extensions, telemetry, identity, and how
//! paths are read.

use std::sync::Arc;

use meshc_effective::model::{
    Chain, ChainAction, Direction, Extension, Inspector, Listener, Origin, Proxy, ProxyTelemetry, ServerTls,
};
use serde_json::{Value, json};

use super::compare::Found;
use super::kind::Kind;
use super::listeners;

/// Everything of this sort that differs between two proxies; of those that listen alike the listeners are left alone.
pub(super) fn compare(was: &Proxy, is: &Proxy, listen_alike: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let chains = if listen_alike { Vec::new() } else { listeners::both(was, is) };
    for (before, chain_before, after, chain_after) in chains {
        // Where the mode of mutual TLS is another, what is terminated follows from it.
        let mode = |proxy: &Proxy| {
            proxy.security.mtls.of(chain_after.matches.destination_port.unwrap_or_default()).mode
        };
        let tls_differs = chain_before.tls != chain_after.tls
            && (after.direction == Direction::Outbound || mode(was) == mode(is));
        let carried = carried_alike((before, chain_before), (after, chain_after));
        if !tls_differs && carried {
            continue;
        }
        let origins = (before.origins.as_slice(), after.origins.as_slice());
        let title = listeners::title(after, Some(chain_after));
        let mut differ = |kind: Kind, a: Value, b: Value| {
            let subject = format!("{} {title}", after.name);
            found.push(Found::settings(kind, (subject, title.clone()), a, b, origins));
        };
        if tls_differs {
            differ(Kind::TlsChanged, tls(chain_before), tls(chain_after));
        }
        if !carried {
            differ(Kind::ListenerChanged, connections(before, chain_before), connections(after, chain_after));
        }
    }
    let workload = format!("{}.{}", is.workload, is.id.namespace);
    let mut differ = |kind: Kind, a: Value, b: Value, origins: (&[Origin], &[Origin])| {
        if a != b {
            found.push(Found::settings(kind, (workload.clone(), is.workload.clone()), a, b, origins));
        }
    };
    let own = (std::slice::from_ref(&was.origin), std::slice::from_ref(&is.origin));
    // Most proxies are alike in all of this; telling it is dear.
    if was.service_account != is.service_account {
        let account = |proxy: &Proxy| json!({ "service_account": proxy.service_account });
        differ(Kind::IdentityChanged, account(was), account(is), own);
    }
    if was.reading != is.reading {
        let paths = |proxy: &Proxy| json!({ "path_normalization": proxy.reading.paths, "underscores": proxy.reading.underscores });
        differ(Kind::NormalizationChanged, paths(was), paths(is), own);
        let detection =
            |proxy: &Proxy| json!({ "protocol_detection_timeout": proxy.reading.detection_timeout });
        differ(Kind::ListenerChanged, detection(was), detection(is), own);
    }
    if differ_at_all(&was.settings, &is.settings) {
        let settings = |proxy: &Proxy| bare(&proxy.settings.as_ref());
        differ(Kind::ListenerChanged, settings(was), settings(is), own);
    }
    if differ_at_all(&was.extensions, &is.extensions) {
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
    if differ_at_all(&was.telemetry, &is.telemetry) {
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

/// Whether two parts say something else; most proxies have one in memory.
fn differ_at_all<T: PartialEq>(was: &Arc<T>, is: &Arc<T>) -> bool {
    !Arc::ptr_eq(was, is) && was != is
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

/// Whether connections are carried alike, as [`connections`] tells it; most are, and telling is dear.
fn carried_alike(a: (&Listener, &Chain), b: (&Listener, &Chain)) -> bool {
    let announced = |of: &Listener| of.inspectors.contains(&Inspector::ProxyProtocol);
    let listeners = a.0.extra_addresses == b.0.extra_addresses
        && a.0.transparent == b.0.transparent
        && announced(a.0) == announced(b.0);
    let chains = match (&a.1.action, &b.1.action) {
        (ChainAction::Tcp(a), ChainAction::Tcp(b)) => {
            a.idle_timeout == b.idle_timeout
                && a.max_duration == b.max_duration
                && a.by_source_address == b.by_source_address
                && a.tunnel == b.tunnel
                && a.looks_up == b.looks_up
        }
        (ChainAction::Tcp(_), _) | (_, ChainAction::Tcp(_)) => true,
        (
            ChainAction::HttpTable { http: a, .. } | ChainAction::HttpInline { http: a, .. },
            ChainAction::HttpTable { http: b, .. } | ChainAction::HttpInline { http: b, .. },
        ) => {
            a.http2 == b.http2
                && a.grpc_web == b.grpc_web
                && a.absolute_urls == b.absolute_urls
                && a.looks_up == b.looks_up
                && a.looks_up_any == b.looks_up_any
        }
    };
    listeners && chains
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
            "looks_up_any": http.looks_up_any,
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
