//! Bytes that are passed on: destinations of TLS and TCP routes as Envoy takes them, for sidecars and gateways
//! alike (Istio's `pilot/pkg/networking/core/networkfilter.go` and `tls.go`).

mod matching;
mod policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::hostname::is_wildcard;
use meshc_mesh::{DestinationRule, Mesh, Port, Protocol, Resolution, Service, View, VirtualService};
use meshc_resources::istio::{Destination, RouteDestination};
use meshc_syntax::de::Spanned;

use crate::model::TcpForward;
use crate::names;

pub(crate) use matching::{Caller, tcp_concerns, tls_concerns};
pub(crate) use policy::Policy;

/// What decides where bytes go besides the route itself.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    /// The whole mesh.
    pub(crate) mesh: &'a Mesh,
    /// What the proxy sees of it.
    pub(crate) view: &'a View,
    /// The proxy's labels.
    pub(crate) labels: &'a BTreeMap<String, String>,
}

/// The wildcard host of a service whose names are looked up when they are asked for.
pub(crate) fn looks_up(service: &Service) -> Option<String> {
    let dynamic = service.resolution == Resolution::DynamicDns && is_wildcard(&service.hostname);
    dynamic.then(|| service.hostname.clone())
}

impl<'a> World<'a> {
    /// The DestinationRule for a service.
    pub(crate) fn rule(self, service: &Service) -> Option<&'a Arc<DestinationRule>> {
        self.view.destination_rule(self.mesh, self.labels, service)
    }

    /// To a service's port, where no route says otherwise.
    pub(crate) fn to_service(self, service: &Service, port: u16, listener: &Port) -> TcpForward {
        let policy = Policy::of(self.rule(service).map(Arc::as_ref), None);
        let mut forward = TcpForward {
            mongo: listener.protocol == Protocol::Mongo,
            looks_up: looks_up(service).map(|host| (host, listener.number)),
            port: listener.number,
            ..TcpForward::to(names::outbound(&service.hostname, port, None))
        };
        policy.apply(&mut forward);
        forward
    }

    /// To the cluster that a server name encodes.
    pub(crate) fn to_sni_cluster(
        self,
        service: &Service,
        cluster: String,
        subset: Option<&str>,
        listener: &Port,
    ) -> TcpForward {
        let mut forward = TcpForward {
            mongo: listener.protocol == Protocol::Mongo,
            is_unchecked: true,
            port: listener.number,
            ..TcpForward::to(cluster)
        };
        Policy::of(self.rule(service).map(Arc::as_ref), subset).apply(&mut forward);
        forward.tunnel = None;
        forward
    }

    /// To the destinations of a route of `by`.
    pub(crate) fn to_destinations(
        self,
        route: &[Spanned<RouteDestination>],
        listener: &Port,
        by: &VirtualService,
    ) -> TcpForward {
        let clusters = route.iter().filter_map(|part| {
            let destination = part.destination.as_ref()?;
            Some((self.cluster(destination, listener.number), part.weight.as_ref().map_or(0, |w| w.value)))
        });
        let clusters: Vec<(String, i32)> = clusters.collect();
        let first = route.first().and_then(|part| part.destination.as_ref());
        let service = first.and_then(|destination| self.service(destination));
        let rule = service.and_then(|service| self.rule(service)).map(Arc::as_ref);
        let mut forward = if let ([(cluster, _)], Some(destination)) = (clusters.as_slice(), first) {
            let subset = destination.subset.as_ref().map(|subset| subset.value.as_str());
            let mut forward = TcpForward::to(cluster.clone());
            Policy::of(rule, subset).apply(&mut forward);
            forward
        } else {
            let weighted = clusters.into_iter().filter_map(|(cluster, weight)| {
                let weight = u32::try_from(weight).ok().filter(|weight| *weight > 0)?;
                Some((cluster, weight))
            });
            let mut forward = TcpForward {
                stat_prefix: format!("{}.{}", by.meta.name, by.meta.namespace),
                destinations: weighted.collect(),
                weighted: true,
                ..TcpForward::default()
            };
            Policy::of(rule, None).apply(&mut forward);
            forward
        };
        forward.mongo = listener.protocol == Protocol::Mongo;
        forward.port = listener.number;
        forward
    }

    fn service(self, destination: &Destination) -> Option<&'a Arc<Service>> {
        self.view.service(destination.host.as_ref()?)
    }

    /// The cluster of a destination: its port, else the only one of its service, else the listener's.
    fn cluster(self, destination: &Destination, listener: u16) -> String {
        let written =
            destination.port.as_ref().map(|port| port.number.as_ref().map_or(0, |number| number.value));
        let port = match (written, self.service(destination).map(|service| service.ports.as_slice())) {
            (Some(port), _) => u16::try_from(port).unwrap_or_default(),
            (None, Some([only])) => only.number,
            (None, _) => listener,
        };
        let host = destination.host.as_ref().map_or("", |host| host.value.as_str());
        if host.is_empty() {
            return names::UNKNOWN_SERVICE.to_owned();
        }
        let alias = self.service(destination).and_then(|service| service.alias_of.as_deref());
        let host = alias.unwrap_or(host);
        names::outbound(host, port, destination.subset.as_ref().map(|subset| subset.value.as_str()))
    }
}
