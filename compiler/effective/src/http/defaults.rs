//! Routes that no VirtualService makes.

use std::time::Duration;

use meshc_mesh::{MeshConfig, Port, Protocol, Service};

use super::retry;
use crate::model::{
    Action, DirectResponse, Forward, HashPolicy, HeaderOps, Origin, RetryPolicy, Rewrite, Route, RouteMatch,
    WeightedDestination,
};
use crate::names;

/// Istio's name for a route that no VirtualService makes.
const DEFAULT: &str = "default";

/// To a service, with the mesh's retries and no timeout.
pub(crate) fn service(
    service: &Service,
    port: &Port,
    config: &MeshConfig,
    hash: Option<HashPolicy>,
) -> Route {
    let cluster = names::outbound(&service.hostname, port.number, None);
    let origin = Origin::new(
        service.meta.span,
        format!("{} has no VirtualService: requests go to any of its endpoints", service.meta),
    );
    let mut route = plain(DEFAULT, cluster, retry::outbound(None, config, false));
    if let Action::Forward(forward) = &mut route.action {
        forward.hash_policies.extend(hash);
    }
    Route {
        decorator: Some(format!("{}:{}/*", service.hostname, port.number)),
        origins: vec![origin],
        ..route
    }
}

/// What no service of the mesh claims, to a cluster.
pub(crate) fn allow_any(name: &str, cluster: &str) -> Route {
    plain(name, cluster.to_owned(), None)
}

/// What no service of the mesh claims, refused.
pub(crate) fn block_all() -> Route {
    let refused = DirectResponse { status: 502, body: None };
    Route {
        action: Action::DirectResponse(refused),
        ..plain(names::BLOCK_ALL, names::BLACK_HOLE_CLUSTER.to_owned(), None)
    }
}

/// To the workload behind the proxy. `host` is the service that named the port.
pub(crate) fn inbound(
    cluster: &str,
    host: &str,
    port: u16,
    protocol: Protocol,
    config: &MeshConfig,
    origins: Vec<Origin>,
) -> Route {
    // Retries do not go well with gRPC streams.
    let retry = if protocol.is_grpc() { None } else { retry::inbound(config) };
    let mut route = plain(DEFAULT, cluster.to_owned(), retry);
    if let Action::Forward(forward) = &mut route.action {
        forward.max_stream_duration = Some(Duration::ZERO);
    }
    Route { decorator: Some(format!("{host}:{port}/*")), origins, ..route }
}

fn plain(name: &str, cluster: String, retry: Option<RetryPolicy>) -> Route {
    Route {
        name: Some(name.to_owned()),
        matches: RouteMatch::any(),
        action: Action::Forward(Box::new(Forward {
            destinations: vec![WeightedDestination { cluster, weight: 100, headers: HeaderOps::default() }],
            weighted: false,
            cluster_not_found_status: 503,
            timeout: Some(Duration::ZERO),
            retry,
            rewrite: Rewrite::default(),
            mirrors: Vec::new(),
            hash_policies: Vec::new(),
            tells_host: false,
            max_stream_duration: None,
        })),
        headers: HeaderOps::default(),
        fault: None,
        cors: None,
        decorator: None,
        config: None,
        stat_prefix: None,
        origins: Vec::new(),
    }
}
