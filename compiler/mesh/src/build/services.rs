//! Kubernetes Services.

use meshc_resources::kubernetes::ServiceSpec;
use meshc_resources::{Object, Resources};
use meshc_syntax::de::IntOrString;

use crate::address::AddressPool;
use crate::hostname::service_host;
use crate::meta::plain;
use crate::{ExportTo, Meta, Port, Protocol, Registry, Resolution, Service, TargetPort};

/// The annotation by which a Service says who sees it.
const EXPORT_TO: &str = "networking.istio.io/exportTo";

/// All of them, in the order of the resources, without endpoints.
pub(super) fn read(resources: &Resources, export_to: &ExportTo) -> Vec<Service> {
    resources.services.iter().map(|object| service(object, export_to)).collect()
}

/// Gives an address to those that have a cluster address in a cluster and none in the YAML.
pub(super) fn derive_addresses(services: &mut [Service]) {
    let mut pool = AddressPool::for_services();
    for address in services.iter().flat_map(|service| &service.addresses) {
        pool.reserve(address);
    }
    let mut order: Vec<_> = services.iter_mut().filter(|s| s.resolution == Resolution::ClientSide).collect();
    order.sort_by(|a, b| (a.namespace(), &a.name).cmp(&(b.namespace(), &b.name)));
    for service in order.into_iter().filter(|service| service.addresses.is_empty()) {
        service.derived_address = Some(pool.derive(&service.meta.namespace, &service.name));
    }
}

fn service(object: &Object<ServiceSpec>, export_to: &ExportTo) -> Service {
    let spec = &object.spec;
    let meta = Meta::new("Service", &object.metadata, object.span);
    let headless = spec.cluster_ip.as_ref().is_some_and(|ip| ip.value == "None");
    Service {
        hostname: service_host(&meta.name, &meta.namespace),
        name: meta.name.clone(),
        registry: Registry::Kubernetes,
        resolution: if headless { Resolution::Passthrough } else { Resolution::ClientSide },
        ports: ports(spec),
        addresses: if headless { Vec::new() } else { addresses(spec) },
        derived_address: None,
        selector: plain(&spec.selector),
        export_to: object
            .metadata
            .annotation(EXPORT_TO)
            .map(ExportTo::of_annotation)
            .unwrap_or_default()
            .or(export_to),
        external: false,
        made_up: false,
        publish_not_ready: spec.publish_not_ready_addresses.as_ref().is_some_and(|p| p.value),
        endpoints: Vec::new(),
        meta,
    }
}

/// All addresses if there are several, which dual-stack Services have.
fn addresses(spec: &ServiceSpec) -> Vec<String> {
    let written = |ip: &&str| !ip.is_empty();
    match spec.cluster_ips.as_slice() {
        several @ [_, _, ..] => several.iter().map(|ip| ip.value.clone()).collect(),
        one => {
            let first = spec.cluster_ip.as_ref().or(one.first()).map(|ip| ip.value.as_str());
            first.filter(written).map(ToOwned::to_owned).into_iter().collect()
        }
    }
}

fn ports(spec: &ServiceSpec) -> Vec<Port> {
    let ports = spec.ports.iter().filter_map(|port| {
        let number = u16::try_from(port.port.as_ref()?.value).ok()?;
        let text =
            |value: &Option<meshc_syntax::de::Spanned<String>>| value.as_ref().map(|v| v.value.clone());
        let name = text(&port.name).unwrap_or_default();
        let protocol = Protocol::of_service_port(
            number,
            &name,
            text(&port.protocol).as_deref(),
            text(&port.app_protocol).as_deref(),
        );
        let target = match port.target_port.as_ref().map(|target| &target.value) {
            Some(IntOrString::Int(target)) => match u16::try_from(*target) {
                Ok(0) | Err(_) => TargetPort::Number(number),
                Ok(target) => TargetPort::Number(target),
            },
            Some(IntOrString::String(target)) => TargetPort::Name(target.clone()),
            None => TargetPort::Number(number),
        };
        Some(Port { name, number, protocol, target, span: port.span })
    });
    ports.collect()
}
