//! The proxies of a run: one process each, mesh-proxy or Envoy, and how a new configuration reaches them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use meshc_delivery::admin::Admin;
use meshc_delivery::envoy::{EnvoyNode, Watched};
use meshc_delivery::{DeliveryError, Nodes, publish};

use super::args::ProxyProgram;
use super::envoy;
use super::error::UpError;
use super::processes::Processes;
use super::state::State;
use super::watchers;

/// How long a proxy may take to serve: Envoys start slowly where many start at once.
const START: Duration = Duration::from_secs(60);

/// How long a running proxy may take to swap.
const SWAP: Duration = Duration::from_secs(20);

/// How long Envoy goes on serving connections of a listener that is gone, in seconds.
const ENVOY_DRAIN: &str = "5";

/// What a configuration became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    /// The bundle's digest.
    pub(super) digest: String,
}

/// The proxies.
#[derive(Debug)]
pub(super) struct Fleet {
    program: Program,
    running: BTreeMap<String, Node>,
}

#[derive(Debug)]
enum Program {
    MeshProxy,
    Envoy {
        program: PathBuf,
        /// Decided when the first of them start.
        watched: Option<Watched>,
    },
}

#[derive(Debug)]
struct Node {
    admin: Admin,
    /// Files and their state, for Envoy.
    envoy: Option<EnvoyNode>,
}

impl Fleet {
    /// No proxies yet.
    pub(super) fn new(program: ProxyProgram) -> Result<Self, UpError> {
        let program = match program {
            ProxyProgram::MeshProxy => Program::MeshProxy,
            ProxyProgram::Envoy => {
                Program::Envoy { program: envoy::find().ok_or(UpError::NoEnvoy)?, watched: None }
            }
        };
        Ok(Self { program, running: BTreeMap::new() })
    }

    /// What the proxies are called for people.
    pub(super) fn name(&self) -> &'static str {
        match self.program {
            Program::MeshProxy => "mesh-proxy",
            Program::Envoy { .. } => "Envoy",
        }
    }

    /// How many run.
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// Has exactly `nodes` running with their configuration: starts those that are new (administered at `admins`),
    /// brings the others to theirs, ends the rest, and returns when all of them serve it.
    pub(super) async fn apply(
        &mut self,
        nodes: &Nodes,
        admins: &BTreeMap<String, SocketAddr>,
        processes: &mut Processes,
        state: &State,
    ) -> Result<Applied, UpError> {
        let refused = self.refusals().await?;
        // For Envoy too: the bundle is what is delivered, its digest is what people compare.
        let written = publish(&state.bundle(), nodes)?;
        let new: Vec<&String> = nodes.keys().filter(|id| !self.running.contains_key(*id)).collect();
        if let Program::Envoy { watched: watched @ None, .. } = &mut self.program {
            *watched = Some(watchers::affordable(nodes)?);
        }
        let mut started = BTreeMap::new();
        for id in new {
            let Some(&address) = admins.get(id) else { continue };
            let admin = Admin { node: id.clone(), address };
            let node = self.start(id, admin, nodes, processes, state)?;
            started.insert(id.clone(), node);
        }
        let ready = try_join_all(started.values().map(Node::started)).await;
        if let Err((node, error)) = ready {
            return Err(UpError::NotReady { error, last_lines: processes.last_words(&node) });
        }
        let gone: Vec<String> = self.running.keys().filter(|id| !nodes.contains_key(*id)).cloned().collect();
        for id in &gone {
            self.running.remove(id);
        }
        match self.program {
            Program::MeshProxy => {
                self.running.append(&mut started);
                let swaps = self.running.iter().map(|(id, node)| {
                    let before = refused.get(id).copied().unwrap_or_default();
                    node.admin.runs(&written, before, SWAP)
                });
                try_join_all(swaps).await?;
            }
            Program::Envoy { .. } => {
                let mut configs = BTreeMap::new();
                for (id, node) in nodes {
                    configs.insert(id, node.to_node_config()?);
                }
                let swaps = self.running.iter_mut().filter_map(|(id, node)| {
                    let config = configs.remove(id)?;
                    Some(node.envoy.as_mut()?.apply(config, SWAP))
                });
                // Each of them is brought as far as it goes, so that one refusal leaves no half-told fleet.
                let outcomes = join_all(swaps).await;
                self.running.append(&mut started);
                outcomes.into_iter().collect::<Result<(), DeliveryError>>()?;
            }
        }
        // Last, when nobody sends them anything any more.
        for id in &gone {
            processes.stop(id);
        }
        Ok(Applied { digest: written.configuration.to_string() })
    }

    /// How many configurations each proxy has refused; Envoys are asked when they are told.
    async fn refusals(&self) -> Result<BTreeMap<String, u64>, UpError> {
        if matches!(self.program, Program::Envoy { .. }) {
            return Ok(BTreeMap::new());
        }
        let counts = self
            .running
            .iter()
            .map(async |(id, node)| node.admin.refusals().await.map(|count| (id.clone(), count)));
        Ok(try_join_all(counts).await?.into_iter().collect())
    }

    fn start(
        &self,
        id: &str,
        admin: Admin,
        nodes: &Nodes,
        processes: &mut Processes,
        state: &State,
    ) -> Result<Node, UpError> {
        let log = state.log(id);
        let os = |text: &str| OsString::from(text);
        match &self.program {
            Program::MeshProxy => {
                let mut args = vec![os("proxy"), os("run"), os("--bundle"), state.bundle().into_os_string()];
                args.extend([os("--node"), os(id), os("--admin"), os(&admin.address.to_string())]);
                args.extend([os("--concurrency"), os("1")]);
                processes.start_self(id, &args, &log)?;
                Ok(Node { admin, envoy: None })
            }
            Program::Envoy { program, watched } => {
                let config = nodes.get(id).map(meshc_envoy::SharedNode::to_node_config);
                let config = config.transpose()?.unwrap_or_default();
                let node = EnvoyNode::prepare(
                    &state.envoy(id),
                    &log,
                    admin.clone(),
                    config,
                    watched.unwrap_or(Watched::CHOICES[0]),
                )?;
                let mut args =
                    vec![os("-c"), node.bootstrap().into_os_string(), os("--concurrency"), os("1")];
                args.extend(
                    ["--disable-hot-restart", "-l", "warning", "--drain-time-s", ENVOY_DRAIN].map(os),
                );
                processes.start(id, program.as_os_str(), &args, &log)?;
                Ok(Node { admin, envoy: Some(node) })
            }
        }
    }
}

impl Node {
    async fn started(&self) -> Result<(), (String, DeliveryError)> {
        let outcome = match &self.envoy {
            Some(envoy) => envoy.started(START).await,
            None => self.admin.ready(START).await,
        };
        outcome.map_err(|error| (self.admin.node.clone(), error))
    }
}
