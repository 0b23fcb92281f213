//! Marks every route, so that a response says which one it took: `curl -i` shows it to people, and answers to
//! `--requests` name it.
//!
//! The marks are ordinary response headers that are set, not added: the proxy nearest to the client has the last
//! word. Answers that a proxy makes without taking a route have none.

use std::sync::Arc;

use meshc_effective::model::{
    Action, AppendAction, Chain, ChainAction, HeaderAddition, Route, RouteTable, VirtualHost,
};

/// The response header with the route's name; `-` for a route without one.
pub(crate) const ROUTE: &str = "x-meshc-route";

/// The response header with the cluster that a request was sent to.
pub(crate) const CLUSTER: &str = "x-meshc-cluster";

/// The response header with the limit that the proxy told the upstream; `-` where there is none. The upstream's own
/// sidecar takes it off the request before the application could see it.
pub(crate) const TIMEOUT: &str = "x-meshc-timeout-ms";

/// The name of a route that has none.
pub(crate) const UNNAMED: &str = "-";

/// The table with marks.
pub(crate) fn table(table: &RouteTable) -> RouteTable {
    let hosts = table.virtual_hosts.iter().map(|host| {
        Arc::new(VirtualHost { routes: host.routes.iter().map(route).collect(), ..VirtualHost::clone(host) })
    });
    RouteTable { virtual_hosts: hosts.collect(), ..table.clone() }
}

/// The chain with marks in its own table, if it has one.
pub(crate) fn chain(chain: &Chain) -> Chain {
    let action = match &chain.action {
        ChainAction::HttpInline { table: inner, http } => {
            ChainAction::HttpInline { table: Arc::new(table(inner)), http: http.clone() }
        }
        other => other.clone(),
    };
    Chain { action, ..chain.clone() }
}

fn route(route: &Route) -> Route {
    let mut route = route.clone();
    route.headers.response_add.push(mark(ROUTE, route.name.as_deref().unwrap_or(UNNAMED)));
    if let Action::Forward(forward) = &mut route.action {
        let timeout = "%REQ(X-ENVOY-EXPECTED-RQ-TIMEOUT-MS)%";
        route.headers.response_add.push(HeaderAddition {
            name: TIMEOUT.to_owned(),
            value: timeout.to_owned(),
            action: AppendAction::OverwriteIfExistsOrAdd,
        });
        match forward.destinations.as_slice() {
            [only] if !forward.weighted => route.headers.response_add.push(mark(CLUSTER, &only.cluster)),
            _ => {
                for destination in &mut forward.destinations {
                    let mark = mark(CLUSTER, &destination.cluster);
                    destination.headers.response_add.push(mark);
                }
            }
        }
    }
    route
}

/// A header that is set to a literal: Envoy reads `%` as the start of a command operator.
fn mark(name: &str, value: &str) -> HeaderAddition {
    HeaderAddition {
        name: name.to_owned(),
        value: value.replace('%', "%%"),
        action: AppendAction::OverwriteIfExistsOrAdd,
    }
}
