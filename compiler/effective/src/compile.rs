//! From the resolved mesh to what each proxy does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Interception, Mesh, Pod, PodProxy, Target, View, Views, VirtualService};
use meshc_resources::istio::TlsMode;

use crate::l4::World;
use crate::model::{Binding, EffectiveMesh, Listener, Origin, Proxy, ProxyId, ProxyKind, Reading, Security};
use crate::outbound::{self, Tables};
use crate::{clusters, extensions, gateway, inbound, patches, rules, security, settings, telemetry};

/// What all sidecars of a namespace that differ in nothing that routes ask about have in common.
struct Outbound {
    tables: Arc<Tables>,
    listeners: Arc<Vec<Arc<Listener>>>,
    view: Arc<View>,
}

/// What each proxy of the mesh does, as Istio's control plane would decide it.
pub fn compile(mesh: &Mesh) -> EffectiveMesh {
    compile_kept(mesh).0
}

/// The same, with the clusters of each service, so that other endpoints can be followed.
pub(crate) fn compile_kept(mesh: &Mesh) -> (EffectiveMesh, clusters::Kept) {
    let mut compiler = Compiler::new(mesh);
    let mut proxies = Vec::with_capacity(mesh.pods.len());
    for (index, pod) in mesh.pods.iter().enumerate() {
        match pod.proxy {
            PodProxy::Sidecar => proxies.push(Arc::new(compiler.sidecar(index, pod))),
            PodProxy::Gateway => proxies.push(Arc::new(compiler.gateway(index, pod))),
            PodProxy::None => {}
        }
    }
    proxies.sort_by(|a, b| (&a.id.namespace, &a.id.name).cmp(&(&b.id.namespace, &b.id.name)));
    let (diagnostics, clusters) = compiler.finish();
    (EffectiveMesh { proxies, diagnostics }, clusters)
}

/// What a pod checks, how its connections come, and the ports that services lead to.
type InboundKey = (usize, Interception, Vec<(usize, usize, u16)>);

struct Compiler<'a> {
    mesh: &'a Mesh,
    views: Views<'a>,
    /// The keys of labels that any route asks of its callers.
    label_keys: BTreeSet<String>,
    /// By namespace, interception, labels, the place of the Sidecar, and whether the proxy answers DNS.
    outbound: BTreeMap<(String, Interception, BTreeMap<String, String>, usize, bool), Arc<Outbound>>,
    gateway_views: BTreeMap<String, Arc<View>>,
    /// Listeners of inbound connections, by what they follow from.
    inbound: HashMap<InboundKey, Vec<Arc<Listener>>>,
    clusters: clusters::Cache,
    listeners: outbound::Listeners,
    shared: outbound::Shared,
    security: security::Cache,
    telemetry: telemetry::Cache,
    extensions: extensions::Cache,
    patches: patches::Cache,
    settings: settings::Cache,
    found: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    fn new(mesh: &'a Mesh) -> Self {
        let asked = mesh.virtual_services.iter().flat_map(|by| asked_labels(by));
        Self {
            mesh,
            views: Views::new(mesh),
            label_keys: asked.chain(mesh.destination_rules.selector_keys().cloned()).collect(),
            outbound: BTreeMap::new(),
            gateway_views: BTreeMap::new(),
            inbound: HashMap::new(),
            clusters: clusters::Cache::new(mesh),
            listeners: outbound::Listeners::default(),
            shared: outbound::Shared::new(mesh),
            security: security::Cache::new(mesh),
            telemetry: telemetry::Cache::default(),
            extensions: extensions::Cache::default(),
            patches: patches::Cache::default(),
            settings: settings::Cache::default(),
            found: rules::of_mesh(mesh),
        }
    }

    fn sidecar(&mut self, index: usize, pod: &Pod) -> Proxy {
        let outbound = self.outbound(pod);
        let (settings, reading) = self.settings.of(&self.mesh.config, pod);
        let security = self.security.of(self.mesh, pod);
        let targets = self.mesh.targets(index);
        let inbound = self.inbound(pod, &targets, &security);
        let clusters = self.clusters.outbound(self.mesh, &outbound.view, pod, ProxyKind::Sidecar);
        // No pod reaches itself through its own proxy.
        let is_self =
            |listener: &Listener| listener.binding == Binding::Captured && listener.address == pod.ip;
        let others = outbound.listeners.iter().filter(|listener| !is_self(listener));
        let listeners = others.cloned().chain(inbound).collect();
        Proxy {
            listeners,
            tables: self.settings.tables(&outbound.tables, &settings),
            clusters: self.clusters.of_sidecar(self.mesh, &clusters, pod, &targets),
            reading,
            settings,
            telemetry: self.telemetry.of(self.mesh, pod),
            extensions: self.extensions.of(self.mesh, pod, &mut self.found),
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

    /// The listeners of a pod's inbound connections; its replicas have the same.
    fn inbound(&mut self, pod: &Pod, targets: &[Target], security: &Arc<Security>) -> Vec<Arc<Listener>> {
        if self.mesh.sidecars.of(pod).is_some_and(|sidecar| !sidecar.ingress.is_empty()) {
            // What a Sidecar says of ports can be about the pod's own address.
            let made = inbound::listeners(self.mesh, pod, targets, security);
            return made.into_iter().map(Arc::new).collect();
        }
        // What a pod checks stands for the policies that hold for it; the cache of it keeps its place taken.
        let places = targets.iter().map(|t| (Arc::as_ptr(&t.service) as usize, t.port, t.target_port));
        let key = (Arc::as_ptr(security) as usize, pod.interception, places.collect());
        let made = self.inbound.entry(key).or_insert_with(|| {
            inbound::listeners(self.mesh, pod, targets, security).into_iter().map(Arc::new).collect()
        });
        made.clone()
    }

    fn outbound(&mut self, pod: &Pod) -> Arc<Outbound> {
        let labels: BTreeMap<String, String> = pod
            .labels
            .iter()
            .filter(|(key, _)| self.label_keys.contains(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let sidecar = self.mesh.sidecars.of(pod);
        let place = sidecar.map_or(0, |sidecar| Arc::as_ptr(sidecar).addr());
        let key = (pod.namespace.clone(), pod.interception, labels, place, pod.answers_dns());
        if let Some(known) = self.outbound.get(&key) {
            return Arc::clone(known);
        }
        let view = self.views.of_sidecars(&pod.namespace, sidecar);
        let view = Arc::new(if key.4 { view.with_auto_addresses() } else { view });
        let made = Arc::new(Outbound {
            tables: Arc::new(outbound::tables(self.mesh, &view, &key.2, &mut self.shared)),
            listeners: self.listeners.of(
                World { mesh: self.mesh, view: &view, labels: &key.2 },
                outbound::Caller {
                    namespace: &pod.namespace,
                    labels: &key.2,
                    interception: pod.interception,
                },
                &outbound::policy::of(self.mesh, &view).of_pod(pod),
                &mut self.found,
            ),
            view,
        });
        self.outbound.insert(key, Arc::clone(&made));
        made
    }

    fn gateway_view(&mut self, namespace: &str) -> Arc<View> {
        let made = self.gateway_views.entry(namespace.to_owned());
        Arc::clone(made.or_insert_with(|| Arc::new(self.views.of_gateways(namespace))))
    }

    /// The findings, each once: many proxies see the same thing.
    fn finish(self) -> (Vec<Diagnostic>, clusters::Kept) {
        let mut found = self.mesh.diagnostics.clone();
        let mut seen = BTreeSet::new();
        let key = |d: &Diagnostic| (d.code, d.span, d.message.clone(), d.resource.clone());
        found.extend(self.found);
        found.retain(|diagnostic| seen.insert(key(diagnostic)));
        (found, self.clusters.keep())
    }
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
        clusters: BTreeMap::new().into(),
        origin: Origin::new(pod.span, text),
    }
}
