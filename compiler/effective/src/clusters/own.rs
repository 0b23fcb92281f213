//! Clusters that every proxy has, and those of its own ports.

use std::sync::Arc;
use std::time::Duration;

use meshc_mesh::{Mesh, Target};

use super::policy::Policy;
use super::pool;
use super::service::service_name;
use super::settings::Settings;
use crate::model::{
    Address, Balancing, Cluster, ClusterKind, Endpoint, EndpointGroup, Health, HttpOptions, LoadBalancer,
    Origin, ProxyKind, Telemetry, UpstreamProtocol,
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

/// The cluster of one port of a workload, behind all of the services that lead to it; the oldest one decides.
pub(super) fn inbound(
    mesh: &Mesh,
    namespace: &str,
    port: u16,
    targets: &[&Target],
    sources: &[String],
    settings: &Settings,
) -> Option<Cluster> {
    let first = targets.first()?;
    let of_service = first.service.ports.get(first.port)?;
    let loopback = settings.inbound_by_loopback.then(|| loopback(port, sources));
    let mut cluster = Cluster {
        name: names::inbound(port),
        kind: if loopback.is_some() { ClusterKind::Static } else { ClusterKind::OriginalDst },
        load_balancer: if loopback.is_some() {
            LoadBalancer::RoundRobin
        } else {
            LoadBalancer::ClusterProvided
        },
        port,
        balancing: Some(Balancing::default()),
        http: pool::protocol(of_service.protocol, ProxyKind::Sidecar, settings),
        // The loopback is not captured: connections to it need not be told apart.
        source_addresses: if loopback.is_some() { Vec::new() } else { sources.to_vec() },
        endpoints: loopback.into_iter().collect(),
        port_override: first.service.port_overrides.get(&of_service.number).copied(),
        origins: vec![Origin::new(
            of_service.span,
            format!("{}: port {}", first.service.meta, of_service.number),
        )],
        ..Cluster::default()
    };
    if !first.service.external {
        for target in targets {
            let same =
                target.service.ports.get(target.port).is_some_and(|own| own.number == of_service.number);
            let name = service_name(&target.service);
            if same && !cluster.telemetry.services.iter().any(|known| known.host == name.host) {
                cluster.telemetry.services.push(name);
            }
        }
    }
    let rule = mesh.destination_rules.inbound(namespace, &first.service);
    let policy = rule.and_then(|rule| Some((rule, rule.traffic_policy.as_ref()?)));
    if let Some((rule, _)) = policy {
        cluster.telemetry.rule = Some((rule.meta.namespace.clone(), rule.meta.name.clone()));
        cluster.origins.push(Origin::new(rule.meta.span, rule.meta.to_string()));
    }
    let pattern = &settings.inbound_stat_name;
    cluster.telemetry.stat_name = Settings::stat_name(pattern, &first.service, None, of_service, port);
    let policy = Policy::within(settings, policy.map(|(_, policy)| &policy.value), None, of_service.number);
    pool::apply(&mut cluster, &policy, settings);
    Some(cluster)
}

/// A port of the loopback.
fn loopback(port: u16, sources: &[String]) -> EndpointGroup {
    let v4 = sources.iter().any(|source| !source.contains(':'));
    let address = if v4 { "127.0.0.1" } else { "::1" };
    let address = Address::Socket { address: address.to_owned(), port };
    EndpointGroup {
        endpoints: vec![Endpoint { address, health: Health::Unknown, ..Endpoint::default() }],
        ..EndpointGroup::default()
    }
}

/// Both of every sidecar's, in Istio's order.
pub(super) fn of_sidecar(settings: &Settings, sources: &[String]) -> [Arc<Cluster>; 2] {
    [Arc::new(passthrough(settings)), Arc::new(inbound_passthrough(settings, sources))]
}
