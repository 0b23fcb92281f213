//! Requests that a proxy sends on to a gateway of the mesh: the gateway is a real proxy here, not a stand-in, and what the
//! client gets is the gateway's own answer.

use meshc_effective::model::{Address, Proxy, ProxyKind};
use meshc_trace::{Answer, Direction, Query, Request, TraceError, Tracer, Upstream};

use super::{Differences, expected};
use crate::up::layout::pod_of;
use crate::up::observed::Observed;
use crate::up::world::World;

/// The gateway of the mesh that got the request, and the port at which it did.
pub(super) fn gateway<'w>(world: &'w World, proxy: &Proxy, observed: &Observed) -> Option<(&'w Proxy, u16)> {
    let cluster = proxy.clusters.get(taken(observed)?)?;
    cluster.endpoints.iter().flat_map(|group| &group.endpoints).find_map(|endpoint| {
        let (pod, Address::Socket { port, .. }) = (pod_of(endpoint)?, &endpoint.address) else { return None };
        let of_mesh = world.mesh.proxies.iter().find(|proxy| proxy.id == pod)?;
        (of_mesh.kind == ProxyKind::Gateway).then_some((&**of_mesh, *port))
    })
}

fn taken(observed: &Observed) -> Option<&str> {
    observed.destinations.as_ref()?.first().map(|(cluster, _)| cluster.as_str())
}

/// How what was observed differs: from what was `predicted` as far as the first proxy decides it, from what the gateway
/// makes of the request for all the rest.
pub(super) fn differences(
    tracer: &Tracer<'_>,
    query: &Query,
    (gateway, port): (&Proxy, u16),
    predicted: &Answer,
    observed: &Observed,
) -> Vec<String> {
    let mut found = Differences(Vec::new());
    found.compare("route", &predicted.route, &observed.route);
    found.taken(predicted, observed);
    let (Some(request), Some(upstream)) = (&query.request, &predicted.upstream) else {
        found.0.push("a gateway was reached, and nothing should be sent on".to_owned());
        return found.0;
    };
    let there = arriving(request, upstream, taken(observed), gateway, port);
    let mut answer = match tracer.trace(&there) {
        Ok(answer) => answer,
        // Nobody listens there: no connection.
        Err(TraceError::NoListener { .. }) => Answer { status: Some(503), ..Answer::default() },
        Err(error) => {
            found.0.push(error.to_string());
            return found.0;
        }
    };
    // The proxy nearest to the client says what limit there is, and adds its headers to every answer.
    answer.timeout_ms = predicted.timeout_ms;
    for other in &mut answer.alternatives {
        other.answer.timeout_ms = predicted.timeout_ms;
    }
    let mut rest = Observed { route: None, destinations: None, ..observed.clone() };
    rest.response_headers.retain(|name, _| !predicted.response_headers.contains_key(name));
    found.0.extend(super::differences(gateway, &answer, &rest));
    found.0
}

/// The request as it arrives at a gateway.
fn arriving(
    request: &Request,
    upstream: &Upstream,
    cluster: Option<&str>,
    gateway: &Proxy,
    port: u16,
) -> Query {
    let (authority, headers) = expected(upstream, cluster);
    Query {
        proxy: gateway.id.to_string(),
        port: Some(port),
        direction: Some(Direction::Gateway),
        request: Some(Request {
            method: request.method.clone(),
            authority,
            path: upstream.path.clone(),
            headers: headers.into_iter().collect(),
        }),
        ..Query::default()
    }
}
