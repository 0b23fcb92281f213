//! Services as proxies see them: Kubernetes Services and the hosts of ServiceEntries.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_source::Span;

use crate::{ExportTo, Meta, Protocol};

/// The address of a service that has none of its own: Istio's wildcard.
pub const UNSPECIFIED: &str = "0.0.0.0";

/// Where a service is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Registry {
    /// A Kubernetes Service.
    Kubernetes,
    /// A ServiceEntry.
    External,
}

/// How endpoints are found, in Istio's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// The proxy chooses among known endpoints.
    ClientSide,
    /// Wherever the connection was going: headless Services, ServiceEntries with resolution NONE.
    Passthrough,
    /// Names are looked up, every answer is an endpoint.
    Dns,
    /// Names are looked up, one answer is used at a time.
    DnsRoundRobin,
    /// The name that a request asks for is looked up.
    DynamicDns,
    /// It is another name of another service (`ExternalName`).
    Alias,
}

/// Which endpoints come first, for a service that prefers near ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Distribution {
    /// All are alike.
    #[default]
    Any,
    /// Those of the caller's zone.
    SameZone,
    /// Those of the caller's node.
    SameNode,
}

/// Whether an endpoint takes requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Health {
    /// Nobody says, which means yes: an endpoint of a ServiceEntry.
    Unknown,
    /// Yes.
    #[default]
    Healthy,
    /// It is not ready.
    Unhealthy,
    /// It is going away and serves who is bound to it.
    Draining,
    /// It is going away.
    Terminating,
}

/// A service on one host; an entry with several hosts or addresses makes several, as in Istio.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The resource that declares it.
    pub meta: Meta,
    /// The full name; may be a wildcard for a ServiceEntry.
    pub hostname: String,
    /// What Istio sorts services of the same age by: the Service's name, or the entry's host.
    pub name: String,
    /// Where it is declared.
    pub registry: Registry,
    /// How endpoints are found.
    pub resolution: Resolution,
    /// In the order of the resource.
    pub ports: Vec<Port>,
    /// Its own addresses as the YAML has them, IPs or CIDR blocks; empty where it has none.
    pub addresses: Vec<String>,
    /// For a Kubernetes Service with a cluster address that the YAML leaves to the cluster: a stable one in
    /// 10.96.0.0/12, so that raw TCP services can be told apart. Never a domain of a virtual host.
    pub derived_address: Option<String>,
    /// The addresses that Istio gives a ServiceEntry without any, for proxies that answer DNS: those in its status, else a
    /// stable one in 240.240.0.0/16.
    pub auto_addresses: Vec<String>,
    /// The name that it stands for, of an `ExternalName`.
    pub alias_of: Option<String>,
    /// Hosts that stand for it.
    pub aliases: Vec<String>,
    /// Labels of its pods; empty where it selects none.
    pub selector: BTreeMap<String, String>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// Outside the mesh.
    pub external: bool,
    /// It is part of Istio's installation and not in the YAML.
    pub made_up: bool,
    /// Pods that are not ready count too.
    pub publish_not_ready: bool,
    /// Callers prefer endpoints that are near.
    pub distribution: Distribution,
    /// Only endpoints of the caller's node are used (`internalTrafficPolicy: Local`).
    pub node_local: bool,
    /// Names that the endpoints' certificates may have, beside those of the endpoints themselves: SPIFFE identities
    /// or what `subjectAltNames` says.
    pub subject_alt_names: Vec<String>,
    /// For a port whose connections go where they were going, another port there.
    pub port_overrides: BTreeMap<u16, u16>,
    /// By port, in the order of discovery.
    pub endpoints: Vec<Endpoint>,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name, empty where it has none.
    pub name: String,
    /// The port that clients use.
    pub number: u16,
    /// What is spoken.
    pub protocol: Protocol,
    /// The pods' port.
    pub target: TargetPort,
    /// Where it is written.
    pub span: Span,
}

/// The port of the pods behind a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// A number; the service's own where none is written.
    Number(u16),
    /// The name of a container's port.
    Name(String),
}

/// Where bytes for one port of a service are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The service's port.
    pub service_port: u16,
    /// An IP address; a name for DNS; the path of a Unix socket where the port is 0.
    pub address: String,
    /// The port there.
    pub port: u16,
    /// Its share.
    pub weight: u32,
    /// Labels of the pod or entry with those of its place, which subsets select by.
    pub labels: Arc<BTreeMap<String, String>>,
    /// The owner of the pod, or the ServiceEntry's name.
    pub workload: String,
    /// The namespace of the pod or entry.
    pub namespace: String,
    /// The pod, where it is one.
    pub pod: Option<String>,
    /// Whether it takes new requests.
    pub health: Health,
    /// `region/zone/subzone`, empty where unknown.
    pub locality: String,
    /// The network that it is in, empty for the mesh's own.
    pub network: String,
    /// Whether it takes Istio's mutual TLS: a sidecar or a proxy is there.
    pub mutual_tls: bool,
    /// Its namespace and service account, where it has an identity.
    pub identity: Option<(String, String)>,
}

// === impl Service ===

impl Service {
    /// The address that its listeners have: the first of its own, else a derived one, else the wildcard.
    pub fn listen_address(&self) -> &str {
        self.addresses.first().or(self.derived_address.as_ref()).map_or(UNSPECIFIED, String::as_str)
    }

    /// The port with this number.
    pub fn port(&self, number: u16) -> Option<&Port> {
        self.ports.iter().find(|port| port.number == number)
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.meta.namespace
    }

    /// Whether a namespace sees it.
    pub fn is_visible_to(&self, namespace: &str) -> bool {
        self.export_to.allows(self.namespace(), namespace)
    }

    /// The endpoints of one port.
    pub fn endpoints_of(&self, port: u16) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(move |endpoint| endpoint.service_port == port)
    }
}
