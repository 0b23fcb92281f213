//! Sidecars: which of them holds for a workload, and what it imports (`sidecar.go` and `push_context.go` of
//! `pilot/pkg/model`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_resources::istio::{
    self, CaptureMode, ConnectionPoolSettings, IngressListener, OutboundTrafficPolicy,
};
use meshc_resources::{Object, Resources};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::hostname::{is_covered, is_wildcard, overlaps};
use crate::meta::{plain, selects};
use crate::{Meta, Pod, Protocol, Semantics, VirtualService};

/// A Sidecar.
#[derive(Debug, Clone, PartialEq)]
pub struct Sidecar {
    /// The resource.
    pub meta: Meta,
    /// Labels of its workloads; none for all of its namespace.
    pub selector: Option<BTreeMap<String, String>>,
    /// What its workloads reach; everything when empty.
    pub egress: Vec<EgressSpec>,
    /// Where its workloads are reached; by their services when empty.
    pub ingress: Vec<Spanned<IngressListener>>,
    /// Of all inbound ports that do not say otherwise.
    pub inbound_connection_pool: Option<Spanned<ConnectionPoolSettings>>,
    /// What happens to requests to hosts that it does not know; the mesh's settings when absent.
    pub outbound_traffic_policy: Option<Spanned<OutboundTrafficPolicy>>,
}

/// A listener of a Sidecar by which its workloads reach some hosts.
#[derive(Debug, Clone, PartialEq)]
pub struct EgressSpec {
    /// The port; none for all that no other listener has.
    pub port: Option<EgressPort>,
    /// An address or `unix://PATH`; empty for those of the services.
    pub bind: String,
    /// How connections come to it.
    pub capture: CaptureMode,
    /// `NAMESPACE/HOST` as written.
    pub hosts: Vec<Spanned<String>>,
    /// Where it is written.
    pub span: Span,
}

/// The port of such a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressPort {
    /// Its number; 0 for a Unix socket.
    pub number: u16,
    /// What is spoken.
    pub protocol: Protocol,
    /// A label.
    pub name: String,
}

/// All Sidecars.
#[derive(Debug, Clone, Default)]
pub struct Sidecars {
    /// By namespace, in the order in which they are tried: those that select workloads first, each oldest first.
    by_namespace: BTreeMap<String, Vec<Arc<Sidecar>>>,
    /// Of the root namespace, without a selector: for namespaces that have none.
    root: Option<Arc<Sidecar>>,
}

// === impl Sidecars ===

impl Sidecars {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_namespace.is_empty() && self.root.is_none()
    }

    /// From all resources.
    pub(crate) fn new(resources: &Resources, root_namespace: &str) -> Self {
        let mut all: Vec<_> = resources.sidecars.iter().map(|object| Arc::new(sidecar(object))).collect();
        all.sort_by(|a, b| {
            a.selector.is_none().cmp(&b.selector.is_none()).then_with(|| a.meta.by_age(&b.meta))
        });
        let root =
            |sidecar: &&Arc<Sidecar>| sidecar.meta.namespace == root_namespace && sidecar.selector.is_none();
        let root = all.iter().find(root).cloned();
        let mut by_namespace: BTreeMap<String, Vec<Arc<Sidecar>>> = BTreeMap::new();
        for sidecar in all {
            by_namespace.entry(sidecar.meta.namespace.clone()).or_default().push(sidecar);
        }
        Self { by_namespace, root }
    }

    /// The one that holds for a pod: the first of its namespace that selects it, else that of the root namespace.
    pub fn of(&self, pod: &Pod) -> Option<&Arc<Sidecar>> {
        let own = self.by_namespace.get(&pod.namespace).map(Vec::as_slice).unwrap_or_default();
        let selects_it = |sidecar: &&Arc<Sidecar>| {
            sidecar.selector.as_ref().is_none_or(|selector| selects(selector, &pod.labels))
        };
        own.iter().find(selects_it).or(self.root.as_ref())
    }

    /// All of them, by namespace, in the order in which they are tried.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Sidecar>> {
        self.by_namespace.values().flatten()
    }
}

fn sidecar(object: &Object<istio::Sidecar>) -> Sidecar {
    let spec = &object.spec;
    Sidecar {
        meta: Meta::new("Sidecar", &object.metadata, object.span),
        selector: spec.workload_selector.as_ref().map(|selector| plain(&selector.labels)),
        egress: spec.egress.iter().map(egress).collect(),
        ingress: spec.ingress.clone(),
        inbound_connection_pool: spec.inbound_connection_pool.clone(),
        outbound_traffic_policy: spec.outbound_traffic_policy.clone(),
    }
}

fn egress(listener: &Spanned<istio::EgressListener>) -> EgressSpec {
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(|v| v.value.clone()).unwrap_or_default();
    EgressSpec {
        port: listener.port.as_ref().map(|port| EgressPort {
            number: port.number.as_ref().and_then(|number| u16::try_from(number.value).ok()).unwrap_or(0),
            protocol: Protocol::parse(&text(&port.protocol)),
            name: text(&port.name),
        }),
        bind: text(&listener.bind),
        capture: listener.capture_mode.as_ref().map(|mode| mode.value).unwrap_or_default(),
        hosts: listener.hosts.clone(),
        span: listener.span,
    }
}

// === impl EgressSpec ===

impl EgressSpec {
    /// The port that services must have to be reached by it; none for a proxy's port and for sockets.
    pub fn required_port(&self) -> Option<u16> {
        let port = self.port.as_ref()?;
        (port.number != 0 && port.protocol != Protocol::HttpProxy).then_some(port.number)
    }
}

/// The hosts that a listener imports, by namespace.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    by_namespace: BTreeMap<String, Hosts>,
}

#[derive(Debug, Default)]
struct Hosts {
    included: Vec<String>,
    excluded: Vec<String>,
}

/// Any namespace.
const ANY: &str = "*";

impl Imports {
    /// From the hosts as written, in a Sidecar that holds for `namespace`.
    pub(crate) fn new<'a>(hosts: impl IntoIterator<Item = &'a str>, namespace: &str) -> Self {
        let mut imports = Self::default();
        for host in hosts {
            let Some((of, name)) = host.split_once('/').filter(|(_, name)| !name.contains('/')) else {
                continue;
            };
            let (of, excluded) = of.strip_prefix('~').map_or((of, false), |of| (of, true));
            let of = match of {
                "" if excluded => ANY,
                "." => namespace,
                other => other,
            };
            let hosts = imports.by_namespace.entry(of.to_owned()).or_default();
            if excluded { &mut hosts.excluded } else { &mut hosts.included }.push(name.to_owned());
        }
        imports
    }

    /// Everything of everyone.
    pub(crate) fn everything() -> Self {
        Self::new(["*/*"], "")
    }

    /// The namespaces and hosts that are imported, if none of either is a wildcard.
    pub(crate) fn exact(&self) -> Option<BTreeSet<(String, String)>> {
        let mut named = BTreeSet::new();
        for (namespace, hosts) in &self.by_namespace {
            for host in &hosts.included {
                if namespace == ANY || is_wildcard(host) {
                    return None;
                }
                named.insert((namespace.clone(), host.clone()));
            }
        }
        Some(named)
    }

    /// The namespaces of which anything is imported; none where that may be any.
    pub(crate) fn namespaces(&self) -> Option<impl Iterator<Item = &str>> {
        let has_any = self.by_namespace.get(ANY).is_some_and(|hosts| !hosts.included.is_empty());
        let named = self.by_namespace.iter().filter(|(_, hosts)| !hosts.included.is_empty());
        (!has_any).then(|| named.map(|(namespace, _)| namespace.as_str()))
    }

    /// Whether the host of a service of a namespace is imported.
    pub(crate) fn has_service(&self, namespace: &str, host: &str) -> bool {
        let (own, any) = (self.by_namespace.get(namespace), self.by_namespace.get(ANY));
        let of = || own.into_iter().chain(any);
        !of().any(|hosts| hosts.excludes(host)) && of().any(|hosts| hosts.includes(host))
    }

    /// Whether one of the hosts of a VirtualService is imported.
    pub(crate) fn has_virtual_service(&self, by: &VirtualService) -> bool {
        let (own, any) = (self.by_namespace.get(&by.meta.namespace), self.by_namespace.get(ANY));
        let of = || own.into_iter().chain(any);
        // Routes of the Gateway API are looked at as services are.
        let strict = by.semantics == Semantics::GatewayApi;
        let meets = |imported: &Hosts, host: &str| {
            if strict { imported.includes(host) } else { imported.meets(host) }
        };
        of().any(|imported| {
            by.hosts.iter().any(|host| meets(imported, host) && !of().any(|hosts| hosts.excludes(host)))
        })
    }
}

impl Hosts {
    fn excludes(&self, host: &str) -> bool {
        self.excluded.iter().any(|excluded| is_covered(host, excluded))
    }

    fn includes(&self, host: &str) -> bool {
        self.included.iter().any(|included| is_covered(host, included))
    }

    /// A VirtualService may be for more hosts than those that are imported.
    fn meets(&self, host: &str) -> bool {
        self.included.iter().any(|included| {
            included == host || ((is_wildcard(host) || is_wildcard(included)) && overlaps(host, included))
        })
    }
}

#[cfg(test)]
mod tests {
    use meshc_resources::Metadata;
    use meshc_source::FileId;

    use super::*;
    use crate::ExportTo;

    fn nowhere() -> Span {
        Span::new(FileId(0), 0, 0)
    }

    #[test]
    fn hosts_are_imported_by_namespace_and_left_out_with_a_tilde() {
        let imports = Imports::new(["./*", "b/*.example.com", "c/x.c", "~/y.example.com", "~a/z.a"], "a");
        for (namespace, host, there) in [
            ("a", "x.a", true),
            ("a", "z.a", false),
            ("b", "x.example.com", true),
            ("b", "y.example.com", false),
            ("b", "x.b", false),
            ("c", "x.c", true),
            ("d", "x.d", false),
        ] {
            assert_eq!(imports.has_service(namespace, host), there, "{namespace}/{host}");
        }
        let by = |namespace: &str, host: &str, semantics| VirtualService {
            tls: Vec::new(),
            tcp: Vec::new(),
            meta: Meta {
                namespace: namespace.to_owned(),
                ..Meta::new("VirtualService", &Metadata::default(), nowhere())
            },
            hosts: vec![Spanned::new(host.to_owned())],
            gateways: Vec::new(),
            export_to: ExportTo::default(),
            http: Vec::new(),
            semantics,
        };
        assert!(imports.has_virtual_service(&by("b", "*.com", Semantics::Istio)));
        assert!(!imports.has_virtual_service(&by("b", "*.com", Semantics::GatewayApi)));
        assert!(!imports.has_virtual_service(&by("c", "y.c", Semantics::Istio)));
        assert!(imports.has_virtual_service(&by("c", "*.c", Semantics::Istio)));
        assert!(Imports::everything().has_service("x", "y"));
    }
}
