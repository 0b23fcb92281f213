//! Destinations: a cluster for each port of each service and each of its subsets, and those that every proxy has.

mod balancer;
mod caller;
mod endpoints;
mod inbound;
mod kept;
mod locality;
mod outlier;
mod own;
mod policy;
mod pool;
mod service;
mod settings;
mod split_horizon;
mod tls;
mod variables;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_mesh::{DestinationRule, Interception, Mesh, Pod, Service, Target, View};

use crate::model::{ByName, Cluster, Clusters, DnsFamily, Lookup, ProxyKind};
use crate::outbound;
use caller::{Facts, Interest};
pub(crate) use kept::Kept;
use locality::Locality;
use policy::Policy;
use service::{Context, Mode};
use settings::Settings;

/// A namespace without rules.
const NOBODY: &str = "";

/// Clusters that were made before: a service under one DestinationRule has the same ones in every view, for callers
/// that are alike in what it asks about them.
pub(crate) struct Cache {
    settings: Settings,
    /// The same for proxies that keep the case of HTTP/1.1 headers.
    with_case: Settings,
    interest: Interest,
    by_service: HashMap<Key, Made>,
    /// Whole lists, by the places of their clusters, which `by_service` keeps taken.
    lists: HashMap<Vec<*const Cluster>, Outbound>,
    /// Lists by the view's place in memory and the caller.
    by_view: HashMap<(usize, Facts, Mode), Outbound>,
    /// Lists of callers that follow no rules of their own, by the place of their services and the caller.
    by_hosts: HashMap<(usize, Facts, Mode), Outbound>,
    /// All clusters of proxies, by the place of the view's and by those beside.
    by_list: HashMap<(usize, Vec<*const Cluster>), Clusters>,
    /// Clusters of single workloads, by what they are made from.
    inbound: HashMap<InboundKey, Vec<Arc<Cluster>>>,
    own: HashMap<(Vec<String>, bool, Option<(Lookup, DnsFamily)>), Arc<[Arc<Cluster>]>>,
    black_hole: Arc<Cluster>,
}

/// The clusters of a view's services. Views that differ in nothing here have one list.
#[derive(Clone)]
pub(crate) struct Outbound {
    list: Arc<Vec<Arc<Cluster>>>,
    by_name: Arc<ByName>,
}

/// A service and a rule by their places in memory, which [`Made`] keeps taken, and the caller as far as they ask.
type Key = (usize, usize, Facts, Mode);

/// What the clusters of a workload's own ports follow from.
#[derive(PartialEq, Eq, Hash)]
struct InboundKey {
    namespace: String,
    /// Where connections come from, and where they may go.
    addresses: Vec<String>,
    intercepts: bool,
    keeps_case: bool,
    /// The Sidecar by its place in memory, which the mesh keeps taken.
    sidecar: usize,
    /// The services by their places, and the ports that lead to the workload.
    places: Vec<(usize, usize, u16)>,
}

#[derive(Debug)]
struct Made {
    clusters: Vec<Arc<Cluster>>,
    service: Arc<Service>,
    rule: Option<Arc<DestinationRule>>,
}

impl Cache {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let settings = Settings::new(mesh);
        Self {
            interest: Interest::of(mesh, &settings),
            black_hole: Arc::new(own::black_hole(&settings)),
            with_case: Settings { preserve_header_case: true, ..settings.clone() },
            settings,
            by_service: HashMap::new(),
            lists: HashMap::new(),
            by_view: HashMap::new(),
            by_hosts: HashMap::new(),
            by_list: HashMap::new(),
            inbound: HashMap::new(),
            own: HashMap::new(),
        }
    }

    /// The clusters of a view's services for a proxy. The view must not move while the cache lives.
    pub(crate) fn outbound(&mut self, mesh: &Mesh, view: &Arc<View>, pod: &Pod, kind: ProxyKind) -> Outbound {
        self.listed(mesh, view, pod, kind, Mode::Outbound)
    }

    /// The clusters by which a gateway passes connections through by their names.
    fn sni_dnat(&mut self, mesh: &Mesh, view: &Arc<View>, pod: &Pod) -> Outbound {
        self.listed(mesh, view, pod, ProxyKind::Gateway, Mode::SniDnat)
    }

    fn listed(&mut self, mesh: &Mesh, view: &Arc<View>, pod: &Pod, kind: ProxyKind, mode: Mode) -> Outbound {
        let facts = self.interest.facts(pod, kind);
        let key = (Arc::as_ptr(view) as usize, facts, mode);
        if let Some(known) = self.by_view.get(&key) {
            return known.clone();
        }
        let made = if mesh.destination_rules.are_own(&view.namespace, &key.1.labels, view) {
            self.list(mesh, &view.hosts, &view.namespace, &key.1, mode)
        } else {
            // The view holds its hosts in place.
            let by_hosts = (Arc::as_ptr(&view.hosts) as usize, key.1.clone(), mode);
            if let Some(known) = self.by_hosts.get(&by_hosts) {
                known.clone()
            } else {
                let made = self.list(mesh, &view.hosts, NOBODY, &key.1, mode);
                self.by_hosts.insert(by_hosts, made.clone());
                made
            }
        };
        self.by_view.insert(key, made.clone());
        made
    }

    /// The clusters of services for callers of a namespace.
    fn list(
        &mut self,
        mesh: &Mesh,
        hosts: &[Arc<Service>],
        namespace: &str,
        facts: &Facts,
        mode: Mode,
    ) -> Outbound {
        let settings = if facts.keeps_case { &self.with_case } else { &self.settings };
        let mut all = Vec::with_capacity(hosts.len());
        let inside = |service: &&Arc<Service>| mode == Mode::Outbound || !service.external;
        for service in hosts.iter().filter(inside) {
            let rule = mesh.destination_rules.rule(namespace, &facts.labels, service);
            let asked = asked(facts, service, rule, settings);
            let place = rule.map_or(0, |rule| Arc::as_ptr(rule) as usize);
            let key = (Arc::as_ptr(service) as usize, place, asked, mode);
            let made = self.by_service.entry(key).or_insert_with_key(|(_, _, asked, _)| {
                let caller = asked.caller();
                let context = Context { mesh, settings, service, rule, caller };
                Made {
                    clusters: service::clusters(&context, mode),
                    service: Arc::clone(service),
                    rule: rule.cloned(),
                }
            });
            all.extend(made.clusters.iter().cloned());
        }
        let places = all.iter().map(Arc::as_ptr).collect();
        let new = || Outbound { by_name: Arc::new(ByName::new(all.clone())), list: Arc::new(all) };
        self.lists.entry(places).or_insert_with(new).clone()
    }

    /// All clusters of a sidecar: those of its view, those of its own ports, and those that every sidecar has.
    pub(crate) fn of_sidecar(
        &mut self,
        mesh: &Mesh,
        outbound: &Outbound,
        pod: &Pod,
        targets: &[Target],
    ) -> Clusters {
        let ips: Vec<&str> = std::iter::once(&pod.ip).chain(&pod.other_ips).map(String::as_str).collect();
        let sources = own::sources(&ips);
        let mut own = self.inbound(mesh, pod, &ips, targets, &sources);
        let keeps_case = caller::keeps_case(pod.proxy_config.proxy_headers.as_ref());
        let settings = if keeps_case { &self.with_case } else { &self.settings };
        let unclaimed = outbound::policy::of_sidecar(mesh, mesh.sidecars.of(pod).map(|sidecar| &**sidecar));
        let lookup = unclaimed.of_pod(pod).lookup().map(|lookup| (lookup, caller::family(pod)));
        let always = self
            .own
            .entry((sources, keeps_case, lookup))
            .or_insert_with_key(|(sources, _, lookup)| own::of_sidecar(settings, sources, *lookup).into());
        own.extend(always.iter().cloned());
        self.collected(outbound, own)
    }

    /// All clusters of a gateway.
    pub(crate) fn of_gateway(
        &mut self,
        mesh: &Mesh,
        view: &Arc<View>,
        outbound: &Outbound,
        pod: &Pod,
        passes_through: bool,
    ) -> Clusters {
        let own = if passes_through { self.sni_dnat(mesh, view, pod).list.to_vec() } else { Vec::new() };
        self.collected(outbound, own)
    }

    fn inbound(
        &mut self,
        mesh: &Mesh,
        pod: &Pod,
        ips: &[&str],
        targets: &[Target],
        sources: &[String],
    ) -> Vec<Arc<Cluster>> {
        let sidecar = mesh.sidecars.of(pod);
        let places =
            targets.iter().map(|t| (Arc::as_ptr(&t.service) as usize, t.port, t.target_port)).collect();
        // A Sidecar can lead to the pod's own addresses.
        let of_sidecar = sidecar.filter(|sidecar| !sidecar.ingress.is_empty());
        let own_ips = of_sidecar.iter().flat_map(|_| ips).map(|ip| (*ip).to_owned());
        let key = InboundKey {
            namespace: pod.namespace.clone(),
            addresses: sources.iter().cloned().chain(own_ips).collect(),
            intercepts: pod.interception != Interception::None,
            keeps_case: caller::keeps_case(pod.proxy_config.proxy_headers.as_ref()),
            sidecar: sidecar.map_or(0, |sidecar| Arc::as_ptr(sidecar) as usize),
            places,
        };
        let settings = if key.keeps_case { &self.with_case } else { &self.settings };
        let made = self.inbound.entry(key).or_insert_with_key(|key| {
            let sidecar = sidecar.map(|sidecar| &**sidecar);
            let namespace = &key.namespace;
            let intercepts = key.intercepts;
            inbound::Inbound { mesh, settings, namespace, ips, sources, sidecar, intercepts, targets }
                .clusters()
        });
        made.clone()
    }

    fn collected(&mut self, outbound: &Outbound, mut own: Vec<Arc<Cluster>>) -> Clusters {
        own.push(Arc::clone(&self.black_hole));
        let key = (Arc::as_ptr(&outbound.by_name) as usize, own.iter().map(Arc::as_ptr).collect());
        let new = || Clusters::layered(Arc::clone(&outbound.by_name), ByName::new(own));
        let made = self.by_list.entry(key).or_insert_with(new);
        made.clone()
    }
}

/// The caller as far as the clusters of one service ask about it.
fn asked(
    facts: &Facts,
    service: &Service,
    rule: Option<&Arc<DestinationRule>>,
    settings: &Settings,
) -> Facts {
    let mut asked = Facts {
        kind: facts.kind,
        labels: BTreeMap::new(),
        locality: String::new(),
        node: if service.node_local { facts.node.clone() } else { String::new() },
        network: facts.network.clone(),
        families: facts.families,
        dns: facts.dns,
        keeps_case: facts.keeps_case,
        variables: facts.variables.clone(),
    };
    let of_rule = rule.and_then(|rule| rule.traffic_policy.as_ref()).map(|policy| &policy.value);
    let subsets =
        rule.iter().flat_map(|rule| &rule.subsets).filter_map(|subset| subset.traffic_policy.as_ref());
    for policy in std::iter::once(None).chain(subsets.map(|policy| Some(&policy.value))) {
        for port in &service.ports {
            let policy = Policy::within(settings, of_rule, policy, port.number);
            let locality = Locality::of(policy.load_balancer, service, settings);
            if locality.depends_on_place(policy.outlier_detection.is_some()) {
                asked.locality.clone_from(&facts.locality);
                let labels = locality.priority_labels();
                let of_interest =
                    |key: &&String| labels.iter().any(|label| label.split('=').next() == Some(key.as_str()));
                let found = facts.labels.iter().filter(|(key, _)| of_interest(key));
                asked.labels.extend(found.map(|(key, value)| (key.clone(), value.clone())));
            }
        }
    }
    asked
}
