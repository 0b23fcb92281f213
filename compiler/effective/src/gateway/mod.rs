//! What gateways do: the servers of all Gateways that select one, merged by port.

mod servers;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Mesh, UNSPECIFIED, View};

use crate::model::{Binding, Chain, ChainAction, Direction, Listener, Origin, RouteTable, Security};

/// The listeners and route tables of the pod with this index.
pub(crate) fn gateway(
    mesh: &Mesh,
    view: &View,
    pod: usize,
    security: &Arc<Security>,
    found: &mut Vec<Diagnostic>,
) -> (Vec<Arc<Listener>>, BTreeMap<String, Arc<RouteTable>>) {
    let Some(labels) = mesh.pods.get(pod).map(|pod| &pod.labels) else { return Default::default() };
    let (mut listeners, mut tables) = (Vec::new(), BTreeMap::new());
    for (port, servers) in servers::by_port(mesh, pod, found) {
        let table = table::table(mesh, view, labels, port, &servers);
        let origins = servers.iter().map(|server| {
            Origin::new(server.span(), format!("{}: port {}", server.gateway.meta, server.number))
        });
        listeners.push(Arc::new(Listener {
            name: format!("{UNSPECIFIED}_{port}"),
            address: UNSPECIFIED.to_owned(),
            port,
            direction: Direction::Outbound,
            binding: Binding::Bound,
            chains: vec![Chain {
                name: None,
                destination_port: None,
                action: ChainAction::HttpTable { table: table.name.clone() },
            }],
            security: Some(Arc::clone(security)),
            origins: origins.collect(),
        }));
        tables.insert(table.name.clone(), Arc::new(table));
    }
    (listeners, tables)
}
