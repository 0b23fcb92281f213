//! Who can reach what, from where, with which requests, through which resources. Sets of requests are exact: what a
//! route gets, cut with what the workload behind it lets in, for the identity that it sees. A request that shows a way
//! is sent through the interpreter at both ends before it is told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;
use std::rc::Rc;

use meshc_effective::model::{
    Action, Certificates, Cluster, Forward, Route, RouteMatch, RouteTable, Tls, spiffe,
};
use meshc_trace::Tracer;
use petgraph::Direction::Outgoing;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;

use super::question::{Answers, Question, QuestionError};
use super::select::{self, Wanted, is_caller};
use super::verdict::{Way, Without};
use super::{EdgeKind, Entry, Graph, Node, Place};
use crate::reach::Asked;

/// Answers a question.
pub fn query(graph: &Graph<'_>, trust_domain: &str, question: &Question) -> Result<Answers, QuestionError> {
    let wanted = question.to.as_deref().map(Wanted::new);
    let entries: Vec<(NodeIndex, Entry<'_>)> = graph
        .net
        .node_indices()
        .filter_map(|node| match &graph.net[node] {
            Node::Entry(entry) => Some((node, entry.clone())),
            _ => None,
        })
        .filter(|(_, entry)| question.from.as_ref().is_none_or(|name| is_caller(entry, name)))
        .collect();
    if let Some(name) = question.from.as_ref().filter(|_| entries.is_empty()) {
        return Err(QuestionError::unknown("caller", name, &select::callers(graph)));
    }
    let tracer = Tracer::new(graph.mesh, graph.sources);
    let look = Look {
        graph,
        trust_domain,
        requests: question.requests(),
        tracer: &tracer,
        tables: RefCell::default(),
    };
    let mut answers =
        Answers { version: 1, question: question.clone(), ways: Vec::new(), without: Vec::new() };
    for (node, entry) in &entries {
        let mut ways = look.from(*node, entry, wanted.as_ref());
        ways.extend(wanted.iter().flat_map(|wanted| look.beyond(*node, entry, wanted)));
        if ways.is_empty() {
            answers.without.push(Without { from: entry.title(), why: look.why_not(*node, wanted.as_ref()) });
        }
        answers.ways.extend(ways);
    }
    if let Some(wanted) = wanted.as_ref().filter(|_| question.from.is_none()) {
        answers.ways.extend(look.direct(wanted));
    }
    let nowhere = answers.ways.is_empty();
    if let (Some(name), Some(wanted)) = (&question.to, &wanted)
        && nowhere
        && !look.exists(wanted)
    {
        return Err(QuestionError::unknown("destination", name, &select::targets(graph)));
    }
    answers.ways.sort_by(|a, b| {
        let key = |way: &Way| (way.from.clone(), way.to.clone(), way.mirror, way.verdict);
        key(a).cmp(&key(b))
    });
    Ok(answers)
}

/// What is looked at.
pub(super) struct Look<'g, 'm> {
    pub(super) graph: &'g Graph<'m>,
    pub(super) trust_domain: &'g str,
    pub(super) requests: RouteMatch,
    pub(super) tracer: &'g Tracer<'m>,
    /// By their addresses.
    tables: RefCell<HashMap<usize, Rc<Asked<'m>>>>,
}

/// Where a destination leads: the workloads that treat requests alike, or none.
pub(super) struct Behind<'m> {
    pub(super) cluster: Option<&'m Cluster>,
    pub(super) name: &'m str,
    pub(super) share: f64,
    pub(super) mirror: bool,
    pub(super) places: Vec<Place<'m>>,
    /// Somewhere that no proxy of the mesh stands before.
    pub(super) outside: bool,
}

impl<'m> Look<'_, 'm> {
    /// A table with its domains.
    pub(super) fn asked(&self, table: &'m RouteTable) -> Rc<Asked<'m>> {
        let mut tables = self.tables.borrow_mut();
        let known = tables.entry(ptr::from_ref(table).addr()).or_insert_with(|| Rc::new(Asked::new(table)));
        Rc::clone(known)
    }

    /// All ways from an entry.
    fn from(&self, node: NodeIndex, entry: &Entry<'m>, wanted: Option<&Wanted>) -> Vec<Way> {
        let mut ways = Vec::new();
        let mut seen = BTreeSet::new();
        for table in self.graph.net.neighbors(node) {
            if !seen.insert(table) {
                continue;
            }
            match &self.graph.net[table] {
                Node::Bytes { .. } => self.bytes(table, entry, wanted, &mut ways),
                Node::Table(_) => {
                    for host in self.graph.net.neighbors(table) {
                        let targets = self.routes_to(host, wanted);
                        if !targets.is_empty() {
                            self.host(host, entry, &targets, &mut ways);
                        }
                    }
                }
                _ => {}
            }
        }
        // A table of a port that a service does not have leads to no cluster: that is no way where another is one.
        let exists = |way: &Way| entry.proxy.clusters.contains_key(&way.cluster);
        if ways.iter().any(exists) {
            ways.retain(exists);
        }
        ways
    }

    /// The routes of a virtual host that lead to what is wanted, by their places.
    fn routes_to(&self, host: NodeIndex, wanted: Option<&Wanted>) -> BTreeMap<usize, Vec<Behind<'m>>> {
        let mut all = BTreeMap::new();
        for route in self.graph.net.neighbors(host) {
            if let Node::Route { index, .. } = &self.graph.net[route] {
                let behind = self.behind(route, wanted);
                if !behind.is_empty() {
                    all.insert(*index, behind);
                }
            }
        }
        all
    }

    /// Where a route or bytes lead, as far as it is wanted.
    pub(super) fn behind(&self, from: NodeIndex, wanted: Option<&Wanted>) -> Vec<Behind<'m>> {
        let net = &self.graph.net;
        let mut all = Vec::new();
        for edge in net.edges_directed(from, Outgoing) {
            let Node::Destination { name, cluster } = &net[edge.target()] else { continue };
            let (name, cluster) = (*name, *cluster);
            let share = edge.weight().share.unwrap_or(100.0);
            let is_it = wanted.is_none_or(|wanted| wanted.is_cluster(name));
            let mut places = Vec::new();
            let mut outside = false;
            for end in net.neighbors(edge.target()) {
                match &net[end] {
                    Node::Workload(place) if is_it || wanted.is_some_and(|w| w.is_workload(place)) => {
                        places.push(place.clone());
                    }
                    Node::Outside { .. } if is_it => outside = true,
                    _ => {}
                }
            }
            if (!is_it && places.is_empty()) || share <= 0.0 {
                continue;
            }
            places.sort_by(|a, b| {
                (&a.namespace, &a.workload, a.port).cmp(&(&b.namespace, &b.workload, b.port))
            });
            let mirror = edge.weight().kind == EdgeKind::Copies;
            all.push(Behind { cluster, name, share, mirror, places, outside });
        }
        // Edges are walked newest first.
        all.reverse();
        all
    }

    /// Whether anything of the mesh is what is wanted.
    fn exists(&self, wanted: &Wanted) -> bool {
        self.graph.net.node_weights().any(|node| match node {
            Node::Destination { name, .. } => wanted.is_cluster(name),
            Node::Workload(place) => wanted.is_workload(place),
            Node::Outside { host, .. } => wanted.is_host(host),
            _ => false,
        }) || self
            .graph
            .mesh
            .proxies
            .iter()
            .any(|proxy| proxy.clusters.keys().any(|cluster| wanted.is_cluster(cluster)))
    }

    /// Why nothing is sent from an entry.
    fn why_not(&self, node: NodeIndex, wanted: Option<&Wanted>) -> String {
        let Some(wanted) = wanted else { return "nothing is sent on from there".to_owned() };
        let Node::Entry(entry) = &self.graph.net[node] else { return String::new() };
        let mut hidden = false;
        for table in self.graph.net.neighbors(node) {
            hidden |=
                self.graph.net.neighbors(table).any(|host| !self.routes_to(host, Some(wanted)).is_empty());
        }
        if hidden {
            return "no request of those asked for takes a route there".to_owned();
        }
        let knows = entry.proxy.clusters.keys().any(|cluster| wanted.is_cluster(cluster));
        match (entry.is_gateway(), knows) {
            (true, _) => "no route of its servers leads there".to_owned(),
            (false, true) => "it knows the service, and no route of its leads there".to_owned(),
            (false, false) => {
                "it does not know the service (exportTo, or a Sidecar that leaves it out)".to_owned()
            }
        }
    }

    /// The identity that a workload sees of an entry; an error where it cannot be told.
    pub(super) fn identity(
        &self,
        entry: &Entry<'_>,
        cluster: Option<&Cluster>,
        place: &Place<'_>,
    ) -> Result<Option<String>, String> {
        let Some(cluster) = cluster else { return Ok(None) };
        let own = || {
            let proxy = entry.proxy;
            spiffe(self.trust_domain, &proxy.id.namespace, &proxy.service_account)
        };
        match &cluster.tls {
            Tls::Plaintext => Ok(None),
            Tls::WherePossible(_) => {
                let endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints);
                let mut of_place = endpoints.filter(|endpoint| {
                    endpoint.workload.as_deref() == Some(&place.workload)
                        && endpoint.namespace.as_deref() == Some(&place.namespace)
                });
                Ok(of_place.any(|endpoint| endpoint.mutual_tls).then(own))
            }
            Tls::Always(tls) if tls.certificates == Certificates::Istio => Ok(Some(own())),
            Tls::Always(_) if place.proxy.is_none() => Ok(None),
            Tls::Always(_) => {
                Err("its DestinationRule sends TLS that is not the mesh's to a workload of the mesh"
                    .to_owned())
            }
        }
    }

    /// The forward of a route, by its place.
    pub(super) fn action(route: &Route) -> Option<&Forward> {
        match &route.action {
            Action::Forward(forward) => Some(forward),
            _ => None,
        }
    }
}

/// Workloads that treat the requests of a caller alike: the same checks, the same identity seen.
pub(super) fn alike<'m>(places: &[Place<'m>], key: impl Fn(&Place<'m>) -> String) -> Vec<Vec<Place<'m>>> {
    let mut groups: BTreeMap<String, Vec<Place<'m>>> = BTreeMap::new();
    for place in places {
        groups.entry(key(place)).or_default().push(place.clone());
    }
    groups.into_values().collect()
}
