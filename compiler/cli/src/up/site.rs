//! What a run holds: its subnet, its directory, its processes; and how a mesh is brought up in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use meshc_delivery::Nodes;
use meshc_effective::model::EffectiveMesh;
use meshc_source::SourceSet;
use meshc_xds::Writer;

use super::apps::Apps;
use super::args::UpArgs;
use super::error::UpError;
use super::fleet::{Applied, Fleet};
use super::layout::{Layout, Terms, ports};
use super::localize::localize;
use super::processes::Processes;
use super::state::State;
use super::subnet::{Subnet, busy};
use super::world::World;

/// The place where a mesh runs.
#[derive(Debug)]
pub(super) struct Site {
    processes: Processes,
    /// Its proxies.
    pub(super) fleet: Fleet,
    apps: Apps,
    terms: Terms,
    subnet: Subnet,
    state: State,
    /// Addresses that are known to be free or our own.
    ours: BTreeSet<SocketAddr>,
}

impl Site {
    /// An empty site.
    pub(super) fn open(args: &UpArgs, mut processes: Processes) -> Result<Self, UpError> {
        let fleet = Fleet::new(args.proxy)?;
        let subnet = Subnet::claim().map_err(|e| UpError::io("addresses of the loopback", e))?;
        let state = State::create().map_err(|e| UpError::io("a directory for the run", e))?;
        let apps = Apps::start(&mut processes, &state)?;
        let terms = Terms {
            subnet: subnet.number,
            replicas: usize::from(args.replicas_cap),
            port_offset: args.port_offset,
        };
        Ok(Self { processes, fleet, apps, terms, subnet, state, ours: BTreeSet::new() })
    }

    /// Has `mesh` running in place of what `before` has. On an error the proxies go on with what they had.
    pub(super) async fn bring(
        &mut self,
        sources: SourceSet,
        mesh: EffectiveMesh,
        before: Option<&World>,
    ) -> Result<(World, Applied), UpError> {
        let wanted: BTreeSet<u16> =
            ports(&mesh).iter().filter_map(|port| port.checked_add(self.terms.port_offset)).collect();
        let refused = self.subnet.refused(&wanted);
        let layout = Layout::plan(&mesh, self.terms, &refused, before.map(|before| &before.layout))?;
        // Stand-ins that go are needed until nobody is sent to them any more.
        let mut apps = before.map(|before| before.layout.apps.clone()).unwrap_or_default();
        apps.extend(layout.apps.clone());
        let listening = self.apps.play(&apps).await?;
        let local = localize(&mesh, &layout, &listening);
        let world = World { sources, mesh, local, layout };
        let new: BTreeSet<SocketAddr> =
            world.sockets().filter(|socket| !self.ours.contains(socket)).collect();
        if let Some((socket, source)) = busy(new.iter().copied()) {
            return Err(match source.kind() {
                std::io::ErrorKind::AddrInUse => UpError::Busy { socket },
                _ => UpError::io(socket, source),
            });
        }
        let applied =
            self.fleet.apply(&nodes(&world.local), &world.admins(), &mut self.processes, &self.state).await?;
        self.ours = world.sockets().collect();
        self.apps.play(&world.layout.apps).await?;
        Ok((world, applied))
    }
}

/// What each proxy does, as Envoy's resources.
fn nodes(local: &EffectiveMesh) -> Nodes {
    let mut writer = Writer::new();
    local.proxies.iter().map(|proxy| (proxy.id.to_string(), writer.node(proxy))).collect::<BTreeMap<_, _>>()
}
