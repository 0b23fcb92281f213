//! Networks whose pods reach those of others by gateways only (`pilot/pkg/model/network.go`, and `network.go` of the
//! Kubernetes registry).

mod unaddressed;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use meshc_resources::istio::mesh::MeshNetworks;
use meshc_resources::kubernetes::ServiceSpec;
use meshc_resources::{Metadata, Object, Resources, gateway_api};

pub use unaddressed::Unaddressed;

use crate::hostname::service_host;
use crate::place::{CLUSTER, NETWORK};

/// The label with the port by which other networks come to a gateway.
const GATEWAY_PORT: &str = "networking.istio.io/gatewayPort";
/// That port where no label says it.
const PORT: u16 = 15443;
/// By the option of this name a listener of the Gateway API is such a port.
const LISTENER_MODE: &str = "gateway.istio.io/listener-protocol";
/// The value of that option.
const AUTO_PASSTHROUGH: &str = "auto-passthrough";

/// A gateway by which other networks reach one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkGateway {
    /// An IP address, or a name.
    pub address: String,
    /// The port; 0 for one that takes ambient mode's tunnels alone.
    pub port: u16,
    /// The network behind it.
    pub network: String,
    /// Whether it is one of this cluster, which is preferred for its endpoints; the gateways that `MeshNetworks` names by
    /// address belong to no cluster.
    pub of_cluster: bool,
}

/// Which network an address is in, and the gateways between networks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Networks {
    /// What the label of the root namespace says.
    of_root: String,
    /// The network that `MeshNetworks` puts this cluster into.
    of_cluster: String,
    /// What it says of addresses, the widest range first.
    ranges: Vec<(Range, String)>,
    /// Those with IP addresses.
    resolved: Gateways,
    /// All.
    all: Gateways,
    /// Those whose addresses no file says.
    unaddressed: Vec<Unaddressed>,
}

/// Networks and ports by the full name of the Service that `MeshNetworks` makes their gateway.
type NamedGateways<'a> = BTreeMap<&'a str, Vec<(&'a str, u16)>>;

/// Some gateways, sorted by address and port.
#[derive(Debug, Clone, Default, PartialEq)]
struct Gateways {
    by_network: BTreeMap<String, Vec<NetworkGateway>>,
    /// The least common multiple of how many gateways networks have: a weight that every number of gateways divides.
    scale: u32,
}

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    address: IpAddr,
    prefix: u8,
}

// === impl Networks ===

impl Networks {
    /// From `MeshNetworks`, and from the Services and Gateways with the label of a network. `of_root` is what that label of
    /// the root namespace says.
    pub(crate) fn new(written: &MeshNetworks, of_root: Option<&String>, resources: &Resources) -> Self {
        let mut all = Self { of_root: of_root.cloned().unwrap_or_default(), ..Self::default() };
        let mut gateways = BTreeSet::new();
        let mut by_service = NamedGateways::new();
        for (name, network) in &written.networks {
            let name = name.value.as_str();
            let mut is_own = false;
            for endpoints in &network.endpoints {
                if let Some(range) = endpoints.from_cidr.as_ref().and_then(|text| Range::parse(text)) {
                    all.ranges.push((range, name.to_owned()));
                }
                is_own |= endpoints.from_registry.as_ref().is_some_and(|of| of.value == CLUSTER);
            }
            if is_own && all.of_cluster.is_empty() {
                name.clone_into(&mut all.of_cluster);
            }
            for gateway in &network.gateways {
                let port = gateway.port.as_ref().and_then(|port| u16::try_from(port.value).ok()).unwrap_or(0);
                if let Some(address) = gateway.address.as_ref().filter(|address| !address.is_empty()) {
                    gateways.insert(NetworkGateway {
                        address: address.value.clone(),
                        port,
                        network: name.to_owned(),
                        of_cluster: false,
                    });
                } else if let Some(service) = gateway.registry_service_name.as_ref().filter(|_| is_own) {
                    by_service.entry(service.as_str()).or_default().push((name, port));
                }
            }
        }
        all.ranges.sort_by_key(|(range, _)| range.prefix);
        for object in &resources.services {
            gateways.extend(of_service(object, &by_service));
        }
        for object in &resources.kubernetes_gateways {
            gateways.extend(of_gateway(object));
        }
        all.unaddressed = unaddressed::all(written, &by_service, resources);
        all.resolved = Gateways::new(gateways.iter().filter(|of| of.address.parse::<IpAddr>().is_ok()));
        all.all = Gateways::new(gateways.iter());
        all
    }

    /// The network of an endpoint, by its label and its address; empty where nothing says it.
    pub fn of(&self, label: Option<&str>, address: &str) -> String {
        if let Some(label) = label.filter(|label| !label.is_empty()) {
            return label.to_owned();
        }
        if let Some(told) = [&self.of_root, &self.of_cluster].into_iter().find(|told| !told.is_empty()) {
            return told.clone();
        }
        let Ok(address) = address.parse::<IpAddr>() else { return String::new() };
        let range = self.ranges.iter().find(|(range, _)| range.has(address));
        range.map(|(_, network)| network.clone()).unwrap_or_default()
    }

    /// The network of the root namespace, empty where it has none.
    pub fn of_root(&self) -> &str {
        &self.of_root
    }

    /// Whether any network has a gateway: until then every endpoint is reached as it is. `by_name` asks about clusters that
    /// look names up.
    pub fn has_gateways(&self, by_name: bool) -> bool {
        !self.gateways(by_name).by_network.is_empty()
    }

    /// By what weights of endpoints are multiplied, so that gateways can share them.
    pub fn scale(&self, by_name: bool) -> u32 {
        self.gateways(by_name).scale
    }

    /// The gateways to a network: those of this cluster, else all.
    pub fn gateways_to(&self, network: &str, by_name: bool) -> Vec<&NetworkGateway> {
        let all = self.gateways(by_name).by_network.get(network).map(Vec::as_slice).unwrap_or_default();
        let own: Vec<&NetworkGateway> = all.iter().filter(|gateway| gateway.of_cluster).collect();
        if own.is_empty() { all.iter().collect() } else { own }
    }

    /// Every gateway, whether its address is known or only its name.
    pub fn all_gateways(&self) -> impl Iterator<Item = &NetworkGateway> {
        self.all.by_network.values().flatten()
    }

    /// The gateways, or addresses of some, that no file says and a cluster would.
    pub fn unaddressed(&self) -> &[Unaddressed] {
        &self.unaddressed
    }

    fn gateways(&self, by_name: bool) -> &Gateways {
        if by_name { &self.all } else { &self.resolved }
    }
}

impl Gateways {
    fn new<'a>(gateways: impl Iterator<Item = &'a NetworkGateway>) -> Self {
        let mut by_network: BTreeMap<String, Vec<NetworkGateway>> = BTreeMap::new();
        for gateway in gateways {
            by_network.entry(gateway.network.clone()).or_default().push(gateway.clone());
        }
        let mut scale = 1;
        for list in by_network.values() {
            let own = list.iter().filter(|gateway| gateway.of_cluster).count();
            for count in [list.len(), own, list.len() - own] {
                scale = least_common_multiple(scale, u32::try_from(count).unwrap_or(u32::MAX));
            }
        }
        Self { by_network, scale }
    }
}

fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    if b == 0 { a } else { (a / x).saturating_mul(b) }
}

/// The gateways that a Service is: by its label, else by what `MeshNetworks` says of its name.
fn of_service(object: &Object<ServiceSpec>, by_name: &NamedGateways<'_>) -> Vec<NetworkGateway> {
    let addresses = external_addresses(object);
    let made = ports(object, by_name).into_iter().flat_map(|(network, port)| {
        addresses.iter().map(move |address| NetworkGateway {
            address: address.clone(),
            port,
            network: network.to_owned(),
            of_cluster: true,
        })
    });
    made.collect()
}

/// The networks that a Service is a gateway to, with its port for each.
fn ports<'a>(object: &'a Object<ServiceSpec>, by_name: &NamedGateways<'a>) -> Vec<(&'a str, u16)> {
    let listens = |number: u16| {
        object
            .spec
            .ports
            .iter()
            .any(|port| port.port.as_ref().is_some_and(|port| port.value == u32::from(number)))
    };
    let Some(network) = network_of(&object.metadata) else {
        let host = service_host(object.name(), object.namespace());
        return by_name.get(host.as_str()).cloned().unwrap_or_default();
    };
    let written = object.metadata.label(GATEWAY_PORT).and_then(|port| port.parse().ok());
    let port = written.unwrap_or(PORT);
    if listens(port) {
        vec![(network, port)]
    } else if listens(TUNNELS) {
        vec![(network, 0)]
    } else {
        Vec::new()
    }
}

/// The network that a label names.
fn network_of(metadata: &Metadata) -> Option<&str> {
    metadata.label(NETWORK).filter(|network| !network.is_empty())
}

/// The port of ambient mode's tunnels.
const TUNNELS: u16 = 15008;

/// Where a Service is reached from outside: at its load balancer, as its status says, and at `externalIPs`.
fn external_addresses(object: &Object<ServiceSpec>) -> Vec<String> {
    let is_balanced = object.spec.kind.as_ref().is_some_and(|kind| kind.value == "LoadBalancer");
    let status = object.status.as_ref().filter(|_| is_balanced);
    let entries = status.and_then(|status| status.node().at(&["loadBalancer", "ingress"]));
    let text = |entry: &meshc_syntax::Node, key: &str| {
        entry.get(key).and_then(meshc_syntax::Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut addresses: Vec<String> = entries
        .map(meshc_syntax::Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| text(entry, "ip").or_else(|| text(entry, "hostname")))
        .collect();
    addresses.extend(object.spec.external_ips.iter().map(|ip| ip.value.clone()));
    addresses
}

/// The gateways that a Gateway of the Gateway API is: at each of its addresses each port that passes connections on by
/// their names, or takes tunnels.
fn of_gateway(object: &Object<gateway_api::Gateway>) -> Vec<NetworkGateway> {
    let Some(network) = network_of(&object.metadata) else { return Vec::new() };
    let labels = crate::meta::plain(&object.metadata.labels);
    let mut made = Vec::new();
    for address in object.spec.addresses.iter().filter(|address| is_usable(address)) {
        let Some(value) = &address.value.value else { continue };
        for listener in &object.spec.listeners {
            let tunnels = listener.protocol.as_ref().is_some_and(|protocol| protocol.value == "HBONE");
            let port = listener.port.as_ref().and_then(|port| u16::try_from(port.value).ok());
            if let Some(port) = port.filter(|_| tunnels || passes_by_name(&labels, listener)) {
                made.push(NetworkGateway {
                    address: value.value.clone(),
                    port,
                    network: network.to_owned(),
                    of_cluster: true,
                });
            }
        }
    }
    made
}

/// Whether Istio uses an address; the API server's default is an IP address.
fn is_usable(address: &gateway_api::GatewayAddress) -> bool {
    address.kind.as_ref().is_none_or(|kind| matches!(kind.value.as_str(), "IPAddress" | "Hostname"))
}

/// Whether a listener passes connections of the mesh on by their names (Istio's `IsAutoPassthrough`).
pub(crate) fn passes_by_name(labels: &BTreeMap<String, String>, listener: &gateway_api::Listener) -> bool {
    let Some(tls) = &listener.tls else { return false };
    let option = tls.options.iter().find(|(key, _)| key.value == LISTENER_MODE);
    if option.is_some_and(|(_, value)| value.value == AUTO_PASSTHROUGH) {
        return true;
    }
    let expected = labels.get(GATEWAY_PORT).cloned().unwrap_or_else(|| PORT.to_string());
    labels.contains_key(NETWORK)
        && listener.port.as_ref().is_some_and(|port| port.value.to_string() == expected)
}

impl Range {
    /// `10.0.0.0/8`; none for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, prefix })
    }

    /// Its address as it is written, and how many bits count.
    pub(crate) fn parts(self) -> (IpAddr, u8) {
        (self.address, self.prefix)
    }

    fn has(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(of), IpAddr::V4(one)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                of.to_bits() & mask == one.to_bits() & mask
            }
            (IpAddr::V6(of), IpAddr::V6(one)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                of.to_bits() & mask == one.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use meshc_source::SourceSet;
    use meshc_syntax::Limits;

    use super::*;
    use crate::Mesh;

    fn networks(text: &str) -> Networks {
        let outcome = meshc_resources::read(&SourceSet::of("mesh.yaml", text), &Limits::default());
        assert_eq!(outcome.diagnostics, []);
        Mesh::new(&outcome.resources).networks
    }

    #[test]
    fn an_address_is_in_a_network_by_label_namespace_registry_or_range() {
        let ranges = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  \
                      meshNetworks: |\n    networks:\n      wide: {endpoints: [{fromCidr: 10.0.0.0/8}]}\n      \
                      narrow: {endpoints: [{fromCidr: 10.1.0.0/16}]}\n";
        let all = networks(ranges);
        assert_eq!(
            all.of(None, "10.1.2.3"),
            "wide",
            "of several the widest, as Istio's tree of prefixes has it"
        );
        assert_eq!(all.of(Some("label"), "10.1.2.3"), "label");
        assert_eq!(all.of(None, "192.0.2.1"), "");
        assert!(!all.has_gateways(false));
        let root = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: istio-system, labels: {topology.istio.io/network: own}}\n";
        assert_eq!(networks(&format!("{ranges}{root}")).of(None, "10.1.2.3"), "own");
    }

    #[test]
    fn gateways_come_from_settings_services_and_the_gateway_api() {
        let text = r"
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  meshNetworks: |
    networks:
      west:
        gateways: [{address: 192.0.2.1, port: 443}, {address: 192.0.2.2, port: 443}]
      here:
        endpoints: [{fromRegistry: Kubernetes}]
        gateways: [{registryServiceName: own.istio-system.svc.cluster.local, port: 15444}]
---
apiVersion: v1
kind: Service
metadata: {name: own, namespace: istio-system}
spec: {externalIPs: [192.0.2.3], ports: [{name: tls, port: 15444}]}
---
apiVersion: v1
kind: Service
metadata: {name: east, namespace: istio-system, labels: {topology.istio.io/network: east}}
spec: {type: LoadBalancer, ports: [{name: tls, port: 15443}]}
status: {loadBalancer: {ingress: [{ip: 192.0.2.4}, {ip: 192.0.2.5}, {ip: 192.0.2.6}]}}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: istio-system, labels: {topology.istio.io/network: east}}
spec: {externalIPs: [192.0.2.7], ports: [{name: other, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: south, namespace: istio-system, labels: {topology.istio.io/network: south}}
spec:
  gatewayClassName: istio-remote
  addresses: [{type: IPAddress, value: 192.0.2.8}]
  listeners: [{name: cross, port: 15443, protocol: TLS, tls: {mode: Passthrough}}]
";
        let all = networks(text);
        let told = |network: &str| {
            let gateways = all.gateways_to(network, false);
            gateways.iter().map(|of| format!("{}:{}", of.address, of.port)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("west"), "192.0.2.1:443 192.0.2.2:443");
        assert_eq!(told("here"), "192.0.2.3:15444");
        assert_eq!(told("east"), "192.0.2.4:15443 192.0.2.5:15443 192.0.2.6:15443");
        assert_eq!(told("south"), "192.0.2.8:15443");
        assert_eq!(all.scale(false), 6, "that two and three gateways share alike");
        assert_eq!(all.of(None, "10.0.0.1"), "here");
    }
}
