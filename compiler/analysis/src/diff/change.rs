//! What a diff consists of, as its JSON has it.

use meshc_diagnostics::Witness;
use meshc_trace::Because;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The difference of two meshes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// Of this format: 1.
    pub version: u32,
    /// What the first mesh is called.
    pub base: String,
    /// What the second mesh is called.
    pub head: String,
    /// Whether they behave alike.
    pub equal: Equal,
    /// What is different, high risk first.
    pub changes: Vec<Change>,
    /// What could not be compared.
    pub unknown: Vec<Unknown>,
}

/// Whether two meshes behave alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equal {
    /// They do: a proof.
    Yes,
    /// They do not.
    No,
    /// Nothing different was found, and not everything could be compared.
    Unknown,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What sort of difference.
    pub kind: Kind,
    /// How much it deserves a reader's attention.
    pub risk: Risk,
    /// One line: `reviews: GET /api/v2/* 0 % → 25 % v3`.
    pub summary: String,
    /// A request that is answered differently; none for what no request shows.
    pub witness: Option<Witness>,
    /// The answer to the witness before, or the settings.
    pub before: Value,
    /// The answer to the witness after, or the settings.
    pub after: Value,
    /// The lines that decided.
    pub because: Lines,
    /// The proxies that behave differently, sorted.
    #[serde(skip)]
    pub proxies: Vec<String>,
}

/// Lines of both meshes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// Of the first.
    pub base: Vec<Because>,
    /// Of the second.
    pub head: Vec<Because>,
}

/// Something that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unknown {
    /// What.
    pub what: String,
    /// Why.
    pub why: String,
}

/// What a reader should look at first. Ordered: high risk is the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Requests fail, or go somewhere else than they did.
    High,
    /// Requests are treated differently.
    Medium,
    /// Hardly visible to a caller.
    Low,
}

/// Sorts of difference, in the order in which outputs group them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Requests that reached an endpoint do not any more.
    NewlyUnreachable,
    /// Requests that reached no endpoint do now.
    NewlyReachable,
    /// Requests go to other destinations, or in other shares.
    TrafficMoved,
    /// Requests are told to go elsewhere, or no longer.
    RedirectChanged,
    /// Callers or requests that policies let pass are refused.
    NewlyDenied,
    /// Callers or requests that policies refused are let pass: what was closed is exposed.
    NewlyAllowed,
    /// Policies refuse otherwise, or ask someone else.
    SecurityChanged,
    /// Which tokens are valid, and what becomes of them.
    TokensChanged,
    /// The proxy itself answers, or answers otherwise.
    ResponseChanged,
    /// Faults on purpose.
    FaultChanged,
    /// Path or authority as they arrive.
    RewriteChanged,
    /// Headers of requests or responses.
    HeadersChanged,
    /// Cross-origin rules.
    CorsChanged,
    /// How long a request may take.
    TimeoutChanged,
    /// What is tried again.
    RetriesChanged,
    /// Where copies go.
    MirrorChanged,
    /// A proxy does not listen any more.
    ListenerRemoved,
    /// A proxy listens.
    ListenerAdded,
    /// A proxy treats connections to a port differently.
    ListenerChanged,
    /// How a destination's endpoints are chosen and reached.
    ClusterSettingsChanged,
    /// The endpoints of a destination.
    EndpointsChanged,
    /// A workload's proxies are gone.
    ProxyRemoved,
    /// A workload has proxies that it did not have.
    ProxyAdded,
}

impl Kind {
    /// As it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewlyUnreachable => "newly-unreachable",
            Self::NewlyReachable => "newly-reachable",
            Self::TrafficMoved => "traffic-moved",
            Self::RedirectChanged => "redirect-changed",
            Self::NewlyDenied => "newly-denied",
            Self::NewlyAllowed => "newly-allowed",
            Self::SecurityChanged => "security-changed",
            Self::TokensChanged => "tokens-changed",
            Self::ResponseChanged => "response-changed",
            Self::FaultChanged => "fault-changed",
            Self::RewriteChanged => "rewrite-changed",
            Self::HeadersChanged => "headers-changed",
            Self::CorsChanged => "cors-changed",
            Self::TimeoutChanged => "timeout-changed",
            Self::RetriesChanged => "retries-changed",
            Self::MirrorChanged => "mirror-changed",
            Self::ListenerRemoved => "listener-removed",
            Self::ListenerAdded => "listener-added",
            Self::ListenerChanged => "listener-changed",
            Self::ClusterSettingsChanged => "cluster-settings-changed",
            Self::EndpointsChanged => "endpoints-changed",
            Self::ProxyRemoved => "proxy-removed",
            Self::ProxyAdded => "proxy-added",
        }
    }

    /// As a heading for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::NewlyUnreachable => "Newly unreachable",
            Self::NewlyReachable => "Newly reachable",
            Self::TrafficMoved => "Traffic moved",
            Self::RedirectChanged => "Redirects changed",
            Self::NewlyDenied => "Newly denied",
            Self::NewlyAllowed => "Newly allowed",
            Self::SecurityChanged => "Security changed",
            Self::TokensChanged => "Tokens changed",
            Self::ResponseChanged => "Responses changed",
            Self::FaultChanged => "Faults changed",
            Self::RewriteChanged => "Rewrites changed",
            Self::HeadersChanged => "Headers changed",
            Self::CorsChanged => "Cross-origin rules changed",
            Self::TimeoutChanged => "Timeouts changed",
            Self::RetriesChanged => "Retries changed",
            Self::MirrorChanged => "Mirrors changed",
            Self::ListenerRemoved => "Listeners removed",
            Self::ListenerAdded => "Listeners added",
            Self::ListenerChanged => "Listeners changed",
            Self::ClusterSettingsChanged => "Destination settings changed",
            Self::EndpointsChanged => "Endpoints changed",
            Self::ProxyRemoved => "Proxies removed",
            Self::ProxyAdded => "Proxies added",
        }
    }

    /// How much it deserves a reader's attention.
    pub const fn risk(self) -> Risk {
        match self {
            Self::NewlyUnreachable
            | Self::NewlyDenied
            | Self::NewlyAllowed
            | Self::ListenerRemoved
            | Self::FaultChanged => Risk::High,
            Self::NewlyReachable
            | Self::TrafficMoved
            | Self::RedirectChanged
            | Self::SecurityChanged
            | Self::TokensChanged
            | Self::ResponseChanged
            | Self::RewriteChanged
            | Self::HeadersChanged
            | Self::CorsChanged
            | Self::TimeoutChanged
            | Self::ListenerAdded
            | Self::ListenerChanged
            | Self::ProxyRemoved => Risk::Medium,
            Self::RetriesChanged
            | Self::MirrorChanged
            | Self::ClusterSettingsChanged
            | Self::EndpointsChanged
            | Self::ProxyAdded => Risk::Low,
        }
    }
}

impl Risk {
    /// As it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

impl Serialize for Equal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Yes => serializer.serialize_bool(true),
            Self::No => serializer.serialize_bool(false),
            Self::Unknown => serializer.serialize_str("unknown"),
        }
    }
}
