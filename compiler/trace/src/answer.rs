//! One line of trace's output. Every key is always there; what is absent is null or empty.

use std::collections::BTreeMap;

use meshc_effective::model::StringMatch;
use serde::{Serialize, Serializer};

/// What a client gets and what the service behind it sees, if every endpoint that exists answers 200.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The HTTP status; null only for TCP.
    pub status: Option<u16>,
    /// The name that Istio gave the route; null where none matched.
    pub route: Option<String>,
    /// Envoy's clusters with raw weights in configured order, 100 for a plain cluster; empty where
    /// nothing is routed.
    pub destinations: Vec<(String, u32)>,
    /// The `location` header of a redirect.
    pub location: Option<String>,
    /// The body where the proxy itself answers with one; null where the service answers.
    pub body: Option<String>,
    /// What arrives; null where nothing does.
    pub upstream: Option<Upstream>,
    /// Headers that configuration adds to or sets on the response, and those of CORS and gRPC where the
    /// proxy itself answers. Lower-case names; repeated values joined by a comma.
    pub response_headers: BTreeMap<String, String>,
    /// The value of `x-envoy-expected-rq-timeout-ms` at the first try; null where there is no limit.
    pub timeout_ms: Option<u64>,
    /// What a fault adds before anything else happens.
    pub delay_ms: Option<u64>,
    /// The retry policy of what is routed.
    pub retries: Option<RetriesAnswer>,
    /// Clusters that get a copy, with the share of requests in percent.
    pub mirrors: Vec<(String, Share)>,
    /// The CORS policy of what is routed.
    pub cors: Option<CorsAnswer>,
    /// What happens to a share of requests instead: faults with a percentage between 0 and 100, and
    /// weighted destinations that differ in whether they have endpoints.
    pub alternatives: Vec<Alternative>,
    /// The source nodes that decided, the deciding one first.
    pub because: Vec<Because>,
}

/// The request as it arrives at the service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Upstream {
    /// With the query, after normalisation and rewriting.
    pub path: String,
    /// The `Host` header.
    pub authority: String,
    /// Lower-case names; repeated values joined by a comma. Without what every proxy adds to every request
    /// and without the headers of the connection itself.
    pub headers: BTreeMap<String, String>,
    /// What each of several weighted destinations does on top, where it does something. A cluster that is
    /// listed twice stands here with what its first listing does.
    pub by_destination: BTreeMap<String, DestinationOps>,
}

/// The difference that one destination makes to [`Upstream::headers`]; `:authority` stands for the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DestinationOps {
    /// The value is this one.
    pub set: BTreeMap<String, String>,
    /// This value comes after those that are there, joined by a comma.
    pub add: BTreeMap<String, String>,
    /// The header is gone.
    pub remove: Vec<String>,
}

/// A retry policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetriesAnswer {
    /// At most so many after the first try.
    pub attempts: u32,
    /// Envoy's conditions, comma-separated.
    pub retry_on: String,
    /// Status codes for `retriable-status-codes`.
    pub retriable_status_codes: Vec<u32>,
    /// The limit of one try.
    pub per_try_timeout_ms: Option<u64>,
    /// Whether a host that failed is avoided.
    pub ignore_previous_hosts: bool,
    /// Whether other localities are tried.
    pub remote_localities: bool,
    /// Waits between tries; null leaves Envoy's 25 ms growing to 250 ms.
    pub backoff: Option<BackoffAnswer>,
}

/// Waits between tries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackoffAnswer {
    /// The first.
    pub base_ms: u64,
    /// The longest.
    pub max_ms: Option<u64>,
}

/// A CORS policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorsAnswer {
    /// Origins that are allowed.
    pub allow_origins: Vec<StringMatch>,
    /// Comma-separated.
    pub allow_methods: String,
    /// Comma-separated.
    pub allow_headers: String,
    /// Comma-separated.
    pub expose_headers: String,
    /// Seconds.
    pub max_age: Option<String>,
    /// Credentials.
    pub allow_credentials: Option<bool>,
    /// Whether preflights of other origins go to the service; null means yes.
    pub forward_not_matching_preflights: Option<bool>,
}

/// What happens to a share of the requests.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// How many, of all requests like this one.
    pub percent: Share,
    /// What they get; its own `alternatives` are empty.
    pub answer: Answer,
}

/// A source line with what it decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Because {
    /// As given on the command line.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// What it decided.
    pub text: String,
}

/// A share from 0 to 100, written as a whole number where it is one.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(pub f64);

impl Share {
    /// Rounded to a millionth of a percent, which every product of two of Envoy's shares survives.
    pub fn rounded(percent: f64) -> Self {
        Self((percent * 1e6).round() / 1e6)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 && (0.0..=100.0).contains(&self.0) {
            serializer.serialize_u64(self.0 as u64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}
