//! Pods: those that the YAML lists and, for workloads of which it lists none, their replicas.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_resources::istio::mesh::{InboundInterceptionMode, MeshProxyConfig};
use meshc_resources::kubernetes::{PodSpec, WorkloadSpec};
use meshc_resources::{Kind, Object, PROXY_CONFIG, PodParts, Resources};

use super::deployments::Selector;
use crate::address::AddressPool;
use crate::meta::{plain, selects};
use crate::place::{NETWORK, Nodes, augmented};
use crate::proxy_config::ProxyConfigs;
use crate::{ContainerPort, Gateway, Interception, Meta, Namespace, Networks, Pod, PodProxy, Workload};

/// A pod before it is known what stands beside it.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    /// The pod; without an address yet where the YAML has none.
    pub(super) pod: Pod,
    /// Its workload's identity.
    pub(super) owner: Arc<Meta>,
    /// `sidecar.istio.io/inject` as label, else as annotation.
    pub(super) inject: Option<String>,
    /// It is a gateway by its injection template.
    pub(super) gateway_template: bool,
    /// The annotation by which its proxy is set up.
    pub(super) annotation: Option<String>,
    /// How its traffic comes to its sidecar, by annotation.
    pub(super) interception: Option<Interception>,
    /// What its proxy's environment says of its network.
    pub(super) network: Option<String>,
    /// It uses the node's network.
    pub(super) host_network: bool,
    /// It comes with Istio's installation.
    pub(super) made_up: bool,
}

impl Replica {
    /// The pod of a gateway that no resource lists: Istio's installation, or its controller, brings it.
    pub(super) fn of_gateway(
        owner: Meta,
        name: &str,
        service_account: String,
        labels: BTreeMap<String, String>,
    ) -> Self {
        let pod = Pod {
            name: format!("{name}-0"),
            namespace: owner.namespace.clone(),
            workload: name.to_owned(),
            labels: labels.into(),
            placed: Arc::default(),
            service_account,
            ip: String::new(),
            other_ips: Vec::new(),
            locality: String::new(),
            node: String::new(),
            network: String::new(),
            proxy_network: String::new(),
            listed: false,
            ports: Arc::default(),
            proxy: PodProxy::Gateway,
            interception: Interception::Redirect,
            proxy_config: Arc::default(),
            span: owner.span,
            declared_by: owner.kind,
        };
        Self {
            pod,
            owner: Arc::new(Meta { name: name.to_owned(), ..owner }),
            inject: None,
            gateway_template: true,
            annotation: None,
            interception: None,
            host_network: false,
            network: None,
            made_up: true,
        }
    }
}

/// The key of a workload: kind, namespace, name.
type Key = (&'static str, String, String);

/// All pods, listed and made.
pub(super) fn read(resources: &Resources) -> Vec<Replica> {
    let owners: BTreeMap<Key, &Object<WorkloadSpec>> =
        resources.workloads.iter().map(|object| (key(object), object)).collect();
    let mut made = Vec::new();
    let mut with_listed_pods: BTreeSet<Key> = BTreeSet::new();
    for object in resources.pods.iter().filter(|object| runs(object)) {
        let owner = owner_of(object, &owners);
        let meta = match owner.as_ref().map(|key| (key, owners.get(key))) {
            Some((key, Some(workload))) => {
                with_listed_pods.insert(key.clone());
                Meta::new(key.0, &workload.metadata, workload.span)
            }
            Some((key, None)) => {
                let pod = Meta::new("Pod", &object.metadata, object.span);
                Meta { kind: key.0, name: key.2.clone(), ..pod }
            }
            None => Meta::new("Pod", &object.metadata, object.span),
        };
        let mut pod = one(&object.metadata, &object.spec.spec, meta);
        let status = &object.spec.status;
        let ip = status.pod_ip.as_ref().or_else(|| status.pod_ips.first().and_then(|ip| ip.ip.as_ref()));
        pod.pod.ip = ip.map(|ip| ip.value.clone()).unwrap_or_default();
        let others = status.pod_ips.iter().filter_map(|ip| Some(ip.ip.as_ref()?.value.clone()));
        pod.pod.other_ips = others.filter(|ip| *ip != pod.pod.ip).collect();
        pod.pod.listed = true;
        pod.pod.span = object.name_span();
        pod.pod.declared_by = "Pod";
        made.push(pod);
    }
    for (key, object) in owners.iter().filter(|(key, _)| !with_listed_pods.contains(*key)) {
        if owner_of_workload(object, &owners).is_some() {
            // A ReplicaSet of a Deployment that is there too: the Deployment makes the pods.
            continue;
        }
        let Some(template) = &object.spec.template else { continue };
        // A DaemonSet has one pod for each node; one stands for all, as nodes are no part of the YAML.
        let replicas =
            if key.0 == "DaemonSet" { 1 } else { object.spec.replicas.as_ref().map_or(1, |r| r.value) };
        let nothing = PodSpec::default();
        let spec = template.spec.as_ref().map_or(&nothing, |spec| &spec.value);
        let first = one(&template.metadata, spec, Meta::new(key.0, &object.metadata, object.span));
        for index in 0..replicas.min(MAX_REPLICAS) {
            let mut pod = first.clone();
            pod.pod.name = format!("{}-{index}", object.name());
            object.namespace().clone_into(&mut pod.pod.namespace);
            made.push(pod);
        }
    }
    made
}

/// More pods than this of one workload are not told apart: they would all be configured alike.
const MAX_REPLICAS: u32 = 1000;

fn key(object: &Object<WorkloadSpec>) -> Key {
    (object.kind.as_str(), object.namespace().to_owned(), object.name().to_owned())
}

/// Whether a pod has not ended.
fn runs(object: &Object<PodParts>) -> bool {
    let phase = object.spec.status.phase.as_ref().map(|phase| phase.value.as_str());
    !matches!(phase, Some("Succeeded" | "Failed"))
}

/// The workload that a pod belongs to: its owner, or that owner's Deployment.
fn owner_of(object: &Object<PodParts>, owners: &BTreeMap<Key, &Object<WorkloadSpec>>) -> Option<Key> {
    let (kind, name) = controller(object)?;
    let namespace = object.namespace().to_owned();
    let owner = (kind, namespace.clone(), name.clone());
    if kind != Kind::ReplicaSet.as_str() {
        return Some(owner);
    }
    if let Some(replica_set) = owners.get(&owner) {
        return Some(owner_of_workload(replica_set, owners).unwrap_or(owner));
    }
    // A Deployment's ReplicaSet is called by the Deployment's name and a hash, which its pods carry.
    let hash = object.metadata.label("pod-template-hash").map(|hash| format!("-{hash}"));
    match hash.and_then(|hash| name.strip_suffix(&hash).map(ToOwned::to_owned)) {
        Some(deployment) => Some((Kind::Deployment.as_str(), namespace, deployment)),
        None => Some(owner),
    }
}

fn controller(object: &Object<PodParts>) -> Option<(&'static str, String)> {
    let owner = object.metadata.owner_references.first()?;
    let kinds = [Kind::ReplicaSet, Kind::StatefulSet, Kind::DaemonSet, Kind::Deployment];
    let kind =
        kinds.into_iter().find(|kind| owner.kind.as_ref().is_some_and(|k| k.value == kind.as_str()))?;
    Some((kind.as_str(), owner.name.as_ref()?.value.clone()))
}

/// The Deployment that a ReplicaSet belongs to, if it is there.
fn owner_of_workload(
    object: &Object<WorkloadSpec>,
    owners: &BTreeMap<Key, &Object<WorkloadSpec>>,
) -> Option<Key> {
    let owner = object.metadata.owner_references.first()?;
    let key = (Kind::Deployment.as_str(), object.namespace().to_owned(), owner.name.as_ref()?.value.clone());
    (object.kind == Kind::ReplicaSet && owners.contains_key(&key)).then_some(key)
}

/// A pod with this metadata, of a workload.
fn one(metadata: &meshc_resources::Metadata, spec: &PodSpec, owner: Meta) -> Replica {
    let account = spec.service_account_name.as_ref().or(spec.service_account.as_ref());
    let ports = spec.containers.iter().flat_map(|container| &container.ports).filter_map(|port| {
        Some(ContainerPort {
            name: port.name.as_ref().map(|name| name.value.clone()).unwrap_or_default(),
            number: u16::try_from(port.container_port.as_ref()?.value).ok()?,
            transport: port.protocol.as_ref().map_or_else(|| "TCP".to_owned(), |p| p.value.clone()),
        })
    });
    let inject = "sidecar.istio.io/inject";
    let templates = metadata.annotation("inject.istio.io/templates").unwrap_or_default();
    Replica {
        pod: Pod {
            name: metadata.name().to_owned(),
            namespace: metadata.namespace().to_owned(),
            workload: owner.name.clone(),
            labels: plain(&metadata.labels).into(),
            placed: Arc::default(),
            service_account: account
                .map(|account| account.value.clone())
                .filter(|account| !account.is_empty())
                .unwrap_or_else(|| "default".to_owned()),
            ip: String::new(),
            other_ips: Vec::new(),
            locality: String::new(),
            node: spec.node_name.as_ref().map(|node| node.value.clone()).unwrap_or_default(),
            network: String::new(),
            proxy_network: String::new(),
            listed: false,
            ports: ports.collect(),
            proxy: PodProxy::None,
            interception: Interception::default(),
            proxy_config: Arc::default(),
            span: owner.span,
            declared_by: owner.kind,
        },
        owner: Arc::new(owner),
        inject: metadata.label(inject).or_else(|| metadata.annotation(inject)).map(ToOwned::to_owned),
        gateway_template: templates.split(',').any(|template| template.trim() == "gateway"),
        annotation: metadata.annotation(PROXY_CONFIG).map(ToOwned::to_owned),
        interception: metadata.annotation("sidecar.istio.io/interceptionMode").map(interception),
        network: environment(spec, PROXY_NETWORK),
        host_network: spec.host_network.as_ref().is_some_and(|host| host.value),
        made_up: false,
    }
}

/// By annotation, as Istio's injector reads it.
fn interception(written: &str) -> Interception {
    match written {
        "TPROXY" => Interception::Tproxy,
        "NONE" => Interception::None,
        _ => Interception::Redirect,
    }
}

/// By the settings of the proxy.
fn configured(config: &MeshProxyConfig) -> Interception {
    match config.interception_mode.as_ref().map(|mode| mode.value).unwrap_or_default() {
        InboundInterceptionMode::Redirect => Interception::Redirect,
        InboundInterceptionMode::Tproxy => Interception::Tproxy,
        InboundInterceptionMode::None => Interception::None,
    }
}

/// The variable by which a proxy is told its network.
const PROXY_NETWORK: &str = "ISTIO_META_NETWORK";

/// A variable that the container of the proxy has, where the YAML says it.
fn environment(spec: &PodSpec, variable: &str) -> Option<String> {
    let is_proxy = |name: &str| name == "istio-proxy";
    let proxy =
        spec.containers.iter().find(|container| container.name.as_ref().is_some_and(|n| is_proxy(n)))?;
    let written =
        proxy.env.iter().find(|env| env.name.as_ref().is_some_and(|name| name.value == variable))?;
    written.value.value.as_ref().map(|value| value.value.clone())
}

/// Whether two pods are in the same place.
fn is_beside(one: &Pod, other: &Pod) -> bool {
    (&one.locality, &one.node, &one.network) == (&other.locality, &other.node, &other.network)
}

/// The network that a proxy says it is in (Istio's injector): its environment's, its pod's label, else that of the mesh's
/// settings. What the installation's values say (`global.network`) is taken to be the label of the root namespace.
fn proxy_network(pod: &Pod, of_container: Option<String>, networks: &Networks) -> String {
    of_container
        .or_else(|| pod.proxy_config.variable(PROXY_NETWORK).map(ToOwned::to_owned))
        .or_else(|| pod.labels.get(NETWORK).cloned())
        .unwrap_or_else(|| networks.of_root().to_owned())
}

/// Gives every pod its address and what stands beside it, and collects the workloads.
pub(super) fn finish(
    mut made: Vec<Replica>,
    gateways: &[Arc<Gateway>],
    bound: &[Selector],
    namespaces: &BTreeMap<String, Namespace>,
    networks: &Networks,
    nodes: &Nodes,
    mut configs: ProxyConfigs<'_>,
) -> (Vec<Workload>, Vec<Pod>) {
    made.sort_by(|a, b| (&a.pod.namespace, &a.pod.name).cmp(&(&b.pod.namespace, &b.pod.name)));
    made.dedup_by(|b, a| a.pod.namespace == b.pod.namespace && a.pod.name == b.pod.name);
    let mut pool = AddressPool::for_pods();
    for pod in &made {
        pool.reserve(&pod.pod.ip);
    }
    let undeclared = Namespace::default();
    let mut workloads: BTreeMap<(String, String, &'static str), Workload> = BTreeMap::new();
    let mut pods: Vec<Pod> = Vec::with_capacity(made.len());
    for Replica {
        mut pod,
        owner,
        inject,
        gateway_template,
        annotation,
        interception,
        host_network,
        network,
        made_up,
    } in made
    {
        if pod.ip.is_empty() {
            pod.ip = pool.derive(&pod.namespace, &pod.name);
        }
        pod.proxy_config = configs.of(&pod.namespace, &pod.labels, annotation.as_deref());
        pod.interception = interception.unwrap_or_else(|| configured(&pod.proxy_config));
        pod.locality = nodes.locality(&pod.labels, &pod.node);
        pod.network = networks.of(pod.labels.get(NETWORK).map(String::as_str), &pod.ip);
        pod.placed = match pods.last() {
            // Replicas stand beside each other.
            Some(last) if Arc::ptr_eq(&last.labels, &pod.labels) && is_beside(last, &pod) => {
                Arc::clone(&last.placed)
            }
            _ => augmented(&pod.labels, &pod.locality, &pod.node, &pod.network).into(),
        };
        pod.proxy_network = proxy_network(&pod, network, networks);
        let selected = |gateway: &Arc<Gateway>| !gateway.selector.is_empty() && gateway.selects(&pod.labels);
        let namespace_injects = namespaces.get(&pod.namespace).unwrap_or(&undeclared).injects(&pod.namespace);
        let is_bound =
            |(namespace, selector): &Selector| *namespace == pod.namespace && selects(selector, &pod.labels);
        pod.proxy = if gateway_template || gateways.iter().any(selected) || bound.iter().any(is_bound) {
            PodProxy::Gateway
        } else if namespace_injects && inject.as_deref() != Some("false") && !host_network {
            PodProxy::Sidecar
        } else {
            PodProxy::None
        };
        let key = (owner.namespace.clone(), owner.name.clone(), owner.kind);
        let workload = workloads.entry(key).or_insert_with(|| Workload {
            labels: BTreeMap::clone(&pod.labels),
            meta: Meta::clone(&owner),
            pods: Vec::new(),
            made_up,
        });
        workload.pods.push(pods.len());
        pods.push(pod);
    }
    (workloads.into_values().collect(), pods)
}
