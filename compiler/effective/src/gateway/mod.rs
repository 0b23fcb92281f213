//! What gateways do: the servers of all Gateways that select one, merged by port.

mod listeners;
mod servers;
mod table;
mod tls;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_mesh::{Mesh, View};

use crate::inbound::Secrets;
use crate::l4::World;
use crate::model::{Listener, RouteTable, Security};

/// What a gateway does.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) listeners: Vec<Arc<Listener>>,
    pub(crate) tables: BTreeMap<String, Arc<RouteTable>>,
    /// The ports that the servers of route tables name, by the port that the pod listens on.
    pub(crate) server_ports: BTreeMap<u16, BTreeSet<u16>>,
}

/// The listeners and route tables of the pod with this index.
pub(crate) fn gateway(
    mesh: &Mesh,
    view: &View,
    pod: usize,
    security: &Arc<Security>,
    found: &mut Vec<Diagnostic>,
) -> Made {
    let Some(of) = mesh.pods.get(pod) else { return Made::default() };
    let labels = &of.labels;
    let topology = of.proxy_config.gateway_topology.as_ref();
    let proxy_protocol = topology.is_some_and(|topology| topology.proxy_protocol.is_some());
    let merged = servers::merge(mesh, pod, found);
    let own = listeners::Own { security, secrets: Secrets::of(of), proxy_protocol };
    let listeners = listeners::listeners(World { mesh, view, labels }, &merged, &own, found);
    let tables = merged.tables.iter().map(|(name, servers)| {
        let table = table::table(mesh, view, labels, name, servers);
        (name.clone(), Arc::new(table))
    });
    Made { listeners, tables: tables.collect(), server_ports: merged.server_ports() }
}
