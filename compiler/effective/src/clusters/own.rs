//! Clusters that every proxy has, and those of its own ports.

use std::sync::Arc;
use std::time::Duration;

use super::policy::Policy;
use super::settings::Settings;
use super::{pool, tls};
use crate::model::{
    Cluster, ClusterKind, Dns, DnsFamily, HttpOptions, LoadBalancer, Lookup, Telemetry, UpstreamProtocol,
};
use crate::names;

/// The address that connections to the proxy's own workload come from, so that they are not captured again.
const OWN_SOURCE: &str = "127.0.0.6";
/// The same of IPv6.
const OWN_SOURCE_V6: &str = "::6";

/// The addresses that connections to a workload with these addresses come from.
pub(super) fn sources(ips: &[&str]) -> Vec<String> {
    let v4 = ips.is_empty() || ips.iter().any(|ip| !ip.contains(':'));
    let v6 = ips.iter().any(|ip| ip.contains(':'));
    let mut sources = Vec::new();
    if v4 {
        sources.push(OWN_SOURCE.to_owned());
    }
    if v6 {
        sources.push(OWN_SOURCE_V6.to_owned());
    }
    sources
}

/// Connections that no service claims.
pub(super) fn passthrough(settings: &Settings) -> Cluster {
    let mut cluster = Cluster {
        name: names::PASSTHROUGH_CLUSTER.to_owned(),
        kind: ClusterKind::OriginalDst,
        load_balancer: LoadBalancer::ClusterProvided,
        connect_timeout: settings.connect_timeout,
        telemetry: Telemetry { exchanges_metadata: true, ..Telemetry::default() },
        ..Cluster::default()
    };
    let policy = Policy { connection_pool: settings.connection_pool.as_ref(), ..Policy::default() };
    pool::apply(&mut cluster, &policy, settings);
    // How HTTP is spoken is the same whatever the mesh says.
    cluster.http = HttpOptions {
        protocol: UpstreamProtocol::Downstream,
        idle_timeout: Some(Duration::from_secs(300)),
        preserve_header_case: settings.preserve_header_case,
        common: true,
        ..HttpOptions::default()
    };
    cluster
}

/// Inbound connections to ports that no service names.
pub(super) fn inbound_passthrough(settings: &Settings, sources: &[String]) -> Cluster {
    Cluster {
        name: names::INBOUND_PASSTHROUGH_CLUSTER.to_owned(),
        source_addresses: sources.to_vec(),
        telemetry: Telemetry {
            // Istio renames the other one, its name in statistics stays.
            stat_name: Some(names::PASSTHROUGH_CLUSTER.to_owned()),
            ..Telemetry::default()
        },
        ..passthrough(settings)
    }
}

/// The cluster without an endpoint.
pub(super) fn black_hole(settings: &Settings) -> Cluster {
    Cluster {
        name: names::BLACK_HOLE_CLUSTER.to_owned(),
        connect_timeout: settings.connect_timeout,
        ..Cluster::default()
    }
}

/// Requests that no service claims, to the names that they ask for.
fn looked_up(settings: &Settings, lookup: Lookup, family: DnsFamily) -> Cluster {
    let mut cluster = Cluster {
        name: names::ALLOW_ANY_DYNAMIC_DNS_CLUSTER.to_owned(),
        kind: ClusterKind::DynamicForwardProxy,
        looks_up_any: Some(lookup),
        dns: Some(Dns { family, refresh_rate: settings.dns_refresh_rate }),
        ..passthrough(settings)
    };
    pool::apply(&mut cluster, &Policy::default(), settings);
    cluster.http = passthrough(settings).http;
    if let Some(written) = &settings.unclaimed_tls {
        tls::unclaimed(&mut cluster, written, settings);
        let HttpOptions { auto_sni, auto_san_validation, .. } = cluster.http;
        if auto_sni || auto_san_validation {
            // What Istio says of names is all that it says of HTTP then.
            cluster.http = HttpOptions { auto_sni, auto_san_validation, ..HttpOptions::default() };
        }
    }
    cluster
}

/// Those of every sidecar, in Istio's order. `lookup` says whether and how it looks names up that no service claims.
pub(super) fn of_sidecar(
    settings: &Settings,
    sources: &[String],
    lookup: Option<(Lookup, DnsFamily)>,
) -> Vec<Arc<Cluster>> {
    let looked_up = lookup.map(|(lookup, family)| looked_up(settings, lookup, family));
    let always = [passthrough(settings), inbound_passthrough(settings, sources)];
    always.into_iter().chain(looked_up).map(Arc::new).collect()
}
