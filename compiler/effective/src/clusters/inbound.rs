//! Clusters of a workload's own ports: those that services lead to, or those that its Sidecar says
//! (Istio's `buildInboundClusters`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use meshc_mesh::{Mesh, Meta, Port, Protocol, Service, Sidecar, Target};
use meshc_resources::istio::{ConnectionPoolSettings, IngressListener};
use meshc_syntax::de::Spanned;

use super::policy::Policy;
use super::pool;
use super::service::service_name;
use super::settings::Settings;
use crate::model::{
    Address, Balancing, Cluster, ClusterKind, Endpoint, EndpointGroup, Health, LoadBalancer, Origin,
    ProxyKind, ServiceName,
};
use crate::names;

/// What inbound clusters are made from.
pub(super) struct Inbound<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) settings: &'a Settings,
    /// Of the workload.
    pub(super) namespace: &'a str,
    /// The workload's addresses.
    pub(super) ips: &'a [&'a str],
    /// The addresses that connections to it come from.
    pub(super) sources: &'a [String],
    pub(super) sidecar: Option<&'a Sidecar>,
    /// Connections to the workload are led through the proxy.
    pub(super) intercepts: bool,
    pub(super) targets: &'a [Target],
}

/// Where a port's connections go.
enum Destination {
    /// Where they were going.
    Original,
    /// To an address.
    Fixed(Address),
}

impl Inbound<'_> {
    /// One cluster for each port.
    pub(super) fn clusters(&self) -> Vec<Arc<Cluster>> {
        let listeners = self.sidecar.map(|sidecar| sidecar.ingress.as_slice()).unwrap_or_default();
        if let (Some(sidecar), false) = (self.sidecar, listeners.is_empty()) {
            let clusters = listeners.iter().filter_map(|listener| self.of_listener(sidecar, listener));
            return clusters.map(Arc::new).collect();
        }
        let mut by_port: BTreeMap<u16, Vec<&Target>> = BTreeMap::new();
        // Without interception the application has the ports: only a Sidecar says where else to listen.
        for target in self.targets.iter().filter(|_| self.intercepts) {
            let protocol = target.service.ports.get(target.port).map(|port| port.protocol);
            if protocol != Some(Protocol::Udp) {
                by_port.entry(target.target_port).or_default().push(target);
            }
        }
        by_port.iter().filter_map(|(port, targets)| self.of_targets(*port, targets)).map(Arc::new).collect()
    }

    /// The cluster of a port behind all of the services that lead to it; the oldest one decides.
    fn of_targets(&self, port: u16, targets: &[&Target]) -> Option<Cluster> {
        let first = targets.first()?;
        let of_service = first.service.ports.get(first.port)?;
        let mut services: Vec<ServiceName> = Vec::new();
        for target in targets.iter().filter(|_| !first.service.external) {
            let same =
                target.service.ports.get(target.port).is_some_and(|own| own.number == of_service.number);
            let name = service_name(&target.service);
            if same && !services.iter().any(|known| known.host == name.host) {
                services.push(name);
            }
        }
        let to = if self.settings.inbound_by_loopback {
            Destination::Fixed(Address::Socket { address: self.loopback().to_owned(), port })
        } else {
            Destination::Original
        };
        Some(self.cluster(port, &first.service, of_service, services, to))
    }

    /// The cluster of a listener that the Sidecar says.
    fn of_listener(&self, sidecar: &Sidecar, listener: &Spanned<IngressListener>) -> Option<Cluster> {
        let written = listener.port.as_ref()?;
        let number = u16::try_from(written.number.as_ref()?.value).ok()?;
        let text = |value: &Option<Spanned<String>>| {
            value.as_ref().map(|value| value.value.clone()).unwrap_or_default()
        };
        let port = Port {
            name: text(&written.name),
            number,
            protocol: Protocol::parse(&text(&written.protocol)),
            target: meshc_mesh::TargetPort::Number(number),
            span: listener.span,
        };
        let to = self.destination(&text(&listener.default_endpoint))?;
        let of_port = self.targets.iter().find(|target| target.target_port == number);
        let made_up;
        let service = if let Some(target) = of_port {
            target.service.as_ref()
        } else {
            made_up = unnamed(&sidecar.meta);
            &made_up
        };
        let services = if service.external { Vec::new() } else { vec![service_name(service)] };
        Some(self.cluster(number, service, &port, services, to))
    }

    fn cluster(
        &self,
        port: u16,
        service: &Service,
        of_service: &Port,
        services: Vec<ServiceName>,
        to: Destination,
    ) -> Cluster {
        let (kind, load_balancer, endpoints) = match to {
            Destination::Original => (ClusterKind::OriginalDst, LoadBalancer::ClusterProvided, Vec::new()),
            Destination::Fixed(address) => {
                let endpoint = Endpoint { address, health: Health::Unknown, ..Endpoint::default() };
                let group = EndpointGroup { endpoints: vec![endpoint], ..EndpointGroup::default() };
                (ClusterKind::Static, LoadBalancer::RoundRobin, vec![group])
            }
        };
        // The loopback is not captured: connections to it need not be told apart.
        let by_loopback = endpoints.iter().flat_map(|group| &group.endpoints).any(|endpoint| {
            matches!(&endpoint.address, Address::Socket { address, .. } if ["127.0.0.1", "::1"].contains(&address.as_str()))
        });
        let mut cluster = Cluster {
            name: names::inbound(port),
            kind,
            load_balancer,
            endpoints,
            port,
            balancing: Some(Balancing::default()),
            http: pool::protocol(of_service.protocol, ProxyKind::Sidecar, self.settings),
            source_addresses: if by_loopback { Vec::new() } else { self.sources.to_vec() },
            origins: vec![Origin::new(
                of_service.span,
                format!("{}: port {}", service.meta, of_service.number),
            )],
            ..Cluster::default()
        };
        if kind == ClusterKind::OriginalDst {
            cluster.port_override = service.port_overrides.get(&of_service.number).copied();
        }
        cluster.telemetry.services = services;
        let rule = self.mesh.destination_rules.inbound(self.namespace, service);
        let written = rule.and_then(|rule| Some((rule, rule.traffic_policy.as_ref()?)));
        if let Some((rule, _)) = written {
            cluster.telemetry.rule = Some((rule.meta.namespace.clone(), rule.meta.name.clone()));
            cluster.origins.push(Origin::new(rule.meta.span, rule.meta.to_string()));
        }
        let pattern = &self.settings.inbound_stat_name;
        cluster.telemetry.stat_name = Settings::stat_name(pattern, service, None, of_service, port);
        let written = written.map(|(_, policy)| &policy.value);
        let mut policy = Policy::within(self.settings, written, None, of_service.number);
        policy.connection_pool = self.pool(port).or(policy.connection_pool);
        pool::apply(&mut cluster, &policy, self.settings);
        cluster
    }

    /// What the Sidecar says about connections to a port.
    fn pool(&self, port: u16) -> Option<&ConnectionPoolSettings> {
        let sidecar = self.sidecar?;
        let of_port = sidecar.ingress.iter().find(|listener| {
            let number = listener.port.as_ref().and_then(|own| own.number.as_ref());
            listener.connection_pool.is_some() && number.is_some_and(|number| number.value == u32::from(port))
        });
        let pool = of_port.and_then(|listener| listener.connection_pool.as_ref());
        pool.or(sidecar.inbound_connection_pool.as_ref()).map(|pool| &pool.value)
    }

    /// What a default endpoint means; none for what is none.
    fn destination(&self, written: &str) -> Option<Destination> {
        if written.is_empty() {
            return Some(Destination::Original);
        }
        if let Some(path) = written.strip_prefix("unix://") {
            return Some(Destination::Fixed(Address::Pipe { path: path.to_owned() }));
        }
        let (host, port) = written.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let host: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        let own = |v6: bool| self.ips.iter().find(|ip| ip.contains(':') == v6).copied();
        let address = match host {
            IpAddr::V4(ip) if ip.is_unspecified() => own(false).unwrap_or("127.0.0.1"),
            IpAddr::V6(ip) if ip.is_unspecified() => own(true).unwrap_or("::1"),
            IpAddr::V4(_) => self.loopback(),
            IpAddr::V6(_) if self.ips.iter().any(|ip| ip.contains(':')) => "::1",
            IpAddr::V6(_) => "127.0.0.1",
        };
        Some(Destination::Fixed(Address::Socket { address: address.to_owned(), port }))
    }

    fn loopback(&self) -> &'static str {
        if self.ips.iter().all(|ip| ip.contains(':')) && !self.ips.is_empty() { "::1" } else { "127.0.0.1" }
    }
}

/// The service of a port that no service leads to: Istio names it after the Sidecar.
fn unnamed(sidecar: &Meta) -> Service {
    Service {
        meta: sidecar.clone(),
        hostname: format!("{}.{}", sidecar.name, sidecar.namespace),
        name: sidecar.name.clone(),
        registry: meshc_mesh::Registry::External,
        resolution: meshc_mesh::Resolution::ClientSide,
        ports: Vec::new(),
        addresses: Vec::new(),
        derived_address: None,
        alias_of: None,
        aliases: Vec::new(),
        auto_addresses: Vec::new(),
        selector: BTreeMap::new(),
        export_to: meshc_mesh::ExportTo::default(),
        external: false,
        made_up: true,
        publish_not_ready: false,
        distribution: meshc_mesh::Distribution::Any,
        node_local: false,
        subject_alt_names: Vec::new(),
        port_overrides: BTreeMap::new(),
        endpoints: Vec::new(),
    }
}
