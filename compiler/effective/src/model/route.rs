//! Route tables: which request goes where, and what happens to it on the way.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::{HeaderOps, Origin, RouteMatch, StringMatch};

/// Envoy's `RouteConfiguration`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RouteTable {
    /// Istio's name: `9080`, `http.8080`, `inbound|9080||`.
    pub name: String,
    /// In Envoy's order; a domain belongs to exactly one.
    pub virtual_hosts: Vec<Arc<VirtualHost>>,
    /// The port in a `Host` header does not count (all that Istio makes, by default).
    pub ignore_port_in_host: bool,
}

/// The routes for a set of domains.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VirtualHost {
    /// Istio's name: `reviews.default.svc.cluster.local:9080`, `shop.example.com:80`, `allow_any`, `block_all`.
    pub name: String,
    /// Exact, `*.suffix`, `prefix.*` or `*`; the most specific wins.
    pub domains: Vec<String>,
    /// First match wins.
    pub routes: Routes,
    /// `x-envoy-attempt-count` goes upstream.
    pub include_attempt_count: bool,
    /// Redirect all plaintext requests to HTTPS: Envoy's `require_tls: ALL` (a Gateway's `httpsRedirect`).
    pub require_tls: bool,
    /// The Service, VirtualServices or Gateway that made it.
    pub origins: Vec<Origin>,
}

/// Routes in their order. Virtual hosts with the same routes have one list in memory: from most namespaces a service has
/// other names and nothing else.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Routes(Arc<[Route]>);

impl Routes {
    /// All of them.
    pub fn as_slice(&self) -> &[Route] {
        &self.0
    }

    /// Whether both are one list in memory, so that what was found out about one holds for the other.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where the list is in memory: its name as long as it is held.
    pub fn place(&self) -> usize {
        self.0.as_ptr().addr()
    }
}

impl PartialEq for Routes {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) || self.0 == other.0
    }
}

impl Deref for Routes {
    type Target = [Route];

    fn deref(&self) -> &[Route] {
        &self.0
    }
}

impl From<Vec<Route>> for Routes {
    fn from(routes: Vec<Route>) -> Self {
        Self(routes.into())
    }
}

impl FromIterator<Route> for Routes {
    fn from_iter<I: IntoIterator<Item = Route>>(routes: I) -> Self {
        Self(routes.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Routes {
    type Item = &'a Route;
    type IntoIter = std::slice::Iter<'a, Route>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// One ordered choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Route {
    /// Istio's name for it: the http route's and the match's names joined by a dot, `default`, `allow_any`…
    pub name: Option<String>,
    /// When it is taken.
    pub matches: RouteMatch,
    /// What is done.
    pub action: Action,
    /// Header operations of the route itself; those of a destination stand with it.
    pub headers: HeaderOps,
    /// Envoy's fault filter.
    pub fault: Option<Fault>,
    /// Envoy's CORS filter.
    pub cors: Option<Cors>,
    /// The tracing operation (Envoy's `decorator`).
    pub decorator: Option<String>,
    /// Istio's `config` metadata: the API path of the VirtualService.
    pub config: Option<String>,
    /// The name of its own statistics, where it has some (`statPrefix`).
    pub stat_prefix: Option<String>,
    /// The nodes that made it, the deciding one first.
    pub origins: Vec<Origin>,
}

/// What is done with a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It goes to a cluster.
    Forward(Box<Forward>),
    /// It is told to go elsewhere.
    Redirect(Redirect),
    /// It is answered at once.
    DirectResponse(DirectResponse),
}

/// Where a request goes and under which conditions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forward {
    /// In configured order, never empty. One that is the only one written becomes Envoy's `cluster`.
    pub destinations: Vec<WeightedDestination>,
    /// Whether Envoy gets `weighted_clusters` although one destination is left (Istio drops weight 0).
    pub weighted: bool,
    /// The answer when the cluster does not exist; Envoy's default is 503.
    pub cluster_not_found_status: u16,
    /// The whole request, all tries; zero means none. `None` leaves Envoy's default of 15 s.
    pub timeout: Option<Duration>,
    /// Retries.
    pub retry: Option<RetryPolicy>,
    /// Path and authority changes.
    pub rewrite: Rewrite,
    /// Copies.
    pub mirrors: Vec<Mirror>,
    /// What of a request is hashed to choose an endpoint, where the cluster chooses by a hash.
    pub hash_policies: Vec<HashPolicy>,
    /// The host that the client asked for goes on in `x-forwarded-host`.
    pub tells_host: bool,
    /// Envoy's `max_stream_duration` of zero on inbound routes, in place of `max_grpc_timeout`.
    pub max_stream_duration: Option<Duration>,
}

/// What of a request is hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HashPolicy {
    /// A header.
    Header {
        /// Its name.
        name: String,
    },
    /// A cookie, which is made where the request has none and it has a time to live.
    Cookie {
        /// Its name.
        name: String,
        /// Its path; empty for none.
        path: String,
        /// How long it lives.
        ttl: Option<Duration>,
        /// More attributes, by name and value.
        attributes: Vec<(String, String)>,
    },
    /// The client's address.
    SourceIp {
        /// Whether it is.
        used: bool,
    },
    /// A query parameter.
    QueryParameter {
        /// Its name.
        name: String,
    },
}

/// A cluster with its share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WeightedDestination {
    /// Envoy's cluster, in Istio's name: `outbound|9080|v2|reviews.default.svc.cluster.local`.
    pub cluster: String,
    /// The raw weight; 100 for a plain cluster.
    pub weight: u32,
    /// Operations for requests to this one.
    pub headers: HeaderOps,
}

/// Istio's and Envoy's retries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RetryPolicy {
    /// At most so many after the first try.
    pub attempts: u32,
    /// Envoy's conditions, comma-separated, in Istio's order.
    pub retry_on: String,
    /// HTTP codes for `retriable-status-codes`.
    pub retriable_status_codes: Vec<u32>,
    /// One try.
    pub per_try_timeout: Option<Duration>,
    /// `retryIgnorePreviousHosts`: not the same host again (Envoy's `previous_hosts` predicate).
    pub ignore_previous_hosts: bool,
    /// Another host is looked for, a few times, where one is passed over; towards a proxy's own workload there is none.
    pub looks_for_hosts: bool,
    /// `retryRemoteLocalities`.
    pub remote_localities: bool,
    /// Wait between tries, where it is set.
    pub backoff: Option<Backoff>,
}

/// Wait between tries.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backoff {
    /// The first wait.
    pub base: Duration,
    /// The longest.
    pub max: Option<Duration>,
}

/// Changes of path and authority.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rewrite {
    /// Replaces the matched prefix, or the whole of an exact path.
    pub prefix: Option<String>,
    /// Replaces by expression.
    pub regex: Option<RegexRewrite>,
    /// Replaces the authority.
    pub authority: Option<String>,
}

/// Envoy's `regex_rewrite`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegexRewrite {
    /// RE2.
    pub pattern: String,
    /// With `\1`.
    pub substitution: String,
}

/// A copy of some requests, fire and forget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mirror {
    /// To which cluster.
    pub cluster: String,
    /// How many.
    pub percent: Percent,
}

/// A share of requests in millionths, as Envoy's `FractionalPercent` with denominator MILLION.
#[derive(Debug, Clone, Copy, Eq, Serialize)]
pub struct Percent {
    /// 0 to 1,000,000.
    pub millionths: u32,
    /// Envoy is told in hundredths, as Istio tells it where nobody wrote a fraction. Equal shares are equal either way.
    #[serde(skip)]
    pub whole: bool,
}

impl PartialEq for Percent {
    fn eq(&self, other: &Self) -> bool {
        self.millionths == other.millionths
    }
}

impl Ord for Percent {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.millionths.cmp(&other.millionths)
    }
}

impl PartialOrd for Percent {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Percent {
    /// All.
    pub const ALL: Self = Self { millionths: 1_000_000, whole: true };

    /// A share in millionths.
    pub const fn of_million(millionths: u32) -> Self {
        Self { millionths, whole: false }
    }

    /// A share in hundredths, of which there are at most 100.
    pub const fn of_hundred(hundredths: u32) -> Self {
        let hundredths = if hundredths > 100 { 100 } else { hundredths };
        Self { millionths: hundredths * 10_000, whole: true }
    }

    /// As a number from 0 to 100.
    pub fn value(self) -> f64 {
        f64::from(self.millionths) / 10_000.0
    }
}

/// Istio's fault injection. Envoy first delays, then aborts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Fault {
    /// Wait first.
    pub delay: Option<FaultDelay>,
    /// Then answer instead of the service.
    pub abort: Option<FaultAbort>,
}

/// A wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultDelay {
    /// How long.
    pub fixed: Duration,
    /// How often.
    pub percent: Percent,
}

/// An answer in place of the service's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultAbort {
    /// The HTTP status.
    pub http_status: Option<u32>,
    /// The gRPC status, where that is what was asked for.
    pub grpc_status: Option<u32>,
    /// How often.
    pub percent: Percent,
}

/// Istio's `corsPolicy`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cors {
    /// Origins that are allowed.
    pub allow_origins: Vec<StringMatch>,
    /// `access-control-allow-methods`, comma-separated.
    pub allow_methods: String,
    /// `access-control-allow-headers`, comma-separated.
    pub allow_headers: String,
    /// `access-control-expose-headers`, comma-separated.
    pub expose_headers: String,
    /// Seconds, as Envoy wants it.
    pub max_age: Option<String>,
    /// Credentials.
    pub allow_credentials: Option<bool>,
    /// Preflights of other origins go to the service.
    pub forward_not_matching_preflights: Option<bool>,
}

/// Istio's `redirect`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    pub code: u16,
    /// New scheme.
    pub scheme: Option<String>,
    /// New host.
    pub host: Option<String>,
    /// New port; derived from the scheme's default when asked for.
    pub port: Option<u16>,
    /// New path.
    pub path: Option<RedirectPath>,
}

/// The new path of a redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectPath {
    /// The whole path (the query stays unless the path has one).
    Full(String),
    /// In place of the matched prefix.
    Prefix(String),
}

/// Istio's `directResponse`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DirectResponse {
    /// The status.
    pub status: u32,
    /// The body; bytes need not be text.
    pub body: Option<Vec<u8>>,
}
