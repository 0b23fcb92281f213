//! ServiceEntries: one service for each host and each of its addresses, as Istio has it
//! (`serviceregistry/serviceentry/conversion.go`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use meshc_resources::istio::{self, Location, ServiceEntry};
use meshc_resources::{Object, Resources};
use meshc_syntax::Node;

use super::services::distribution;
use super::workload_entries::{Instance, Instances};
use crate::address::AddressPool;
use crate::hostname::is_wildcard;
use crate::meta::plain;
use crate::{
    Endpoint, ExportTo, Health, MeshConfig, Meta, Namespace, Port, Protocol, Registry, Resolution, Service,
    TargetPort,
};

/// All of them, with the endpoints that they list or select.
pub(super) fn read(
    resources: &Resources,
    config: &MeshConfig,
    namespaces: &BTreeMap<String, Namespace>,
    instances: &Instances,
) -> Vec<Service> {
    let default = config.service_export_to();
    let entries = resources.service_entries.iter();
    let services = entries.flat_map(|object| {
        let written = ExportTo::new(object.spec.export_to.iter().map(|to| to.value.clone()));
        let visibility = config.visibility(object.namespace(), namespaces);
        let export_to = written.or(&default).at_most(visibility, object.namespace());
        services(object, resources, &export_to, instances)
    });
    services.collect()
}

fn services(
    object: &Object<ServiceEntry>,
    resources: &Resources,
    export_to: &ExportTo,
    instances: &Instances,
) -> Vec<Service> {
    let entry = &object.spec;
    let meta = Meta::new("ServiceEntry", &object.metadata, object.span);
    let resolution = match entry.resolution.as_ref().map(|resolution| resolution.value) {
        None | Some(istio::Resolution::None) => Resolution::Passthrough,
        Some(istio::Resolution::Static) => Resolution::ClientSide,
        Some(istio::Resolution::Dns) => Resolution::Dns,
        Some(istio::Resolution::DnsRoundRobin) => Resolution::DnsRoundRobin,
        Some(istio::Resolution::DynamicDns) => Resolution::DynamicDns,
    };
    let ports = ports(entry);
    let service = |hostname: &str, addresses: Vec<String>| Service {
        hostname: hostname.to_owned(),
        name: hostname.to_owned(),
        registry: Registry::External,
        resolution,
        ports: ports.clone(),
        addresses,
        derived_address: None,
        alias_of: None,
        aliases: Vec::new(),
        auto_addresses: Vec::new(),
        selector: entry
            .workload_selector
            .as_ref()
            .map(|selector| plain(&selector.labels))
            .unwrap_or_default(),
        export_to: export_to.clone(),
        external: entry.location.as_ref().is_none_or(|location| location.value == Location::MeshExternal),
        made_up: false,
        publish_not_ready: false,
        distribution: distribution(None, &object.metadata, resources),
        node_local: false,
        subject_alt_names: entry.subject_alt_names.iter().map(|name| name.value.clone()).collect(),
        port_overrides: overrides(entry, resolution),
        endpoints: endpoints(object, &meta, hostname, resolution, instances),
        meta: meta.clone(),
    };
    let mut services = Vec::new();
    for host in &entry.hosts {
        if entry.addresses.is_empty() {
            let auto_addresses = allocated(object, host);
            services.push(Service { auto_addresses, ..service(host, Vec::new()) });
        }
        let addresses = entry.addresses.iter().filter_map(|address| normalized(address));
        services.extend(addresses.map(|address| service(host, vec![address])));
    }
    services
}

/// The IPv4 addresses that Istio gave to a host, as the status tells.
fn allocated(object: &Object<ServiceEntry>, host: &str) -> Vec<String> {
    let status = object.status.as_ref().and_then(|status| status.node().get("addresses"));
    let addresses = status.map(Node::items).unwrap_or_default().iter();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(ToOwned::to_owned);
    let of_host = addresses.filter(|address| text(address, "host").is_none_or(|own| own == host));
    of_host
        .filter_map(|address| text(address, "value"))
        .filter(|address| address.parse::<Ipv4Addr>().is_ok())
        .collect()
}

/// Gives an address to the hosts that Istio gives one and whose status does not tell it: those that are looked up or have
/// endpoints, and are no wildcards.
pub(super) fn derive_addresses(services: &mut [Service]) {
    let mut pool = AddressPool::for_entries();
    for address in services.iter().flat_map(|service| &service.auto_addresses) {
        pool.reserve(address);
    }
    let without = services.iter_mut().filter(|service| {
        service.registry == Registry::External
            && service.addresses.is_empty()
            && service.auto_addresses.is_empty()
            && service.resolution != Resolution::Passthrough
            && !is_wildcard(&service.hostname)
    });
    for service in without {
        service.auto_addresses = vec![pool.derive(&service.meta.namespace, &service.hostname)];
    }
}

/// An IP address or a CIDR block; a block of one address is that address. None for anything else, which
/// Istio skips.
fn normalized(address: &str) -> Option<String> {
    let Some((ip, bits)) = address.split_once('/') else {
        return address.parse::<IpAddr>().is_ok().then(|| address.to_owned());
    };
    let (ip, bits) = (ip.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
    let all = if ip.is_ipv4() { 32 } else { 128 };
    match bits.cmp(&all) {
        std::cmp::Ordering::Less => Some(address.to_owned()),
        std::cmp::Ordering::Equal => Some(ip.to_string()),
        std::cmp::Ordering::Greater => None,
    }
}

fn target(port: &istio::ServiceEntryPort) -> Option<u16> {
    let target = port.target_port.as_ref().and_then(|target| u16::try_from(target.value).ok());
    target.filter(|target| *target != 0)
}

fn number(port: &istio::ServiceEntryPort) -> Option<u16> {
    u16::try_from(port.number.as_ref()?.value).ok()
}

fn ports(entry: &ServiceEntry) -> Vec<Port> {
    let ports = entry.ports.iter().filter_map(|port| {
        let number = number(port)?;
        Some(Port {
            name: port.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            number,
            protocol: Protocol::parse(port.protocol.as_ref().map_or("", |protocol| &protocol.value)),
            target: TargetPort::Number(target(port).unwrap_or(number)),
            span: port.span,
        })
    });
    ports.collect()
}

/// Where connections go where they were going, `targetPort` is another port there.
fn overrides(entry: &ServiceEntry, resolution: Resolution) -> BTreeMap<u16, u16> {
    if resolution != Resolution::Passthrough {
        return BTreeMap::new();
    }
    entry.ports.iter().filter_map(|port| Some((number(port)?, target(port)?))).collect()
}

fn endpoints(
    object: &Object<ServiceEntry>,
    meta: &Meta,
    hostname: &str,
    resolution: Resolution,
    instances: &Instances,
) -> Vec<Endpoint> {
    let entry = &object.spec;
    let by_name = matches!(resolution, Resolution::Dns | Resolution::DnsRoundRobin);
    let ports = ports(entry);
    if let Some(selector) = &entry.workload_selector {
        let labels = plain(&selector.labels);
        let selected = instances.selected(&meta.namespace, &labels);
        let usable = selected.filter(|instance| by_name || !instance.only_by_name);
        return usable.flat_map(|instance| of_instance(instance, &ports)).collect();
    }
    if entry.endpoints.is_empty() && by_name {
        let itself = ports.iter().map(|port| Endpoint {
            service_port: port.number,
            address: hostname.to_owned(),
            port: number_of(&port.target, port.number),
            weight: 1,
            labels: BTreeMap::new().into(),
            workload: meta.name.clone(),
            namespace: meta.namespace.clone(),
            pod: None,
            health: Health::Unknown,
            locality: String::new(),
            network: String::new(),
            mutual_tls: false,
            identity: None,
        });
        return itself.collect();
    }
    let written = entry.endpoints.iter().enumerate();
    let inline = written.map(|(index, endpoint)| {
        let name = format!("{}-{index}", meta.name);
        Instance::of_entry(endpoint, &plain(&endpoint.labels), name, &meta.namespace, &instances.networks)
    });
    inline.flat_map(|instance| of_instance(&instance, &ports)).collect()
}

/// The endpoints of one instance, port by port: a Unix socket, the instance's own port of that name, the entry's
/// target port, or the port itself.
fn of_instance(instance: &Instance, ports: &[Port]) -> Vec<Endpoint> {
    let endpoints = ports.iter().map(|port| {
        let (address, number) = if let Some(path) = instance.endpoint.address.strip_prefix("unix://") {
            (path.to_owned(), 0)
        } else {
            let own = instance.ports.get(&port.name).copied().filter(|own| *own != 0);
            let number = own.unwrap_or_else(|| number_of(&port.target, port.number));
            (instance.endpoint.address.clone(), number)
        };
        Endpoint { service_port: port.number, address, port: number, ..instance.endpoint.clone() }
    });
    endpoints.collect()
}

fn number_of(target: &TargetPort, otherwise: u16) -> u16 {
    match target {
        TargetPort::Number(number) => *number,
        TargetPort::Name(_) => otherwise,
    }
}
