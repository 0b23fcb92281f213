//! What the mesh rules look up: services by host, and how a written name is understood.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::hostname::{is_covered, is_wildcard, qualify};
use meshc_mesh::{Gateway, Mesh, Pod, Service, selects};
use meshc_resources::istio::mesh::MeshConfig;
use meshc_resources::{Metadata, Object, Resources, gateway_api, istio, kubernetes};
use meshc_source::Span;
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::meant;

use super::destinations::{self, Place};
use super::pods::Pods;

/// The world with what one family of rules may spend on looking around in it.
pub(super) struct Context<'a> {
    world: Arc<World<'a>>,
    /// How many names may still be compared with unknown ones.
    comparisons: Cell<usize>,
}

/// The resources with what the rules look up in them.
pub(super) struct World<'a> {
    pub(super) resources: &'a Resources,
    pub(super) mesh: &'a Mesh,
    /// Seconds since 1970, for the dates of certificates; none leaves them alone.
    pub(super) now: Option<i64>,
    /// Whether the tree holds Secrets at all.
    pub(super) has_secrets: bool,
    /// Pods by their labels.
    pub(super) pods: Pods<'a>,
    /// Every place that sends requests somewhere.
    pub(super) destinations: Vec<Place<'a>>,
    by_host: BTreeMap<&'a str, Vec<&'a Arc<Service>>>,
    gateways: HashMap<String, &'a Arc<Gateway>>,
    /// Of the Gateway API, by `NAMESPACE/NAME`.
    kubernetes_gateways: HashMap<String, &'a Object<gateway_api::Gateway>>,
    services: HashMap<(&'a str, &'a str), &'a Object<kubernetes::ServiceSpec>>,
    namespaces: BTreeSet<&'a str>,
    /// Services by the namespace that declares them.
    by_namespace: HashMap<&'a str, Vec<&'a Arc<Service>>>,
    /// Istio's injector is installed so that namespaces without a label get sidecars.
    pub(super) injects_by_default: bool,
    /// Sidecars give ServiceEntries without addresses some.
    pub(super) allocates_addresses: bool,
    /// Callers send mutual TLS to whoever takes it.
    pub(super) auto_mtls: bool,
    /// The settings of the mesh, where the tree has them.
    pub(super) mesh_config: Option<&'a MeshConfig>,
    /// The identities of all workloads: `cluster.local/ns/shop/sa/reviews`.
    pub(super) principals: BTreeSet<String>,
    /// The mesh's trust domain and its other names.
    pub(super) trust_domains: BTreeSet<String>,
    /// Clusters that Secrets make known.
    pub(super) clusters: BTreeSet<&'a str>,
    /// The subsets that DestinationRules declare, by host in full.
    subsets: HashSet<(String, &'a str)>,
    /// Pods whose traffic the ambient mesh takes, as their annotations say.
    redirected: HashSet<(&'a str, &'a str)>,
    secrets: HashMap<(&'a str, &'a str), &'a Object<kubernetes::Secret>>,
}

/// In a tree in which one family of rules finds more unknown names than this allows something larger is wrong than a
/// letter; comparing each with all names would take their square.
const MAX_COMPARISONS: usize = 250_000;

/// What a host means where it is written.
pub(super) enum Found<'a> {
    /// These services, several for a wildcard.
    Services(Vec<&'a Arc<Service>>),
    /// Services that the namespace does not see.
    NotExported(&'a Arc<Service>),
    /// No service, but one with this wildcard as its host covers the name.
    Wildcard(&'a Arc<Service>),
    /// Nothing.
    Nothing,
}

impl<'a> Deref for Context<'a> {
    type Target = World<'a>;

    fn deref(&self) -> &World<'a> {
        &self.world
    }
}

impl<'a> World<'a> {
    pub(super) fn new(resources: &'a Resources, mesh: &'a Mesh, now: Option<i64>) -> Self {
        let mut by_host: BTreeMap<&str, Vec<&Arc<Service>>> = BTreeMap::new();
        let mut namespaces: BTreeSet<&str> = mesh.namespaces.keys().map(String::as_str).collect();
        let mut by_namespace: HashMap<&str, Vec<&Arc<Service>>> = HashMap::new();
        for service in &mesh.services {
            by_host.entry(service.hostname.as_str()).or_default().push(service);
            namespaces.insert(service.namespace());
            by_namespace.entry(service.namespace()).or_default().push(service);
        }
        namespaces.extend(mesh.pods.iter().map(|pod| pod.namespace.as_str()));
        let mesh_config = mesh_config(resources);
        let trust_domains = trust_domains(mesh_config);
        let redirected = resources
            .pods
            .iter()
            .filter(|pod| pod.metadata.annotation("ambient.istio.io/redirection") == Some("enabled"))
            .map(|pod| (pod.namespace(), pod.name()))
            .collect();
        let subsets = resources.destination_rules.iter().flat_map(|object| {
            let host = object.spec.host.as_ref().map_or("", |host| host.value.as_str());
            let full = qualify(host, object.namespace());
            let names = object.spec.subsets.iter().filter_map(|subset| subset.name.as_ref());
            names.map(move |name| (full.clone(), name.value.as_str())).collect::<Vec<_>>()
        });
        Self {
            resources,
            mesh,
            now,
            has_secrets: !resources.secrets.is_empty(),
            pods: Pods::new(&mesh.pods),
            destinations: destinations::all(&resources.virtual_services),
            by_host,
            kubernetes_gateways: resources
                .kubernetes_gateways
                .iter()
                .map(|o| (format!("{}/{}", o.namespace(), o.name()), o))
                .collect(),
            gateways: mesh.gateways.iter().map(|gateway| (gateway.meta.key(), gateway)).collect(),
            services: resources.services.iter().map(|o| ((o.namespace(), o.name()), o)).collect(),
            namespaces,
            by_namespace,
            injects_by_default: injects_by_default(resources),
            allocates_addresses: mesh_config.is_some_and(allocates_addresses),
            auto_mtls: mesh_config
                .and_then(|config| config.enable_auto_mtls.as_ref())
                .is_none_or(|automatic| automatic.value),
            principals: principals(resources, mesh, &trust_domains),
            trust_domains,
            mesh_config,
            clusters: clusters(resources),
            subsets: subsets.collect(),
            redirected,
            secrets: resources.secrets.iter().map(|o| ((o.namespace(), o.name()), o)).collect(),
        }
    }
}

impl<'a> Context<'a> {
    /// With all that may be spent.
    pub(super) fn new(world: &Arc<World<'a>>) -> Self {
        Self { world: Arc::clone(world), comparisons: Cell::new(MAX_COMPARISONS) }
    }

    /// Whether the tree holds pods of a namespace.
    pub(super) fn has_workloads(&self, namespace: &str) -> bool {
        self.pods.of_namespace(namespace).next().is_some()
    }

    /// Whether anything in the tree shows that a namespace exists.
    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.contains(name)
            || name == meshc_mesh::ROOT_NAMESPACE
            || self.mesh.external.has_namespace(name)
    }

    /// All namespaces that something in the tree shows.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'a str> {
        self.namespaces.iter().copied()
    }

    /// The gateway called `NAMESPACE/NAME`.
    pub(super) fn gateway(&self, key: &str) -> Option<&'a Arc<Gateway>> {
        self.gateways.get(key).copied()
    }

    /// The Secret of this namespace and name.
    pub(super) fn secret(&self, namespace: &str, name: &str) -> Option<&'a Object<kubernetes::Secret>> {
        self.secrets.get(&(namespace, name)).copied()
    }

    /// The services that a namespace declares.
    pub(super) fn services_of(&self, namespace: &str) -> impl Iterator<Item = &'a Arc<Service>> {
        self.by_namespace.get(namespace).into_iter().flatten().copied()
    }

    /// Whether some DestinationRule declares a subset of a host in full, whoever follows it.
    pub(super) fn declares_subset(&self, host: &str, subset: &str) -> bool {
        self.subsets.contains(&(host.to_owned(), subset))
    }

    /// Whether a namespace is part of the ambient mesh, and its pods have no sidecars.
    pub(super) fn is_ambient_namespace(&self, name: &str) -> bool {
        self.mesh.namespaces.get(name).is_some_and(|namespace| {
            let label = |key: &str| namespace.labels.get(key).map(String::as_str);
            label("istio-injection") != Some("enabled")
                && label("istio.io/rev").is_none_or(str::is_empty)
                && label("istio.io/dataplane-mode") == Some("ambient")
        })
    }

    /// Whether the ambient mesh takes a pod's traffic.
    pub(super) fn is_ambient(&self, pod: &Pod) -> bool {
        let mode = pod.labels.get("istio.io/dataplane-mode").map(String::as_str);
        self.redirected.contains(&(pod.namespace.as_str(), pod.name.as_str()))
            || mode == Some("ambient")
            || (mode.is_none() && self.is_ambient_namespace(&pod.namespace))
    }

    /// Whether a WorkloadEntry or WorkloadGroup has these labels.
    pub(super) fn has_workload_entry(
        &self,
        namespace: Option<&str>,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        let plain = |map: &indexmap::IndexMap<Spanned<String>, Spanned<String>>| -> BTreeMap<String, String> {
            map.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
        };
        let here = |of: &str| namespace.is_none_or(|namespace| namespace == of);
        let entry = self
            .resources
            .workload_entries
            .iter()
            .any(|entry| here(entry.namespace()) && selects(labels, &plain(&entry.spec.labels)));
        entry
            || self.resources.workload_groups.iter().any(|group| {
                let of_group = group.spec.metadata.as_ref().map(|metadata| plain(&metadata.labels));
                here(group.namespace()) && of_group.is_some_and(|own| selects(labels, &own))
            })
    }

    /// Whether Istio gave a ServiceEntry addresses (`status.addresses`).
    #[expect(clippy::unused_self, reason = "a question to the world like its neighbours")]
    pub(super) fn has_allocated_addresses(&self, entry: &Object<istio::ServiceEntry>) -> bool {
        let addresses = entry.status.as_ref().and_then(|status| status.node().get("addresses"));
        addresses.is_some_and(|addresses| !addresses.items().is_empty())
    }

    /// The type of the proxy's image of a pod (`distroless`), from ProxyConfig and MeshConfig; empty for the usual one.
    pub(super) fn image_type(&self, namespace: &str, pod: &Metadata) -> String {
        let of_mesh = self.mesh_config.and_then(|config| {
            config.default_config.as_ref()?.image.as_ref()?.image_type.as_ref().map(|t| t.value.clone())
        });
        let mut found = of_mesh.unwrap_or_default();
        let labels: BTreeMap<String, String> =
            pod.labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect();
        let mut by_width: Vec<(u8, String)> = self
            .resources
            .proxy_configs
            .iter()
            .filter_map(|object| {
                let kind = object.spec.image.as_ref()?.image_type.as_ref().filter(|t| !t.is_empty())?;
                let selector = object.spec.selector.as_ref().map(|selector| &selector.match_labels);
                let wanted: BTreeMap<String, String> = selector
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| (key.value.clone(), value.value.clone()))
                    .collect();
                let width = match (object.namespace() == meshc_mesh::ROOT_NAMESPACE, selector.is_some()) {
                    (true, _) => 0,
                    (false, false) => 1,
                    (false, true) => 2,
                };
                let holds = width == 0 || (object.namespace() == namespace && selects(&wanted, &labels));
                holds.then(|| (width, kind.value.clone()))
            })
            .collect();
        by_width.sort();
        if let Some((_, kind)) = by_width.pop() {
            found = kind;
        }
        if let Some(written) = pod.annotation("proxy.istio.io/config")
            && let Some((_, rest)) = written.split_once("imageType:")
        {
            let first = rest.split_whitespace().next().unwrap_or_default();
            first.trim_matches(['"', '\'', '}']).clone_into(&mut found);
        }
        if found == "default" { String::new() } else { found }
    }

    /// The Gateway of the Gateway API called `NAMESPACE/NAME`.
    pub(super) fn kubernetes_gateway(&self, key: &str) -> Option<&'a Object<gateway_api::Gateway>> {
        self.kubernetes_gateways.get(key).copied()
    }

    /// The Kubernetes Service of this namespace and name.
    pub(super) fn service_object(
        &self,
        namespace: &str,
        name: &str,
    ) -> Option<&'a Object<kubernetes::ServiceSpec>> {
        self.services.get(&(namespace, name)).copied()
    }

    /// Adds the name among `candidates` that was probably meant, and a fix where no other can be meant.
    pub(super) fn suggest<'n>(
        &self,
        finding: Diagnostic,
        span: Span,
        name: &str,
        candidates: impl Iterator<Item = &'n str>,
        otherwise: String,
    ) -> Diagnostic {
        let Some((near, certain)) = self.probably(name, candidates) else { return finding.help(otherwise) };
        let finding = finding.help(format!("did you mean `{near}`?"));
        if certain { finding.replace(format!("Replace with `{near}`"), span, near) } else { finding }
    }

    /// The name among `candidates` that was probably meant.
    pub(super) fn nearest<'n>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Option<&'n str> {
        self.probably(name, candidates).map(|(near, _)| near)
    }

    /// As [`Context::nearest`], and whether no other can be meant.
    fn probably<'n>(
        &self,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Option<(&'n str, bool)> {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let left = self.comparisons.get().checked_sub(candidates.len())?;
        self.comparisons.set(left);
        meant(name, candidates)
    }

    /// Every host with its services, in Istio's order.
    pub(super) fn hosts(&self) -> impl Iterator<Item = (&'a str, &[&'a Arc<Service>])> {
        self.by_host.iter().map(|(host, services)| (*host, services.as_slice()))
    }

    /// What a host written in a resource of `namespace` means there.
    pub(super) fn find(&self, host: &str, namespace: &str) -> Found<'a> {
        self.find_for(host, namespace, &[namespace])
    }

    /// What a host written in a resource of `namespace` means to the namespaces that follow the resource.
    pub(super) fn find_for(&self, host: &str, namespace: &str, seers: &[&str]) -> Found<'a> {
        let is_seen = |service: &Service| seers.iter().any(|seer| service.is_visible_to(seer));
        let full = qualify(host, namespace);
        let all: Vec<&Arc<Service>> = if is_wildcard(&full) {
            self.mesh.services.iter().filter(|service| is_covered(&service.hostname, &full)).collect()
        } else {
            self.by_host.get(full.as_str()).cloned().unwrap_or_default()
        };
        let (seen, unseen): (Vec<_>, Vec<_>) = all.into_iter().partition(|service| is_seen(service));
        if !seen.is_empty() {
            return Found::Services(seen);
        }
        if let Some(first) = unseen.first() {
            return Found::NotExported(first);
        }
        let wildcards = self.by_host.range("*"..).take_while(|(host, _)| is_wildcard(host));
        let mut covering = wildcards.filter(|(host, _)| is_covered(&full, host)).flat_map(|(_, all)| all);
        match covering.find(|service| is_seen(service)) {
            Some(service) => Found::Wildcard(service),
            None => Found::Nothing,
        }
    }

    /// The one service that requests to a host reach: the namespace's own, else the first.
    pub(super) fn service(&self, host: &str, namespace: &str) -> Option<&'a Arc<Service>> {
        match self.find(host, namespace) {
            Found::Services(services) if !is_wildcard(host) => {
                let own = services.iter().find(|service| service.namespace() == namespace);
                own.or_else(|| services.first()).copied()
            }
            _ => None,
        }
    }

    /// The name that was probably meant, as it would be written in `namespace`, and whether that is certain.
    pub(super) fn meant(&self, host: &str, namespace: &str) -> Option<(String, bool)> {
        // `reviews.shop` is no short form in Istio, and a service of another namespace needs its full name.
        let start = format!("{}.", host.trim_end_matches('.'));
        let full = |service: &&Arc<Service>| {
            service.is_visible_to(namespace) && service.hostname.starts_with(&start)
        };
        let mut longer = self.mesh.services.iter().filter(full).map(|service| &service.hostname);
        if let Some(first) = longer.next() {
            return Some((first.clone(), host.contains('.') && longer.all(|other| other == first)));
        }
        let seen = self.mesh.services.iter().filter(|service| service.is_visible_to(namespace));
        let mut names: Vec<&str> = if host.contains('.') {
            seen.map(|service| service.hostname.as_str()).collect()
        } else {
            seen.filter(|s| s.namespace() == namespace && s.hostname != s.name)
                .map(|s| s.name.as_str())
                .collect()
        };
        names.sort_unstable();
        names.dedup();
        self.probably(host, names).map(|(near, certain)| (near.to_owned(), certain))
    }
}

/// The settings that istiod reads: those of the ConfigMap `istio`, else of a revision's.
fn mesh_config(resources: &Resources) -> Option<&MeshConfig> {
    let all = || resources.mesh_settings.iter().filter_map(|o| Some((o, o.spec.config.as_ref()?)));
    let of_default = all().find(|(object, _)| object.name() == "istio");
    of_default.or_else(|| all().next()).map(|(_, config)| &config.value)
}

/// Whether sidecars answer for names, with addresses of their own for those that have none.
fn allocates_addresses(config: &MeshConfig) -> bool {
    let metadata = config.default_config.as_ref().map(|proxy| &proxy.proxy_metadata);
    let on = |name: &str| {
        metadata.into_iter().flatten().any(|(key, value)| key.value == name && value.value == "true")
    };
    on("ISTIO_META_DNS_CAPTURE") && (on("ISTIO_META_DNS_AUTO_ALLOCATE") || on("PILOT_ENABLE_IP_AUTOALLOCATE"))
}

/// The mesh's trust domain and its other names; `cluster.local` is always one.
fn trust_domains(config: Option<&MeshConfig>) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = ["cluster.local".to_owned()].into();
    if let Some(config) = config {
        all.extend(config.trust_domain.iter().map(|domain| domain.value.clone()));
        all.extend(config.trust_domain_aliases.iter().map(|domain| domain.value.clone()));
    }
    all
}

/// The identities that ServiceAccounts and pods have.
fn principals(resources: &Resources, mesh: &Mesh, trust_domains: &BTreeSet<String>) -> BTreeSet<String> {
    let mut accounts: BTreeSet<(&str, &str)> =
        resources.service_accounts.iter().map(|o| (o.metadata.namespace(), o.metadata.name())).collect();
    accounts.extend(mesh.pods.iter().map(|pod| (pod.namespace.as_str(), pod.service_account.as_str())));
    for entry in &resources.workload_entries {
        accounts.extend(entry.spec.service_account.as_ref().map(|a| (entry.namespace(), a.value.as_str())));
    }
    for group in &resources.workload_groups {
        let account = group.spec.template.as_ref().and_then(|t| t.service_account.as_ref());
        accounts.extend(account.map(|account| (group.namespace(), account.value.as_str())));
    }
    let of_domain = |domain: &String| {
        let domain = domain.clone();
        accounts.iter().map(move |(namespace, name)| format!("{domain}/ns/{namespace}/sa/{name}"))
    };
    trust_domains.iter().flat_map(of_domain).collect()
}

/// The clusters of Secrets with Istio's label.
fn clusters(resources: &Resources) -> BTreeSet<&str> {
    let labelled =
        resources.secrets.iter().filter(|o| o.metadata.label("istio/multiCluster") == Some("true"));
    let keys = labelled.flat_map(|o| o.spec.data.keys().chain(o.spec.string_data.keys()));
    keys.map(|key| key.value.as_str()).collect()
}

/// Whether the injector's settings say that namespaces without a label get sidecars.
fn injects_by_default(resources: &Resources) -> bool {
    let settings = resources.config_maps.iter().filter(|o| o.name().starts_with("istio-sidecar-injector"));
    let mut values = settings.filter_map(|o| o.spec.data.iter().find(|(key, _)| key.value == "values"));
    values.any(|(_, text)| {
        let json: Option<serde_json::Value> = serde_json::from_str(&text.value).ok();
        let on =
            json.as_ref().and_then(|json| json.pointer("/sidecarInjectorWebhook/enableNamespacesByDefault"));
        on.and_then(serde_json::Value::as_bool).unwrap_or(false)
    })
}
