//! Gateways with servers for the same host and port of one workload.

use std::sync::Arc;

use meshc_mesh::{Gateway, PodProxy};
use meshc_resources::istio::Server;

use super::contest::{Contest, pairs};
use crate::rules::context::Context;

pub(super) fn find(context: &Context<'_>, found: &mut Vec<Contest>) {
    let pods = context.mesh.pods.iter().enumerate().filter(|(_, pod)| pod.proxy == PodProxy::Gateway);
    for (index, _) in pods {
        let gateways: Vec<&Arc<Gateway>> = context.mesh.gateways_of(index).collect();
        let meet = |a: &&Arc<Gateway>, b: &&Arc<Gateway>| {
            if a.bound.is_some() || b.bound.is_some() {
                // What is wrong with the listeners of Gateways of the Gateway API, their conditions tell.
                return None;
            }
            let (one, other) = a.servers.iter().find_map(|one| {
                b.servers.iter().find(|other| contend(one, other)).map(|other| (one, other))
            })?;
            let port = number(one)?;
            let host = one.hosts.iter().find(|host| other.hosts.contains(host))?;
            Some(Contest::new(&a.meta, &b.meta, format!("have a server for `{host}` at port {port}")))
        };
        pairs(&gateways, meet, found);
    }
}

fn number(server: &Server) -> Option<u32> {
    server.port.as_ref()?.number.as_ref().map(|number| number.value)
}

/// Whether both are for one host of one port and say something else of it.
fn contend(a: &Server, b: &Server) -> bool {
    let settings = |server: &Server| (server.tls.clone(), server.bind.clone(), protocol(server));
    number(a).is_some()
        && number(a) == number(b)
        && settings(a) != settings(b)
        && a.hosts.iter().any(|host| b.hosts.contains(host))
}

fn protocol(server: &Server) -> Option<String> {
    server.port.as_ref()?.protocol.as_ref().map(|protocol| protocol.to_ascii_uppercase())
}
