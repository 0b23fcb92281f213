//! From the resolved mesh to what each proxy does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Interception, Mesh, Pod, PodProxy, View, Views, VirtualService};
use meshc_resources::istio::TlsMode;
use rayon::prelude::*;

use crate::l4::World;
use crate::model::{
    Binding, Clusters, EffectiveMesh, Extension, Listener, Origin, Proxy, ProxyId, ProxyKind, ProxySettings,
    ProxyTelemetry, Reading, Security,
};
use crate::outbound::{self, Tables};
use crate::{clusters, extensions, gateway, inbound, patches, rules, security, settings, telemetry};

/// What each proxy of the mesh does, as Istio's control plane would decide it.
pub fn compile(mesh: &Mesh) -> EffectiveMesh {
    compile_kept(mesh).0
}

/// The same, with the clusters of each service, so that other endpoints can be followed.
pub(crate) fn compile_kept(mesh: &Mesh) -> (EffectiveMesh, clusters::Kept) {
    let plan = Plan::new(mesh);
    // Where requests may go and what becomes of connections is as much work as what is at their end, and asks nothing
    // about it.
    let (outbound, mut parts) = rayon::join(|| Outbound::all(&plan), || Compiler::new(&plan).parts());
    let mut found = mesh.diagnostics.clone();
    found.extend(rules::of_mesh(mesh));
    found.extend(outbound.iter().flat_map(|outbound| outbound.found.iter().cloned()));
    found.append(&mut parts.found);
    let mut settings = parts.settings;
    let tables: Vec<Arc<Tables>> = plan
        .sidecars()
        .zip(&parts.proxies)
        .map(|((_, _, place), proxy)| settings.tables(&outbound[place].tables, &proxy.settings))
        .collect();
    let join = |((_, pod, place), (mut proxy, tables)): ((usize, &Pod, usize), (Proxy, Arc<Tables>))| {
        // No pod reaches itself through its own proxy.
        let is_self =
            |listener: &Listener| listener.binding == Binding::Captured && listener.address == pod.ip;
        let others = outbound[place].listeners.iter().filter(|listener| !is_self(listener));
        proxy.listeners = others.cloned().chain(proxy.listeners).collect();
        proxy.tables = tables;
        Arc::new(proxy)
    };
    let sidecars: Vec<_> = plan.sidecars().collect();
    let made = parts.proxies.into_par_iter().zip(tables);
    let mut proxies: Vec<Arc<Proxy>> = sidecars.into_par_iter().zip(made).map(join).collect();
    proxies.extend(parts.gateways.into_iter().map(Arc::new));
    proxies.sort_by(|a, b| (&a.id.namespace, &a.id.name).cmp(&(&b.id.namespace, &b.id.name)));
    (EffectiveMesh { proxies, diagnostics: each_once(found) }, parts.clusters)
}

/// What sidecars ask about where requests go, by which they are alike or not.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    namespace: String,
    interception: Interception,
    /// Those that any route asks for.
    labels: BTreeMap<String, String>,
    /// The Sidecar by its place, which the mesh keeps taken; 0 for none.
    sidecar: usize,
    answers_dns: bool,
    /// The port on which the proxy is an HTTP proxy.
    http_proxy: Option<u16>,
}

/// Which proxies there are, and what they see.
struct Plan<'a> {
    mesh: &'a Mesh,
    /// What sidecars see that are alike.
    seen: Vec<(Key, Arc<View>, &'a Pod)>,
    /// Each pod with a sidecar, and what it sees.
    sidecars: Vec<(usize, usize)>,
    /// Each pod that is a gateway.
    gateways: Vec<usize>,
}

impl<'a> Plan<'a> {
    fn new(mesh: &'a Mesh) -> Self {
        let asked = mesh.virtual_services.iter().flat_map(|by| asked_labels(by));
        let label_keys: BTreeSet<String> =
            asked.chain(mesh.destination_rules.selector_keys().cloned()).collect();
        let views = Views::new(mesh);
        let mut seen: Vec<(Key, Arc<View>, &Pod)> = Vec::new();
        let mut known: HashMap<Key, usize> = HashMap::new();
        let (mut sidecars, mut gateways): (Vec<(usize, usize)>, Vec<usize>) = Default::default();
        for (index, pod) in mesh.pods.iter().enumerate() {
            match (pod.proxy, sidecars.last()) {
                (PodProxy::Gateway, _) => gateways.push(index),
                (PodProxy::Sidecar, Some(&(last, at))) if are_replicas(&mesh.pods[last], pod) => {
                    sidecars.push((index, at));
                }
                (PodProxy::Sidecar, _) => {
                    let sidecar = mesh.sidecars.of(pod);
                    let labels = pod.labels.iter().filter(|(key, _)| label_keys.contains(*key));
                    let key = Key {
                        namespace: pod.namespace.clone(),
                        interception: pod.interception,
                        labels: labels.map(|(key, value)| (key.clone(), value.clone())).collect(),
                        sidecar: sidecar.map_or(0, |sidecar| Arc::as_ptr(sidecar).addr()),
                        answers_dns: pod.answers_dns(),
                        http_proxy: settings::http_proxy_port(&mesh.config, pod),
                    };
                    let at = *known.entry(key).or_insert_with_key(|key| {
                        let view = views.of_sidecars(&pod.namespace, sidecar);
                        let view = if key.answers_dns { view.with_auto_addresses() } else { view };
                        seen.push((key.clone(), Arc::new(view), pod));
                        seen.len() - 1
                    });
                    sidecars.push((index, at));
                }
                (PodProxy::None, _) => {}
            }
        }
        Self { mesh, seen, sidecars, gateways }
    }

    /// Each pod with a sidecar, by its place, and the place of what it sees.
    fn sidecars(&self) -> impl Iterator<Item = (usize, &'a Pod, usize)> {
        self.sidecars.iter().map(|&(index, at)| (index, &self.mesh.pods[index], at))
    }
}

/// Whether all that follows from labels and settings is the same for two pods: those of one workload follow each other.
fn are_replicas(one: &Pod, other: &Pod) -> bool {
    Arc::ptr_eq(&one.labels, &other.labels)
        && Arc::ptr_eq(&one.proxy_config, &other.proxy_config)
        && one.namespace == other.namespace
        && (one.proxy, one.interception) == (other.proxy, other.interception)
}

/// What the sidecars of replicas have in common.
#[derive(Clone)]
struct Common {
    settings: Arc<ProxySettings>,
    reading: Reading,
    security: Arc<Security>,
    telemetry: Arc<ProxyTelemetry>,
    extensions: Arc<Vec<Extension>>,
}

/// What all sidecars that are alike have in common.
struct Outbound {
    tables: Arc<Tables>,
    listeners: Arc<Vec<Arc<Listener>>>,
    found: Vec<Diagnostic>,
}

impl Outbound {
    /// For everything that sidecars see, in its order.
    fn all(plan: &Plan<'_>) -> Vec<Self> {
        let mesh = plan.mesh;
        let mut shared = outbound::Shared::new(mesh);
        let mut known = outbound::Listeners::default();
        let of = |(Key { namespace, interception, labels, http_proxy, .. }, view, pod): &(
            Key,
            Arc<View>,
            &Pod,
        )| {
            let mut found = Vec::new();
            let caller =
                outbound::Caller { namespace, labels, interception: *interception, http_proxy: *http_proxy };
            let unclaimed = outbound::policy::of(mesh, view).of_pod(pod);
            let listeners = known.of(World { mesh, view, labels }, caller, &unclaimed, &mut found);
            let tables = outbound::tables(mesh, view, labels, http_proxy.is_some(), &mut shared);
            Self { tables: Arc::new(tables), listeners, found }
        };
        plan.seen.iter().map(of).collect()
    }
}

/// What a [`Compiler`] makes.
struct Parts {
    /// The sidecars, without what they do with what comes from their workloads.
    proxies: Vec<Proxy>,
    gateways: Vec<Proxy>,
    settings: settings::Cache,
    clusters: clusters::Kept,
    found: Vec<Diagnostic>,
}

/// Makes everything of proxies but where requests of sidecars' own workloads go.
struct Compiler<'a> {
    plan: &'a Plan<'a>,
    mesh: &'a Mesh,
    gateway_views: BTreeMap<String, Arc<View>>,
    inbound: inbound::Cache,
    clusters: clusters::Cache,
    security: security::Cache,
    telemetry: telemetry::Cache,
    extensions: extensions::Cache,
    patches: patches::Cache,
    settings: settings::Cache,
    /// The sidecar that was made last.
    last: Option<(&'a Pod, Common)>,
    found: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    fn new(plan: &'a Plan<'a>) -> Self {
        let mesh = plan.mesh;
        Self {
            plan,
            mesh,
            gateway_views: BTreeMap::new(),
            inbound: inbound::Cache::default(),
            clusters: clusters::Cache::new(mesh),
            security: security::Cache::new(mesh),
            telemetry: telemetry::Cache::default(),
            extensions: extensions::Cache::default(),
            patches: patches::Cache::default(),
            settings: settings::Cache::default(),
            last: None,
            found: Vec::new(),
        }
    }

    fn parts(mut self) -> Parts {
        let plan = self.plan;
        let sidecar = |(index, pod, at): (usize, &'a Pod, usize)| self.sidecar(index, pod, &plan.seen[at].1);
        let proxies = plan.sidecars().map(sidecar).collect();
        let gateways = plan.gateways.iter().map(|&index| self.gateway(index, &plan.mesh.pods[index]));
        let gateways = gateways.collect();
        let (settings, found) = (self.settings, self.found);
        Parts { proxies, gateways, settings, clusters: self.clusters.keep(), found }
    }

    fn common(&mut self, pod: &'a Pod) -> Common {
        if let Some((last, common)) = &self.last
            && are_replicas(last, pod)
        {
            return common.clone();
        }
        let (settings, reading) = self.settings.of(&self.mesh.config, pod);
        let common = Common {
            settings,
            reading,
            security: self.security.of(self.mesh, pod),
            telemetry: self.telemetry.of(self.mesh, pod),
            extensions: self.extensions.of(self.mesh, pod, &mut self.found),
        };
        self.last = Some((pod, common.clone()));
        common
    }

    fn sidecar(&mut self, index: usize, pod: &'a Pod, view: &Arc<View>) -> Proxy {
        let Common { settings, reading, security, telemetry, extensions } = self.common(pod);
        let targets = self.mesh.targets(index);
        let clusters = self.clusters.outbound(self.mesh, view, pod, ProxyKind::Sidecar);
        Proxy {
            listeners: self.inbound.of(self.mesh, pod, &targets, &security),
            clusters: self.clusters.of_sidecar(self.mesh, &clusters, pod, &targets),
            reading,
            settings,
            telemetry,
            extensions,
            patches: self.patches.of(self.mesh, pod, BTreeMap::new()),
            ..plain(pod, ProxyKind::Sidecar, security)
        }
    }

    fn gateway(&mut self, index: usize, pod: &Pod) -> Proxy {
        let view = self.gateway_view(&pod.namespace);
        let (settings, reading) = self.settings.of(&self.mesh.config, pod);
        let security = self.security.of(self.mesh, pod);
        let made = gateway::gateway(self.mesh, &view, index, &security, &mut self.found);
        let outbound = self.clusters.outbound(self.mesh, &view, pod, ProxyKind::Gateway);
        let passes_through = passes_through(self.mesh, index);
        Proxy {
            listeners: made.listeners,
            tables: self.settings.tables(&Arc::new(made.tables), &settings),
            clusters: self.clusters.of_gateway(self.mesh, &view, &outbound, pod, passes_through),
            reading,
            settings,
            telemetry: self.telemetry.of(self.mesh, pod),
            extensions: self.extensions.of(self.mesh, pod, &mut self.found),
            patches: self.patches.of(self.mesh, pod, made.server_ports),
            ..plain(pod, ProxyKind::Gateway, security)
        }
    }

    fn gateway_view(&mut self, namespace: &str) -> Arc<View> {
        let made = self.gateway_views.entry(namespace.to_owned());
        Arc::clone(made.or_insert_with(|| Arc::new(self.mesh.gateway_view(namespace))))
    }
}

/// The findings, each once: many proxies see the same thing.
fn each_once(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let key = |d: &Diagnostic| (d.code, d.span, d.message.clone(), d.resource.clone());
    found.retain(|diagnostic| seen.insert(key(diagnostic)));
    found
}

/// The keys of labels that a VirtualService asks of its callers.
fn asked_labels(by: &VirtualService) -> Vec<String> {
    let http = by.http.iter().flat_map(|rule| &rule.route.matches).flat_map(|c| c.source_labels.keys());
    let tls = by.tls.iter().flat_map(|route| &route.matches).flat_map(|c| c.source_labels.keys());
    let tcp = by.tcp.iter().flat_map(|route| &route.matches).flat_map(|c| c.source_labels.keys());
    http.chain(tls).chain(tcp).map(|key| key.value.clone()).collect()
}

/// Whether a gateway passes connections through by the names that they ask for (`AUTO_PASSTHROUGH`).
fn passes_through(mesh: &Mesh, index: usize) -> bool {
    let mut servers = mesh.gateways_of(index).flat_map(|gateway| &gateway.servers);
    servers.any(|server| {
        let mode = server.tls.as_ref().and_then(|tls| tls.mode.as_ref());
        mode.is_some_and(|mode| mode.value == TlsMode::AutoPassthrough)
    })
}

fn plain(pod: &Pod, kind: ProxyKind, security: Arc<Security>) -> Proxy {
    let text = format!("{} {}/{} has this proxy", pod.declared_by, pod.namespace, pod.workload);
    Proxy {
        id: ProxyId { name: pod.name.clone(), namespace: pod.namespace.clone() },
        kind,
        workload: pod.workload.clone(),
        labels: pod.labels.clone(),
        service_account: pod.service_account.clone(),
        ip: pod.ip.clone(),
        security,
        reading: Reading::default(),
        settings: Arc::default(),
        telemetry: Arc::default(),
        extensions: Arc::default(),
        patches: Arc::default(),
        listeners: Vec::new(),
        tables: Arc::default(),
        clusters: Clusters::default(),
        origin: Origin::new(pod.span, text),
    }
}
