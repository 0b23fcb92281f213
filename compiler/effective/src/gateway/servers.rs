//! The servers of all Gateways of a pod, by the port that the pod listens on (Istio's `mergeGateways`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Gateway, Mesh, Protocol, Target};
use meshc_resources::istio::{Server as Written, TlsMode};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::rules;

/// On a Service: Gateways name the ports of its pods, never its own.
const NO_TRANSLATION: &str = "experimental.istio.io/disable-gateway-port-translation";

/// One server with its Gateway.
#[derive(Clone)]
pub(super) struct Server {
    /// The resource.
    pub(super) gateway: Arc<Gateway>,
    /// As written.
    pub(super) written: Spanned<Written>,
    /// The port as written, which names of virtual hosts have.
    pub(super) number: u16,
    /// What is spoken.
    pub(super) protocol: Protocol,
    /// `HOST` or `NAMESPACE/HOST`, with `.` and `*` resolved.
    pub(super) hosts: Vec<String>,
    /// The route table, where it speaks HTTP after TLS; empty otherwise.
    pub(super) table: String,
}

impl Server {
    /// Where its port is written.
    pub(super) fn span(&self) -> Span {
        self.written.port.as_ref().map_or(self.written.span, |port| port.span)
    }

    /// Whether clients are told to use HTTPS.
    pub(super) fn redirects_to_https(&self) -> bool {
        let tls = self.written.tls.as_ref();
        tls.and_then(|tls| tls.https_redirect.as_ref()).is_some_and(|redirect| redirect.value)
    }

    /// Its TLS mode; none without TLS.
    pub(super) fn mode(&self) -> Option<TlsMode> {
        let tls = self.written.tls.as_ref()?;
        Some(tls.mode.as_ref().map_or(TlsMode::Passthrough, |mode| mode.value))
    }

    /// Whether TLS goes through it unread.
    pub(super) fn passes_through(&self) -> bool {
        matches!(self.mode(), Some(TlsMode::Passthrough | TlsMode::AutoPassthrough))
    }

    /// Whether it takes TLS; an HTTP server's `tls` only redirects.
    fn is_tls(&self) -> bool {
        self.written.tls.is_some() && !self.protocol.is_http()
    }

    /// Whether it speaks HTTP, after TLS or without.
    pub(super) fn is_http(&self) -> bool {
        self.protocol.is_http() || (self.protocol == Protocol::Https && !self.passes_through())
    }

    /// Whether it speaks HTTP after TLS.
    pub(super) fn terminates_https(&self) -> bool {
        self.protocol == Protocol::Https && self.written.tls.is_some() && !self.passes_through()
    }

    /// The name of its port.
    pub(super) fn port_name(&self) -> &str {
        let port = self.written.port.as_ref();
        port.and_then(|port| port.name.as_ref()).map_or("", |name| name.value.as_str())
    }

    /// The address that it is bound to; empty for all.
    pub(super) fn bind(&self) -> &str {
        self.written.bind.as_ref().map_or("", |bind| bind.value.as_str())
    }

    /// Its hosts without namespaces, sorted.
    pub(super) fn server_names(&self) -> Vec<String> {
        let bare = |host: &String| host.split_once('/').map_or(host.as_str(), |(_, host)| host).to_owned();
        self.hosts.iter().map(bare).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// What a listener is keyed by: servers that differ here are built apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The pod's port.
    pub(super) number: u16,
    /// The protocol as written.
    protocol: String,
    /// The address as written; empty for all.
    pub(super) bind: String,
}

impl Key {
    /// What is spoken.
    pub(super) fn speaks(&self) -> Protocol {
        Protocol::parse(&self.protocol)
    }
}

/// The servers of one key.
#[derive(Default)]
pub(super) struct Group {
    /// In the order of their Gateways.
    pub(super) servers: Vec<Arc<Server>>,
    /// The route table of plain HTTP.
    pub(super) table: String,
}

/// All servers of a pod that Istio takes.
#[derive(Default)]
pub(super) struct Merged {
    /// In the order in which Istio found them.
    pub(super) keys: Vec<Key>,
    /// By key.
    pub(super) groups: BTreeMap<Key, Group>,
    /// By route table.
    pub(super) tables: BTreeMap<String, Vec<Arc<Server>>>,
    /// Ports that have a server.
    ports: BTreeSet<u16>,
    /// The first plaintext server of each port.
    plain: BTreeMap<u16, Key>,
    /// Hosts of servers with TLS, by port, with the address.
    tls_hosts: BTreeMap<u16, BTreeMap<String, String>>,
}

/// The servers of a pod by its own port, in the order of their Gateways.
pub(super) fn merge(mesh: &Mesh, pod: usize, found: &mut Vec<Diagnostic>) -> Merged {
    let targets = mesh.targets(pod);
    let mut merged = Merged::default();
    for gateway in mesh.gateways_of(pod) {
        for written in &gateway.servers {
            let Some(port) = &written.port else { continue };
            let Some(number) = port.number.as_ref().and_then(|number| u16::try_from(number.value).ok())
            else {
                continue;
            };
            let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
            let server = Server {
                gateway: Arc::clone(gateway),
                written: written.clone(),
                number,
                protocol: Protocol::parse(protocol),
                hosts: hosts(written, &gateway.meta.namespace),
                table: String::new(),
            };
            for listens_on in resolve(gateway, number, &targets) {
                let table = table_name(&server, listens_on);
                let key =
                    Key { number: listens_on, protocol: protocol.to_owned(), bind: server.bind().to_owned() };
                merged.add(Arc::new(Server { table, ..server.clone() }), key, found);
            }
        }
    }
    merged
}

impl Merged {
    /// By the port in the name of each route table, the ports that its servers name (Istio's `getTargetPortMap`).
    pub(super) fn server_ports(&self) -> BTreeMap<u16, BTreeSet<u16>> {
        let mut ports: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
        for (table, servers) in &self.tables {
            // Names with an address behind the port have none that Istio reads.
            let port = table.strip_prefix("http.").or_else(|| {
                let parts: Vec<&str> = table.split('.').collect();
                if let ["https", port, _, _, _] = parts.as_slice() { Some(*port) } else { None }
            });
            let port = port.and_then(|port| port.parse().ok()).unwrap_or_default();
            ports.entry(port).or_default().extend(servers.iter().map(|server| server.number));
        }
        ports
    }

    /// Takes a server, if Envoy can tell it from those that are there.
    fn add(&mut self, server: Arc<Server>, key: Key, found: &mut Vec<Diagnostic>) {
        if server.written.tls.is_some()
            && let Some(host) = taken(self.tls_hosts.entry(key.number).or_default(), &server.hosts, &key.bind)
        {
            found.push(rules::duplicate_server(&server.gateway, &server.written, &host, server.number));
            return;
        }
        if self.ports.insert(key.number) {
            self.add_first(server, key);
            return;
        }
        match self.plain.get(&key.number).cloned() {
            Some(first) if first.bind == key.bind => {
                let (speaks, spoken) = (key.speaks(), first.speaks());
                let mergeable = (speaks.is_http() || speaks == spoken) && spoken.is_http();
                if !mergeable || server.table.is_empty() {
                    found.push(rules::server_conflict(
                        &server.gateway,
                        &server.written,
                        server.number,
                        &first.protocol,
                    ));
                    return;
                }
                self.tables.entry(server.table.clone()).or_default().push(Arc::clone(&server));
                self.groups.entry(first).or_default().servers.push(server);
            }
            Some(_) if self.groups.contains_key(&key) => {
                self.tables.entry(server.table.clone()).or_default().push(Arc::clone(&server));
                let group = self.groups.entry(key).or_default();
                group.table.clone_from(&server.table);
                group.servers.push(server);
            }
            Some(_) => self.add_first(server, key),
            None if !server.is_tls() => self.add_first(server, key),
            None => self.add_tls(server, key, found),
        }
    }

    fn add_first(&mut self, server: Arc<Server>, key: Key) {
        if !server.is_tls() {
            self.plain.insert(key.number, key.clone());
        }
        if server.is_http() {
            self.tables.insert(server.table.clone(), vec![Arc::clone(&server)]);
        }
        let table = server.table.clone();
        self.groups.insert(key.clone(), Group { servers: vec![server], table });
        self.keys.push(key);
    }

    /// Another server with TLS on a port: the server name tells them apart.
    fn add_tls(&mut self, server: Arc<Server>, key: Key, found: &mut Vec<Diagnostic>) {
        if server.is_http() {
            if server.table.is_empty() || self.tables.contains_key(&server.table) {
                found.push(rules::server_conflict(
                    &server.gateway,
                    &server.written,
                    server.number,
                    &key.protocol,
                ));
                return;
            }
            self.tables.insert(server.table.clone(), vec![Arc::clone(&server)]);
        }
        if let Some(group) = self.groups.get_mut(&key) {
            group.servers.push(server);
            return;
        }
        self.groups.insert(key.clone(), Group { servers: vec![server], table: String::new() });
        self.keys.push(key);
    }
}

/// The first of the hosts that is known for this address; if none is, all are known from here on.
pub(super) fn taken(known: &mut BTreeMap<String, String>, hosts: &[String], bind: &str) -> Option<String> {
    if let Some(host) = hosts.iter().find(|host| known.get(*host).is_some_and(|of| of == bind)) {
        return Some(host.clone());
    }
    known.extend(hosts.iter().map(|host| (host.clone(), bind.to_owned())));
    None
}

/// Istio's name of a server's route table: empty where nothing of HTTP is seen.
fn table_name(server: &Server, port: u16) -> String {
    let bind = if server.bind().is_empty() { String::new() } else { format!(".{}", server.bind()) };
    if server.protocol.is_http() {
        return format!("http.{port}{bind}");
    }
    if server.protocol == Protocol::Https && !server.passes_through() {
        let meta = &server.gateway.meta;
        let (number, name) = (server.number, server.port_name());
        return format!("https.{number}.{name}.{}.{}{bind}", meta.name, meta.namespace);
    }
    String::new()
}

/// The pod's ports behind a port of the Services that select it. Where none has it, a Gateway with a selector means
/// the pod's own port, and one that is bound to a Service nothing.
fn resolve(gateway: &Gateway, number: u16, targets: &[Target]) -> Vec<u16> {
    let has_it =
        |target: &&Target| target.service.ports.get(target.port).is_some_and(|port| port.number == number);
    if gateway.bound.is_some() {
        let bound = targets.iter().filter(|target| gateway.is_bound_to(&target.service)).filter(has_it);
        let ports: BTreeSet<u16> = bound.map(|target| target.target_port).collect();
        return ports.into_iter().collect();
    }
    let named = targets.iter().filter(|target| !target.service.meta.labels.contains_key(NO_TRANSLATION));
    vec![named.filter(has_it).map(|target| target.target_port).next().unwrap_or(number)]
}

/// `./HOST` is of the Gateway's namespace, `*/HOST` of any; `*/*` makes the server one for every host.
fn hosts(written: &Written, namespace: &str) -> Vec<String> {
    let mut hosts = Vec::with_capacity(written.hosts.len());
    for host in &written.hosts {
        match host.split_once('/') {
            Some(("*", "*")) => return vec!["*".to_owned()],
            Some(("*", host)) => hosts.push(host.to_owned()),
            Some((".", host)) => hosts.push(format!("{namespace}/{host}")),
            Some(_) | None => hosts.push(host.value.clone()),
        }
    }
    hosts
}
