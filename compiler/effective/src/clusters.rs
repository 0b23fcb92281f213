//! Destinations: a cluster for each port of each service and each of its subsets, and those that every proxy has.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use meshc_mesh::{
    DestinationRule, Endpoint as MeshEndpoint, Mesh, Port, Protocol, Resolution, Service, View, selects,
};
use meshc_resources::istio::{SimpleLoadBalancer, Subset, TrafficPolicy};
use meshc_syntax::de::Spanned;

use crate::model::{
    Address, Cluster, ClusterKind, Clusters, Endpoint, EndpointGroup, LoadBalancer, Origin, ProxyKind,
};
use crate::names;

/// Istio's default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Clusters that were made before: a service under one DestinationRule has the same ones in every view.
#[derive(Default)]
pub(crate) struct Cache {
    by_service: HashMap<Key, Made>,
    /// Whole lists, by the places of their clusters, which `by_service` keeps taken.
    lists: HashMap<Vec<*const Cluster>, Outbound>,
    /// Whole maps, by list and inbound ports.
    by_list: HashMap<(usize, Vec<u16>), Clusters>,
}

/// The clusters of a view's services. Views that differ in nothing here have one list.
#[derive(Clone)]
pub(crate) struct Outbound {
    number: usize,
    list: Arc<Vec<Arc<Cluster>>>,
}

/// A service and a rule by their places in memory, which [`Made`] keeps taken.
type Key = (usize, usize, ProxyKind);

struct Made {
    clusters: Vec<Arc<Cluster>>,
    _service: Arc<Service>,
    _rule: Option<Arc<DestinationRule>>,
}

impl Cache {
    /// The clusters of a view's services.
    pub(crate) fn outbound(&mut self, mesh: &Mesh, view: &View, kind: ProxyKind) -> Outbound {
        let mut all = Vec::with_capacity(view.hosts.len());
        for service in &view.hosts {
            let rule = view.destination_rule(mesh, service);
            let key =
                (Arc::as_ptr(service) as usize, rule.map_or(0, |rule| Arc::as_ptr(rule) as usize), kind);
            let made = self.by_service.entry(key).or_insert_with(|| Made {
                clusters: of_service(service, rule, kind),
                _service: Arc::clone(service),
                _rule: rule.cloned(),
            });
            all.extend(made.clusters.iter().cloned());
        }
        let number = self.lists.len();
        let places = all.iter().map(Arc::as_ptr).collect();
        self.lists.entry(places).or_insert_with(|| Outbound { number, list: Arc::new(all) }).clone()
    }

    /// All clusters of a sidecar: those of its view and its own ports.
    pub(crate) fn of_sidecar(&mut self, outbound: &Outbound, inbound: Vec<u16>) -> Clusters {
        let made = self.by_list.entry((outbound.number, inbound)).or_insert_with_key(|(_, ports)| {
            let passthrough = [names::PASSTHROUGH_CLUSTER, names::INBOUND_PASSTHROUGH_CLUSTER];
            let own = passthrough.into_iter().map(|name| original_destination(name.to_owned(), 0));
            let ports = ports.iter().map(|port| original_destination(names::inbound(*port), *port));
            collect(&outbound.list, own.chain(ports))
        });
        made.clone()
    }

    /// All clusters of a gateway.
    pub(crate) fn of_gateway(outbound: &Outbound) -> Clusters {
        collect(&outbound.list, std::iter::empty())
    }
}

fn collect(outbound: &[Arc<Cluster>], own: impl Iterator<Item = Cluster>) -> Clusters {
    let own = own.chain(std::iter::once(black_hole())).map(Arc::new);
    outbound.iter().cloned().chain(own).map(|cluster| (cluster.name.clone(), cluster)).collect()
}

fn of_service(service: &Service, rule: Option<&Arc<DestinationRule>>, kind: ProxyKind) -> Vec<Arc<Cluster>> {
    let mut clusters = Vec::new();
    for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
        clusters.push(Arc::new(cluster(service, port, rule, None, kind)));
        for subset in rule.iter().flat_map(|rule| &rule.subsets) {
            clusters.push(Arc::new(cluster(service, port, rule, Some(subset), kind)));
        }
    }
    clusters
}

fn cluster(
    service: &Service,
    port: &Port,
    rule: Option<&Arc<DestinationRule>>,
    subset: Option<&Spanned<Subset>>,
    kind: ProxyKind,
) -> Cluster {
    let name = subset.and_then(|subset| subset.name.as_ref()).map(|name| name.value.clone());
    let policies = [
        subset.and_then(|subset| subset.traffic_policy.as_ref()),
        rule.and_then(|rule| rule.traffic_policy.as_ref()),
    ];
    let (mut discovery, mut load_balancer) = (discovery(service, kind), load_balancer(&policies));
    if load_balancer == LoadBalancer::ClusterProvided {
        discovery = ClusterKind::OriginalDst;
    }
    if discovery == ClusterKind::OriginalDst {
        load_balancer = LoadBalancer::ClusterProvided;
    }
    let labels = subset.map(|subset| {
        subset
            .labels
            .iter()
            .map(|(key, value)| (key.value.clone(), value.value.clone()))
            .collect::<BTreeMap<_, _>>()
    });
    let chosen =
        |endpoint: &&MeshEndpoint| labels.as_ref().is_none_or(|labels| selects(labels, &endpoint.labels));
    let mut origins = vec![Origin::new(port.span, format!("{}: port {}", service.meta, port.number))];
    if let (Some(rule), Some(subset)) = (rule, subset) {
        let name = name.as_deref().unwrap_or_default();
        origins.push(Origin::new(subset.span, format!("{}: subset {name}", rule.meta)));
    } else if let Some(rule) = rule {
        origins.push(Origin::new(rule.meta.span, rule.meta.to_string()));
    }
    Cluster {
        name: names::outbound(&service.hostname, port.number, name.as_deref()),
        kind: discovery,
        load_balancer,
        connect_timeout: CONNECT_TIMEOUT,
        endpoints: group(service.endpoints_of(port.number).filter(chosen)),
        host: service.hostname.clone(),
        port: port.number,
        subset: name,
        origins,
    }
}

/// Envoy's discovery for a service. Gateways have no original destination: they need to know endpoints.
fn discovery(service: &Service, kind: ProxyKind) -> ClusterKind {
    match (service.resolution, kind) {
        (Resolution::Passthrough, ProxyKind::Sidecar) => ClusterKind::OriginalDst,
        (Resolution::ClientSide | Resolution::Passthrough, _) => ClusterKind::Eds,
        (Resolution::Dns | Resolution::DnsRoundRobin, _) => ClusterKind::StrictDns,
    }
}

/// The first of the policies that says how endpoints are chosen; `ClusterProvided` stands for PASSTHROUGH.
fn load_balancer(policies: &[Option<&Spanned<TrafficPolicy>>]) -> LoadBalancer {
    let simple = policies.iter().flatten().find_map(|policy| policy.load_balancer.as_ref());
    match simple.and_then(|settings| settings.simple.as_ref()).map(|simple| simple.value) {
        Some(SimpleLoadBalancer::RoundRobin) => LoadBalancer::RoundRobin,
        Some(SimpleLoadBalancer::Random) => LoadBalancer::Random,
        Some(SimpleLoadBalancer::Passthrough) => LoadBalancer::ClusterProvided,
        Some(
            SimpleLoadBalancer::Unspecified
            | SimpleLoadBalancer::LeastConn
            | SimpleLoadBalancer::LeastRequest,
        )
        | None => LoadBalancer::LeastRequest,
    }
}

/// Without nodes in the YAML all endpoints are of one, unknown locality.
fn group<'a>(endpoints: impl Iterator<Item = &'a MeshEndpoint>) -> Vec<EndpointGroup> {
    let endpoints: Vec<Endpoint> = endpoints
        .map(|endpoint| Endpoint {
            address: Address::Socket { address: endpoint.address.clone(), port: endpoint.port },
            weight: endpoint.weight,
            workload: Some(endpoint.workload.clone()).filter(|workload| !workload.is_empty()),
            namespace: Some(endpoint.namespace.clone()),
            pod: endpoint.pod.clone(),
            labels: endpoint.labels.clone(),
            healthy: endpoint.healthy,
        })
        .collect();
    if endpoints.is_empty() {
        return Vec::new();
    }
    let weight = endpoints.iter().fold(0_u32, |sum, endpoint| sum.saturating_add(endpoint.weight));
    vec![EndpointGroup { locality: String::new(), weight, endpoints }]
}

fn original_destination(name: String, port: u16) -> Cluster {
    Cluster {
        kind: ClusterKind::OriginalDst,
        load_balancer: LoadBalancer::ClusterProvided,
        port,
        ..named(name)
    }
}

fn black_hole() -> Cluster {
    named(names::BLACK_HOLE_CLUSTER.to_owned())
}

fn named(name: String) -> Cluster {
    Cluster {
        name,
        kind: ClusterKind::Static,
        load_balancer: LoadBalancer::RoundRobin,
        connect_timeout: CONNECT_TIMEOUT,
        endpoints: Vec::new(),
        host: String::new(),
        port: 0,
        subset: None,
        origins: Vec::new(),
    }
}
