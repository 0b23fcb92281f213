//! ServiceEntries: one service for each host and each of its addresses, as Istio has it.

use meshc_resources::istio::{self, Location, ServiceEntry, WorkloadEntry};
use meshc_resources::{Object, Resources};
use std::net::IpAddr;

use crate::meta::plain;
use crate::service::UNSPECIFIED;
use crate::{Endpoint, ExportTo, Meta, Port, Protocol, Registry, Resolution, Service, TargetPort};

/// All of them.
pub(super) fn read(resources: &Resources, export_to: &ExportTo) -> Vec<Service> {
    resources.service_entries.iter().flat_map(|object| services(object, export_to)).collect()
}

fn services(object: &Object<ServiceEntry>, export_to: &ExportTo) -> Vec<Service> {
    let entry = &object.spec;
    let meta = Meta::new("ServiceEntry", &object.metadata, object.span);
    let resolution = match entry.resolution.as_ref().map(|resolution| resolution.value) {
        None | Some(istio::Resolution::None) => Resolution::Passthrough,
        Some(istio::Resolution::Static) => Resolution::ClientSide,
        Some(istio::Resolution::Dns) => Resolution::Dns,
        // By the request's host: the reader refuses it by name; a lookup of the name is what is closest.
        Some(istio::Resolution::DnsRoundRobin | istio::Resolution::DynamicDns) => Resolution::DnsRoundRobin,
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
        selector: std::collections::BTreeMap::new(),
        export_to: ExportTo::new(entry.export_to.iter().map(|to| to.value.clone())).or(export_to),
        external: entry.location.as_ref().is_none_or(|location| location.value == Location::MeshExternal),
        made_up: false,
        publish_not_ready: false,
        endpoints: endpoints(entry, &meta, hostname, resolution),
        meta: meta.clone(),
    };
    let mut services = Vec::new();
    for host in &entry.hosts {
        if entry.addresses.is_empty() {
            services.push(service(host, Vec::new()));
        }
        let addresses = entry.addresses.iter().filter_map(|address| normalized(address));
        services.extend(addresses.map(|address| service(host, vec![address])));
    }
    services
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

fn ports(entry: &ServiceEntry) -> Vec<Port> {
    let ports = entry.ports.iter().filter_map(|port| {
        let number = u16::try_from(port.number.as_ref()?.value).ok()?;
        let target = port.target_port.as_ref().and_then(|target| u16::try_from(target.value).ok());
        Some(Port {
            name: port.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            number,
            protocol: Protocol::parse(port.protocol.as_ref().map_or("", |protocol| &protocol.value)),
            target: TargetPort::Number(target.filter(|target| *target != 0).unwrap_or(number)),
            span: port.span,
        })
    });
    ports.collect()
}

fn endpoints(entry: &ServiceEntry, meta: &Meta, hostname: &str, resolution: Resolution) -> Vec<Endpoint> {
    let by_name = matches!(resolution, Resolution::Dns | Resolution::DnsRoundRobin);
    let itself = WorkloadEntry::default();
    let written: Vec<(String, &WorkloadEntry)> = if entry.endpoints.is_empty() && by_name {
        vec![(hostname.to_owned(), &itself)]
    } else {
        let with_address =
            entry.endpoints.iter().filter_map(|e| Some((e.address.as_ref()?.value.clone(), &e.value)));
        with_address.collect()
    };
    let mut endpoints = Vec::new();
    for port in &ports(entry) {
        for (address, endpoint) in &written {
            let own = endpoint.ports.get(port.name.as_str()).and_then(|own| u16::try_from(own.value).ok());
            let target = match &port.target {
                TargetPort::Number(number) => *number,
                TargetPort::Name(_) => port.number,
            };
            endpoints.push(Endpoint {
                service_port: port.number,
                address: address.clone(),
                port: own.filter(|own| *own != 0).unwrap_or(target),
                weight: endpoint.weight.as_ref().map_or(1, |weight| weight.value.max(1)),
                labels: plain(&endpoint.labels),
                workload: meta.name.clone(),
                namespace: meta.namespace.clone(),
                pod: None,
                healthy: address != UNSPECIFIED,
            });
        }
    }
    endpoints
}
