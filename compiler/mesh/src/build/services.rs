//! Kubernetes Services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use meshc_resources::kubernetes::ServiceSpec;
use meshc_resources::{Metadata, Object, Resources};
use meshc_syntax::de::{IntOrString, Spanned};

use crate::address::AddressPool;
use crate::hostname::service_host;
use crate::meta::plain;
use crate::{
    Distribution, ExportTo, MeshConfig, Meta, Port, Protocol, Registry, Resolution, Service, TargetPort,
};

/// The annotation by which a Service says who sees it.
const EXPORT_TO: &str = "networking.istio.io/exportTo";
/// The annotation by which a Service, ServiceEntry or Namespace says which endpoints come first.
const DISTRIBUTION: &str = "networking.istio.io/traffic-distribution";

/// All of them, in the order of the resources, without endpoints.
pub(super) fn read(resources: &Resources, config: &MeshConfig) -> Vec<Service> {
    resources.services.iter().map(|object| service(object, resources, config)).collect()
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

/// Tells services which other names they have: those of an `ExternalName`, through others of these where need be (Istio's
/// `resolveServiceAliases`). A circle of names means nothing.
pub(super) fn resolve_aliases(services: &mut [Service]) {
    let aliases: HashMap<String, String> = services
        .iter()
        .filter(|service| service.resolution == Resolution::Alias)
        .filter_map(|service| Some((service.hostname.clone(), service.alias_of.clone()?)))
        .collect();
    if aliases.is_empty() {
        return;
    }
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for service in services.iter().filter(|service| service.resolution == Resolution::Alias) {
        let Some(mut target) = service.alias_of.as_ref() else { continue };
        let mut seen = BTreeSet::from([&service.hostname, target]);
        let concrete = loop {
            match aliases.get(target) {
                None => break Some(target),
                Some(next) if !seen.insert(next) => break None,
                Some(next) => target = next,
            }
        };
        if let Some(concrete) = concrete {
            let name = (service.meta.namespace.clone(), service.hostname.clone());
            found.entry(concrete.clone()).or_default().push(name);
        }
    }
    for names in found.values_mut() {
        names.sort();
    }
    for service in services.iter_mut().filter(|service| service.resolution != Resolution::Alias) {
        if let Some(of) = found.get(&service.hostname) {
            service.aliases = of.iter().map(|(_, host)| host.clone()).collect();
        }
    }
}

fn service(object: &Object<ServiceSpec>, resources: &Resources, config: &MeshConfig) -> Service {
    let spec = &object.spec;
    let meta = Meta::new("Service", &object.metadata, object.span);
    let of_name = spec.kind.as_ref().is_some_and(|kind| kind.value == "ExternalName");
    let name = spec.external_name.as_ref().filter(|name| of_name && !name.is_empty());
    let alias = name.map(|name| name.value.clone());
    let headless = spec.cluster_ip.as_ref().is_some_and(|ip| ip.value == "None");
    Service {
        hostname: service_host(&meta.name, &meta.namespace),
        name: meta.name.clone(),
        registry: Registry::Kubernetes,
        resolution: match (headless, &alias) {
            (true, _) => Resolution::Passthrough,
            (false, Some(_)) => Resolution::Alias,
            (false, None) => Resolution::ClientSide,
        },
        ports: ports(spec),
        addresses: if headless { Vec::new() } else { addresses(spec) },
        derived_address: None,
        alias_of: alias.clone(),
        aliases: Vec::new(),
        auto_addresses: Vec::new(),
        selector: plain(&spec.selector),
        export_to: object
            .metadata
            .annotation(EXPORT_TO)
            .map(ExportTo::of_annotation)
            .unwrap_or_default()
            .or(&config.service_export_to()),
        external: alias.is_some(),
        made_up: false,
        publish_not_ready: spec.publish_not_ready_addresses.as_ref().is_some_and(|p| p.value),
        distribution: distribution(spec.traffic_distribution.as_ref(), &object.metadata, resources),
        node_local: spec.internal_traffic_policy.as_ref().is_some_and(|policy| policy.value == "Local"),
        subject_alt_names: subject_alt_names(&object.metadata, config.trust_domain()),
        port_overrides: BTreeMap::new(),
        endpoints: Vec::new(),
        meta,
    }
}

/// Which endpoints callers prefer: what the field says, else the annotation, else the namespace's annotation.
pub(super) fn distribution(
    field: Option<&Spanned<String>>,
    metadata: &Metadata,
    resources: &Resources,
) -> Distribution {
    match field.map(|field| field.value.as_str()) {
        Some("PreferSameZone" | "PreferClose") => return Distribution::SameZone,
        Some("PreferSameNode") => return Distribution::SameNode,
        Some(_) | None => {}
    }
    let of_namespace = || {
        let namespace =
            resources.namespaces.iter().find(|namespace| namespace.name() == metadata.namespace())?;
        namespace.metadata.annotation(DISTRIBUTION)
    };
    let annotation = metadata.annotation(DISTRIBUTION).filter(|text| !text.is_empty()).or_else(of_namespace);
    match annotation.unwrap_or_default().to_ascii_lowercase().as_str() {
        "preferclose" | "prefersamezone" => Distribution::SameZone,
        "prefersamenode" => Distribution::SameNode,
        _ => Distribution::Any,
    }
}

/// Identities that annotations give to a Service's endpoints.
fn subject_alt_names(metadata: &Metadata, trust_domain: &str) -> Vec<String> {
    let list = |key: &str| {
        metadata.annotation(key).filter(|text| !text.is_empty()).into_iter().flat_map(|text| text.split(','))
    };
    let kubernetes = list("alpha.istio.io/kubernetes-serviceaccounts")
        .map(|account| format!("spiffe://{trust_domain}/ns/{}/sa/{account}", metadata.namespace()));
    list("alpha.istio.io/canonical-serviceaccounts").map(ToOwned::to_owned).chain(kubernetes).collect()
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
        let text = |value: &Option<Spanned<String>>| value.as_ref().map(|v| v.value.clone());
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
