//! From typed resources to the resolved mesh, step by step: names first, then what selects what.

mod deployments;
mod edit;
mod endpoints;
mod installation;
mod mirrored;
mod namespaces;
mod pods;
mod service_entries;
mod services;
mod virtual_services;
mod workload_entries;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_resources::{Object, Resources, istio};
use meshc_settings::Settings;

use crate::place::{NETWORK, Nodes};
use crate::proxy_config::ProxyConfigs;
use crate::{
    DestinationRules, Gateway, Mesh, MeshConfig, Meta, Namespace, Networks, Pod, Policies, Service, Sidecars,
    VirtualService, Workload,
};
use crate::{gateway_api, ingress};

/// For each pod that Gateways select, those Gateways, as indices.
pub(crate) type GatewaysOfPods = BTreeMap<usize, Vec<usize>>;

/// All of it.
pub(crate) fn mesh(resources: &Resources, settings: &Settings) -> Mesh {
    let mut diagnostics = Vec::new();
    let config = MeshConfig::read(resources, &mut diagnostics);
    let namespaces = namespaces::read(resources);
    let seen;
    let resources = if config.written.discovery_selectors.is_empty() {
        resources
    } else {
        seen = resources.within(|namespace| config.looks_at(namespace, &namespaces));
        &seen
    };
    let (mut services, mut made) =
        rayon::join(|| services::read(resources, &config), || pods::read(resources));
    deployments::add(resources, &namespaces, &mut services, &mut made);
    let converted = gateway_api::convert(resources, &namespaces, &services, &settings.external);
    let (of_ingresses, ingress_routes) = ingress::convert(resources, &services, &config);
    let gateways = gateways(resources, converted.gateways.into_iter().chain(of_ingresses));
    // What Istio makes, such as the Service of a Gateway of the Gateway API, shows nothing of a namespace's own.
    let written = services.iter().filter(|service| !service.made_up);
    let inhabited = written.map(|service| service.namespace().to_owned()).collect();
    installation::add(&settings.istio, &gateways, &mut services, &mut made);
    services::derive_addresses(&mut services);
    let of_root = namespaces.get(crate::ROOT_NAMESPACE).and_then(|root| root.labels.get(NETWORK));
    let networks = Networks::new(&config.networks, of_root, resources);
    let bound = deployments::selectors(&gateways, &services);
    // Who runs what does not ask what is done with requests, nor the other way round.
    let (running, routing) = rayon::join(
        || {
            let world = World { resources, config: &config, namespaces: &namespaces, networks: &networks };
            running(&world, &gateways, &bound, services, made)
        },
        || {
            let made = converted.virtual_services.into_iter().chain(ingress_routes);
            routing(resources, &config, made, converted.destination_rules)
        },
    );
    diagnostics.extend(routing.diagnostics);
    Mesh {
        namespaces,
        services: running.services,
        workloads: running.workloads,
        pods: running.pods,
        virtual_services: routing.virtual_services,
        destination_rules: routing.destination_rules,
        sidecars: routing.sidecars,
        gateways,
        policies: routing.policies,
        statuses: converted.statuses,
        config,
        networks,
        diagnostics,
        external: settings.external.clone(),
        inhabited,
        gateways_of_pods: running.gateways_of_pods,
        services_of_pods: running.services_of_pods,
        by_gateway: routing.by_gateway,
        by_host: running.by_host,
    }
}

/// What is known before pods are.
struct World<'a> {
    resources: &'a Resources,
    config: &'a MeshConfig,
    namespaces: &'a BTreeMap<String, Namespace>,
    networks: &'a Networks,
}

/// Pods, and the services with their endpoints.
struct Running {
    services: Vec<Arc<Service>>,
    workloads: Vec<Workload>,
    pods: Vec<Pod>,
    gateways_of_pods: GatewaysOfPods,
    services_of_pods: Vec<Vec<usize>>,
    by_host: HashMap<String, Vec<usize>>,
}

fn running(
    world: &World<'_>,
    gateways: &[Arc<Gateway>],
    bound: &[deployments::Selector],
    mut services: Vec<Service>,
    made: Vec<pods::Replica>,
) -> Running {
    let World { resources, config, namespaces, networks } = *world;
    let (workloads, pods) = pods::finish(
        made,
        gateways,
        bound,
        namespaces,
        networks,
        &Nodes::new(resources),
        ProxyConfigs::new(resources, config),
    );

    let index = endpoints::SelectorIndex::new(&services);
    let mut services_of_pods: Vec<Vec<usize>> = pods.iter().map(|pod| index.selecting(pod)).collect();
    let instances = workload_entries::Instances::new(resources, &pods, networks);
    endpoints::fill(resources, &pods, &services_of_pods, &instances, &mut services);
    services.extend(service_entries::read(resources, config, namespaces, &instances));
    if pods.iter().any(Pod::answers_dns) {
        service_entries::derive_addresses(&mut services);
    }
    services::resolve_aliases(&mut services);

    // Istio's order, under which every list of services stands from here on.
    let mut order: Vec<usize> = (0..services.len()).collect();
    order.sort_by(|&a, &b| by_age(&services, a, b));
    let mut places = vec![0; services.len()];
    for (place, &index) in order.iter().enumerate() {
        if let Some(slot) = places.get_mut(index) {
            *slot = place;
        }
    }
    for of_pod in &mut services_of_pods {
        // A pod's services are in order of age, then of host.
        of_pod.sort_by(|&a, &b| {
            let key = |i: usize| services.get(i).map(|s: &Service| (s.meta.created, s.hostname.as_str()));
            key(a).cmp(&key(b))
        });
        for index in of_pod {
            *index = places.get(*index).copied().unwrap_or_default();
        }
    }
    let mut services: Vec<Option<Service>> = services.into_iter().map(Some).collect();
    let services: Vec<_> =
        order.iter().filter_map(|&index| services.get_mut(index)?.take()).map(Arc::new).collect();
    let mut by_host: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, service) in services.iter().enumerate() {
        by_host.entry(service.hostname.clone()).or_default().push(index);
    }

    let gateways_of_pods = gateways_of_pods(gateways, &pods, &services, &services_of_pods);
    Running { services, workloads, pods, gateways_of_pods, services_of_pods, by_host }
}

/// What is done with requests and connections.
struct Routing {
    virtual_services: Vec<Arc<VirtualService>>,
    by_gateway: BTreeMap<String, Vec<usize>>,
    destination_rules: DestinationRules,
    sidecars: Sidecars,
    policies: Policies,
    diagnostics: Vec<Diagnostic>,
}

fn routing(
    resources: &Resources,
    config: &MeshConfig,
    made: impl Iterator<Item = VirtualService>,
    destination_rules_made: Vec<Object<istio::DestinationRule>>,
) -> Routing {
    let mut diagnostics = Vec::new();
    let mut virtual_services =
        virtual_services::read(resources, &config.virtual_service_export_to(), &mut diagnostics);
    virtual_services.extend(
        made.map(|made| Arc::new(VirtualService { export_to: config.virtual_service_export_to(), ..made })),
    );
    virtual_services.sort_by(|a, b| a.meta.by_age(&b.meta));
    let mut by_gateway: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, virtual_service) in virtual_services.iter().enumerate() {
        for gateway in &virtual_service.gateways {
            by_gateway.entry(gateway.clone()).or_default().push(index);
        }
    }
    Routing {
        virtual_services,
        by_gateway,
        destination_rules: destination_rules(resources, destination_rules_made, config),
        sidecars: Sidecars::new(resources, config.root_namespace()),
        policies: Policies::new(resources, config.root_namespace()),
        diagnostics,
    }
}

fn destination_rules(
    resources: &Resources,
    made: Vec<Object<istio::DestinationRule>>,
    config: &MeshConfig,
) -> DestinationRules {
    if made.is_empty() {
        return DestinationRules::new(&resources.destination_rules, config);
    }
    let mut all = resources.destination_rules.clone();
    all.extend(made);
    DestinationRules::new(&all, config)
}

fn by_age(services: &[Service], a: usize, b: usize) -> std::cmp::Ordering {
    let key = |index: usize| {
        services.get(index).map(|s| (s.meta.created, s.name.as_str(), s.namespace(), s.registry))
    };
    key(a).cmp(&key(b))
}

fn gateways(resources: &Resources, made: impl Iterator<Item = Gateway>) -> Vec<Arc<Gateway>> {
    let mut gateways: Vec<_> = resources
        .gateways
        .iter()
        .map(|object| {
            let meta = Meta::new("Gateway", &object.metadata, object.span);
            let selector = &object.spec.selector;
            let first = selector.first().map(|(key, value)| key.span.join(value.span));
            Arc::new(Gateway {
                selector: crate::meta::plain(selector),
                selector_span: first.unwrap_or(meta.span),
                servers: object.spec.servers.clone(),
                bound: None,
                meta,
            })
        })
        .chain(made.map(Arc::new))
        .collect();
    gateways.sort_by(|a, b| a.meta.by_age(&b.meta));
    gateways
}

fn gateways_of_pods(
    gateways: &[Arc<Gateway>],
    pods: &[Pod],
    services: &[Arc<Service>],
    services_of_pods: &[Vec<usize>],
) -> GatewaysOfPods {
    let mut found = GatewaysOfPods::new();
    for (index, pod) in pods.iter().enumerate().filter(|(_, pod)| pod.proxy == crate::PodProxy::Gateway) {
        let own: Vec<_> = services_of_pods
            .get(index)
            .into_iter()
            .flatten()
            .filter_map(|&service| services.get(service))
            .collect();
        let is_for = |gateway: &Gateway| {
            gateway.selects(&pod.labels) || own.iter().any(|service| gateway.is_bound_to(service))
        };
        let mut selecting: Vec<usize> =
            (0..).zip(gateways).filter(|(_, gateway)| is_for(gateway)).map(|(i, _)| i).collect();
        // Where a pod is a gateway that Istio deployed, Gateways of Istio's own API join it only from the same
        // namespace, so that no other can use its certificates.
        let deployed =
            |gateway: &Gateway| gateway.bound.as_ref().is_some_and(|bound| !bound.service_account.is_empty());
        let of = |index: &usize| gateways.get(*index).map(AsRef::as_ref);
        let namespaces: BTreeSet<&str> = selecting
            .iter()
            .filter_map(of)
            .filter(|gateway| deployed(gateway))
            .map(|gateway| gateway.meta.namespace.as_str())
            .collect();
        if !namespaces.is_empty() {
            selecting.retain(|index| {
                of(index).is_some_and(|gateway| {
                    gateway.bound.is_some() || namespaces.contains(gateway.meta.namespace.as_str())
                })
            });
        }
        found.insert(index, selecting);
    }
    found
}
