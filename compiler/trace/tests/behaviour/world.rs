//! A small proxy, written by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_effective::model::{
    Action, Address, AppendAction, Binding, Chain, ChainAction, ChainMatch, Cluster, ClusterKind, Direction,
    EffectiveMesh, Endpoint, EndpointGroup, Forward, HeaderAddition, HeaderOps, HttpChain, Listener,
    LoadBalancer, Origin, PathMatch, Proxy, ProxyId, ProxyKind, Rewrite, Route, RouteMatch, RouteTable,
    TcpForward, VirtualHost, WeightedDestination,
};
use meshc_source::{FileId, SourceSet, Span};

/// The source that every origin of these tests points into.
pub(crate) fn sources() -> SourceSet {
    SourceSet::of("mesh.yaml", "one\ntwo\nthree\n")
}

/// An origin at a line of it.
pub(crate) fn origin(line: u32, text: &str) -> Origin {
    let start = [0, 4, 8][line as usize - 1];
    Origin::new(Span::new(FileId(0), start, start + 3), text)
}

/// Operations with one header added and one set, on request and response.
pub(crate) fn operations(request: &[(&str, &str, bool)], response: &[(&str, &str, bool)]) -> HeaderOps {
    let additions = |list: &[(&str, &str, bool)]| {
        let addition = |(name, value, set): &(&str, &str, bool)| HeaderAddition {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
            action: if *set {
                AppendAction::OverwriteIfExistsOrAdd
            } else {
                AppendAction::AppendIfExistsOrAdd
            },
        };
        list.iter().map(addition).collect()
    };
    HeaderOps { request_add: additions(request), response_add: additions(response), ..HeaderOps::default() }
}

/// To one cluster, with Envoy's own timeout.
pub(crate) fn to(cluster: &str) -> Forward {
    to_all(&[(cluster, 100)])
}

/// To several, by weight.
pub(crate) fn to_all(clusters: &[(&str, u32)]) -> Forward {
    let destination = |(cluster, weight): &(&str, u32)| WeightedDestination {
        cluster: (*cluster).to_owned(),
        weight: *weight,
        headers: HeaderOps::default(),
    };
    Forward {
        destinations: clusters.iter().map(destination).collect(),
        weighted: clusters.len() > 1,
        cluster_not_found_status: 503,
        timeout: None,
        retry: None,
        rewrite: Rewrite::default(),
        mirrors: Vec::new(),
        tells_host: false,
        max_stream_duration: None,
        hash_policies: Vec::new(),
    }
}

/// A route for one path, called by it.
pub(crate) fn route(path: &str, action: Action) -> Route {
    Route {
        name: Some(path.trim_start_matches('/').to_owned()),
        matches: RouteMatch { path: PathMatch::Exact(path.to_owned()), ..RouteMatch::any() },
        action,
        headers: HeaderOps::default(),
        fault: None,
        cors: None,
        decorator: None,
        config: None,
        stat_prefix: None,
        origins: vec![origin(1, &format!("the route for {path}"))],
    }
}

pub(crate) fn forwarding(path: &str, forward: Forward) -> Route {
    route(path, Action::Forward(Box::new(forward)))
}

fn cluster(name: &str, up: bool) -> Arc<Cluster> {
    let endpoint = Endpoint {
        address: Address::Socket { address: "10.0.0.2".to_owned(), port: 80 },
        weight: Some(1),
        ..Endpoint::default()
    };
    let endpoints = if up { vec![endpoint] } else { Vec::new() };
    let cluster = Cluster {
        name: name.to_owned(),
        kind: ClusterKind::Eds,
        load_balancer: LoadBalancer::LeastRequest,
        endpoints: vec![EndpointGroup { weight: Some(1), endpoints, ..EndpointGroup::default() }],
        port: 80,
        origins: vec![origin(3, &format!("the service behind {name}"))],
        ..Cluster::default()
    };
    Arc::new(cluster)
}

/// A sidecar `app-0.shop` with the routes in its outbound table `80` for every host, an inbound chain for
/// port 8080, raw TCP at port 3306, and the clusters `up`, `up2` (with an endpoint) and `down` (without).
pub(crate) fn mesh(routes: Vec<Route>) -> EffectiveMesh {
    let table = |name: &str, routes: Vec<Route>| {
        let host = VirtualHost {
            name: "everything".to_owned(),
            domains: vec!["*".to_owned()],
            routes: routes.into(),
            include_attempt_count: true,
            require_tls: false,
            origins: vec![origin(2, "the service")],
        };
        Arc::new(RouteTable {
            name: name.to_owned(),
            virtual_hosts: vec![Arc::new(host)],
            ignore_port_in_host: true,
        })
    };
    let mut inbound = forwarding("/in", to("up"));
    inbound.matches = RouteMatch::any();
    let chain = |destination_port, action| Chain {
        matches: ChainMatch { destination_port, ..ChainMatch::default() },
        ..Chain::new(action)
    };
    let listener = |name: &str, port, direction, chain| {
        Arc::new(Listener {
            name: name.to_owned(),
            address: "0.0.0.0".to_owned(),
            port,
            direction,
            binding: Binding::Captured,
            chains: vec![Arc::new(chain)],
            security: None,
            origins: vec![origin(2, "the service")],
            ..Listener::default()
        })
    };
    let inline =
        ChainAction::HttpInline { table: table("inbound|8080||", vec![inbound]), http: HttpChain::default() };
    let listed = ChainAction::HttpTable { table: "80".to_owned(), http: HttpChain::default() };
    let bytes = ChainAction::Tcp(TcpForward::to("up"));
    let proxy = Proxy {
        id: ProxyId { name: "app-0".to_owned(), namespace: "shop".to_owned() },
        kind: ProxyKind::Sidecar,
        workload: "app".to_owned(),
        labels: BTreeMap::new().into(),
        service_account: "app".to_owned(),
        security: Arc::default(),
        settings: Arc::default(),
        reading: meshc_effective::model::Reading::default(),
        telemetry: Arc::default(),
        extensions: Arc::default(),
        patches: Arc::default(),
        ip: "10.0.0.1".to_owned(),
        listeners: vec![
            listener("0.0.0.0_80", 80, Direction::Outbound, chain(None, listed)),
            listener("0.0.0.0_3306", 3306, Direction::Outbound, chain(None, bytes)),
            listener("virtualInbound", 15006, Direction::Inbound, chain(Some(8080), inline)),
        ],
        tables: BTreeMap::from([("80".to_owned(), table("80", routes))]).into(),
        clusters: [cluster("up", true), cluster("up2", true), cluster("down", false)].into_iter().collect(),
        origin: origin(2, "the workload"),
    };
    EffectiveMesh { proxies: vec![Arc::new(proxy)], ..EffectiveMesh::default() }
}
