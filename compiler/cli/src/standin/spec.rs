//! What `meshc up` tells its stand-in process and what it hears back: one JSON line each way for each change.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The header with the calls that a stand-in makes before it answers.
///
/// `reviews:9080/page > ratings:9080/, catalog:8080/`: calls separated by commas; what stands behind `>` is called
/// by the one before it.
pub(crate) const CALL: &str = "x-meshc-call";

/// The header that names more headers which a stand-in hands on to the services that it calls.
pub(crate) const FORWARD: &str = "x-meshc-forward";

/// The response header of a stand-in that names who answered: `POD.NAMESPACE`.
pub(crate) const ANSWERED_BY: &str = "x-meshc-answered-by";

/// The response header with the whole answer, where the method forbids a body.
pub(crate) const ANSWER: &str = "x-meshc-answer";

/// Every workload that is to be played from now on; others stop.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Command {
    /// By `POD.NAMESPACE`.
    pub(crate) apps: BTreeMap<String, App>,
}

/// One pod's application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct App {
    /// Who answers.
    pub(crate) identity: Identity,
    /// Ports of the container, each played on an ephemeral port of the loopback.
    pub(crate) ports: BTreeMap<u16, Protocol>,
    /// Its own sidecar's caller side; `None` for pods without a sidecar.
    pub(crate) caller: Option<Caller>,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The Deployment's name, or the pod's own.
    pub(crate) workload: String,
    /// Its version, where its labels say one.
    pub(crate) version: Option<String>,
    /// The pod.
    pub(crate) pod: String,
    /// Its namespace.
    pub(crate) namespace: String,
}

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// Requests are answered.
    Http,
    /// A banner, then an echo.
    Tcp,
}

/// Where an application reaches its own sidecar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Caller {
    /// The address of its outbound listeners.
    pub(crate) address: Ipv4Addr,
    /// Service ports that are served on another port here.
    pub(crate) moved: BTreeMap<u16, u16>,
}

impl Caller {
    /// Where `port` of any service is reached.
    pub(crate) fn socket(&self, port: u16) -> SocketAddr {
        SocketAddr::from((self.address, self.moved.get(&port).copied().unwrap_or(port)))
    }
}

/// Where the applications listen now.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Listening {
    /// By `POD.NAMESPACE`, then by the container's port.
    pub(crate) apps: BTreeMap<String, BTreeMap<u16, u16>>,
}

/// A stand-in's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Who answers.
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// The container's port that was reached.
    pub(crate) port: u16,
    /// The request as it arrived.
    pub(crate) request: Arrived,
    /// What it called first.
    pub(crate) calls: Vec<Called>,
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrived {
    /// The method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// The `Host` header, or the authority of the target.
    pub(crate) authority: Option<String>,
    /// `name: value` with names in lower case, in order, `host` left out.
    pub(crate) headers: Vec<String>,
    /// Bytes of its body.
    pub(crate) body_bytes: u64,
}

/// A call that a stand-in made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Called {
    /// As it was asked for.
    pub(crate) url: String,
    /// The status; `None` where no answer came.
    pub(crate) status: Option<u16>,
    /// The answer; `None` where none came.
    pub(crate) answer: Option<Reply>,
    /// Why there is no answer.
    pub(crate) error: Option<String>,
}

/// What a call was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    /// By another stand-in.
    StandIn(Box<Answer>),
    /// By a proxy, or by nobody we know.
    Text(String),
}
