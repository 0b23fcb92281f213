//! The answers: each way from a caller to what was asked for, and those callers that have none.

use meshc_diagnostics::Witness;
use meshc_trace::Because;
use serde::Serialize;

/// What is known of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Some request arrives: proved, with the request wherever one can be made without a token.
    Reaches,
    /// Requests are sent, and none is let in: proved for all of them.
    Denied,
    /// Requests are sent, and nothing is there to answer.
    NoEndpoint,
    /// It cannot be told.
    Unknown,
}

impl Verdict {
    /// As JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reaches => "reaches",
            Self::Denied => "denied",
            Self::NoEndpoint => "no-endpoint",
            Self::Unknown => "unknown",
        }
    }
}

/// A way from a caller, by one route, to one destination.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// Who sends: `storefront-v1.shop`, `istio-ingressgateway.istio-system port 80`.
    pub from: String,
    /// Where to: `reviews.shop (v2)`.
    pub to: String,
    /// Envoy's cluster.
    pub cluster: String,
    /// The workloads behind it, `NAME.NAMESPACE`; those that treat requests alike are one way.
    pub workloads: Vec<String>,
    /// What is known.
    pub verdict: Verdict,
    /// What the route asks for, in words: `/api/v2/*`.
    pub requests: String,
    /// Of the route's requests, in percent.
    pub share: f64,
    /// Copies of requests go there; nobody waits for their answers.
    pub mirror: bool,
    /// The identity that the workload sees; none: plaintext.
    pub identity: Option<String>,
    /// What a request has to have besides, which no request without a token shows.
    pub needs: Vec<String>,
    /// A request that arrives.
    pub witness: Option<Witness>,
    /// The same as a command.
    pub curl: Option<String>,
    /// A request of the route that is not let in.
    pub refused: Option<Refused>,
    /// The resources on the way of the witness; without one, of the route.
    pub through: Vec<Because>,
    /// Why it is not known.
    pub why: Option<String>,
}

/// A request that is sent, and not let in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refused {
    /// As the caller sends it.
    pub witness: Option<Witness>,
    /// The same as a command.
    pub curl: Option<String>,
    /// The status that the caller gets; none where the connection is closed.
    pub status: Option<u16>,
    /// The policies that decided.
    pub because: Vec<Because>,
}

/// A caller from which nothing is sent there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Without {
    /// Who.
    pub from: String,
    /// Why not.
    pub why: String,
}
