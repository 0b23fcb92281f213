//! Ways through a gateway of the mesh: what a caller's routes send to one (an egress gateway, for one) is followed there,
//! request by request.

use std::collections::BTreeSet;

use meshc_diagnostics::{Direction, Witness};
use meshc_effective::model::{Proxy, ProxyKind};
use meshc_trace::{Query, Request};
use petgraph::graph::NodeIndex;

use super::query::{Behind, Look};
use super::select::Wanted;
use super::verdict::{Verdict, Way};
use super::{Entry, Node, Place, hop};
use crate::promises::destination_words;

impl<'m> Look<'_, 'm> {
    /// The ways from an entry by a gateway to what is wanted.
    pub(super) fn beyond(&self, node: NodeIndex, entry: &Entry<'m>, wanted: &Wanted) -> Vec<Way> {
        let mut ways = Vec::new();
        if entry.is_gateway() {
            return ways;
        }
        let mut seen = BTreeSet::new();
        for host in self.graph.net.neighbors(node).flat_map(|table| self.graph.net.neighbors(table)) {
            let Some((table, at, of_host)) = self.graph.host(host).filter(|_| seen.insert(host)) else {
                continue;
            };
            for route in self.graph.net.neighbors(host) {
                let Node::Route { index, route: of_route } = &self.graph.net[route] else { continue };
                let Some(forward) = Self::action(of_route) else { continue };
                for behind in self.behind(route, None) {
                    let Some(gateway) = gateway(&behind, wanted) else { continue };
                    let legs =
                        self.destination(entry, (table, at, of_host), (*index, of_route, forward), &behind);
                    for leg in legs.into_iter().filter(|leg| leg.verdict == Verdict::Reaches) {
                        ways.extend(self.onward(leg, gateway, wanted));
                    }
                }
            }
        }
        ways
    }

    /// Where a gateway sends the request that shows a way to it, as far as it is wanted.
    fn onward(&self, leg: Way, gateway: (&'m Proxy, u16), wanted: &Wanted) -> Vec<Way> {
        let (proxy, port) = gateway;
        let Some(witness) = &leg.witness else { return Vec::new() };
        let Ok(sent) = self.tracer.trace(&Query::from(witness)) else { return Vec::new() };
        let Some(upstream) = sent.upstream else { return Vec::new() };
        let there = Query {
            proxy: proxy.id.to_string(),
            port: Some(port),
            direction: Some(Direction::Gateway.into()),
            peer: leg.identity.clone(),
            request: Some(Request {
                method: witness.request.method.clone(),
                authority: upstream.authority,
                path: upstream.path,
                headers: upstream.headers.into_iter().collect(),
            }),
            ..Query::default()
        };
        let Ok(answer) = self.tracer.trace(&there) else { return Vec::new() };
        let clusters = answer.destinations.iter().filter(|(name, _)| wanted.is_cluster(name));
        let found = clusters.map(|(name, _)| {
            let mut way = Way { to: destination_words(name), cluster: name.clone(), ..leg.clone() };
            way.through.extend(answer.because.iter().filter(|line| !leg.through.contains(line)).cloned());
            self.arrive(&mut way, proxy, name, &Witness::from(&there));
            way
        });
        found.collect()
    }

    /// What becomes of the request behind the gateway.
    fn arrive(&self, way: &mut Way, proxy: &'m Proxy, name: &str, there: &Witness) {
        way.workloads.clear();
        let Some(cluster) = proxy.clusters.get(name) else { return };
        if !cluster.has_endpoints() {
            way.verdict = Verdict::NoEndpoint;
            return;
        }
        let place = self.graph.net.node_weights().find_map(|node| match node {
            Node::Workload(place) => {
                let endpoints = cluster.endpoints.iter().flat_map(|group| &group.endpoints);
                let mut names = endpoints.map(|e| (e.workload.as_deref(), e.namespace.as_deref()));
                names.any(|(w, n)| w == Some(&place.workload) && n == Some(&place.namespace)).then_some(place)
            }
            _ => None,
        });
        let Some(place) = place else { return };
        way.workloads.push(format!("{}.{}", place.workload, place.namespace));
        let entry = Entry { proxy, listener: None };
        let identity = self.identity(&entry, Some(cluster), place);
        let arrival = match &identity {
            Ok(peer) => hop::send(self.tracer, there, name, place, (peer.as_deref(), &proxy.ip)),
            Err(why) => {
                way.verdict = Verdict::Unknown;
                way.why = Some(why.clone());
                return;
            }
        };
        way.identity = identity.ok().flatten();
        match arrival {
            Ok(arrival) if arrival.is_admitted() => {
                let more: Vec<_> =
                    arrival.through().into_iter().filter(|line| !way.through.contains(line)).collect();
                way.through.extend(more);
            }
            // Another request may be let in: this one shows only itself.
            Ok(_) => {
                way.verdict = Verdict::Unknown;
                way.why = Some("the request that was tried is denied behind the gateway".to_owned());
            }
            Err(error) => {
                way.verdict = Verdict::Unknown;
                way.why = Some(error.to_string());
            }
        }
    }
}

/// The gateway that a destination is, unless it is what is wanted.
fn gateway<'m>(behind: &Behind<'m>, wanted: &Wanted) -> Option<(&'m Proxy, u16)> {
    let is_wanted = |place: &Place<'_>| wanted.is_cluster(behind.name) || wanted.is_workload(place);
    behind.places.iter().find_map(|place| {
        let proxy = place.proxy.filter(|proxy| proxy.kind == ProxyKind::Gateway && !is_wanted(place))?;
        Some((proxy, place.port))
    })
}
