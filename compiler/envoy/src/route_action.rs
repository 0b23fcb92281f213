//! What a route does: forward, redirect or answer; retries and mirrors.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::filters::CorsPolicy;
use crate::headers::HeaderValueOption;
use crate::matcher::{HeaderMatcher, RegexMatchAndSubstitute};
use crate::message::{message, proto_enum};
use crate::scalar::{DataSource, Duration, Int64, Metadata, Percent, RuntimeFractionalPercent};
use crate::typed::{TypedConfig, TypedExtensionConfig};

message! {
    /// `envoy.config.route.v3.RouteAction`: one kind of cluster, at most one rewrite of host and one of path.
    pub struct RouteAction {
        /// One cluster.
        pub cluster: Option<String>,
        /// The cluster that this header of the request names.
        pub cluster_header: Option<String>,
        /// One of several clusters by weight.
        pub weighted_clusters: Option<WeightedCluster>,
        /// The answer where the cluster does not exist (503).
        pub cluster_not_found_response_code: ClusterNotFoundResponseCode,
        /// Which endpoints (subset load balancing).
        pub metadata_match: Option<Metadata>,
        /// Replaces the matched beginning of the path.
        pub prefix_rewrite: String,
        /// Replaces parts of the path.
        pub regex_rewrite: Option<RegexMatchAndSubstitute>,
        /// Replaces the host.
        pub host_rewrite_literal: Option<String>,
        /// Replaces the host by the endpoint's name.
        pub auto_host_rewrite: Option<bool>,
        /// Replaces the host by a header's value.
        pub host_rewrite_header: Option<String>,
        /// Replaces the host by a part of the path.
        pub host_rewrite_path_regex: Option<RegexMatchAndSubstitute>,
        /// Adds the old host to `x-forwarded-host`.
        pub append_x_forwarded_host: bool,
        /// How long the whole answer may take (15 s; 0 is for ever).
        pub timeout: Option<Duration>,
        /// How long the stream may be silent.
        pub idle_timeout: Option<Duration>,
        /// Retries.
        pub retry_policy: Option<RetryPolicy>,
        /// Copies that go elsewhere, whose answers are dropped.
        pub request_mirror_policies: Vec<RequestMirrorPolicy>,
        /// What a hash balancer hashes (`HashPolicy`).
        pub hash_policy: Vec<Value>,
        /// CORS (deprecated here; the filter reads it where the route has no policy of its own).
        pub cors: Option<CorsPolicy>,
        /// The longest timeout that a gRPC client may ask for.
        pub max_grpc_timeout: Option<Duration>,
        /// The longest that a stream may take.
        pub max_stream_duration: Option<MaxStreamDuration>,
        /// Upgrades of this route.
        pub upgrade_configs: Vec<RouteUpgradeConfig>,
        /// The priority of the request.
        pub priority: RoutingPriority,
    }

    /// Several clusters by weight.
    pub struct WeightedCluster {
        /// The clusters.
        pub clusters: Vec<ClusterWeight>,
        /// The sum of the weights, if it must be one (deprecated).
        pub total_weight: Option<u32>,
    }

    /// One of several clusters.
    pub struct ClusterWeight {
        /// Its name.
        pub name: String,
        /// Its part of the sum of all weights.
        pub weight: Option<u32>,
        /// Which endpoints (subset load balancing).
        pub metadata_match: Option<Metadata>,
        /// Headers added to requests.
        pub request_headers_to_add: Vec<HeaderValueOption>,
        /// Headers removed from requests.
        pub request_headers_to_remove: Vec<String>,
        /// Headers added to responses.
        pub response_headers_to_add: Vec<HeaderValueOption>,
        /// Headers removed from responses.
        pub response_headers_to_remove: Vec<String>,
        /// Configuration of filters, by their names.
        pub typed_per_filter_config: BTreeMap<String, TypedConfig>,
        /// Replaces the host.
        pub host_rewrite_literal: Option<String>,
    }

    /// `envoy.config.route.v3.RetryPolicy`.
    pub struct RetryPolicy {
        /// When, as in `x-envoy-retry-on`, separated by commas.
        pub retry_on: String,
        /// How often (1).
        pub num_retries: Option<u32>,
        /// How long one try may take.
        pub per_try_timeout: Option<Duration>,
        /// How long one try may be silent.
        pub per_try_idle_timeout: Option<Duration>,
        /// Which priorities are tried.
        pub retry_priority: Option<TypedExtensionConfig>,
        /// Which endpoints are not tried.
        pub retry_host_predicate: Vec<TypedExtensionConfig>,
        /// How often another endpoint is looked for (1).
        pub host_selection_retry_max_attempts: Int64,
        /// The codes that `retriable-status-codes` means.
        pub retriable_status_codes: Vec<u32>,
        /// Pauses between tries.
        pub retry_back_off: Option<RetryBackOff>,
        /// Pauses that the upstream asks for.
        pub rate_limited_retry_back_off: Option<Value>,
        /// Responses that `retriable-headers` means.
        pub retriable_headers: Vec<HeaderMatcher>,
        /// Requests that are retried at all.
        pub retriable_request_headers: Vec<HeaderMatcher>,
    }

    /// Pauses between tries: random up to an interval that doubles.
    pub struct RetryBackOff {
        /// The first interval (25 ms).
        pub base_interval: Option<Duration>,
        /// The last (ten times the first).
        pub max_interval: Option<Duration>,
    }

    /// Copies of requests.
    pub struct RequestMirrorPolicy {
        /// Where they go.
        pub cluster: String,
        /// How many of all.
        pub runtime_fraction: Option<RuntimeFractionalPercent>,
        /// Whether traces of copies are sampled.
        pub trace_sampled: Option<bool>,
        /// Leaves the host without `-shadow`.
        pub disable_shadow_host_suffix_append: bool,
    }

    /// The longest that a stream may take.
    pub struct MaxStreamDuration {
        /// At all.
        pub max_stream_duration: Option<Duration>,
        /// Where a gRPC client asks for a timeout; 0 lets it ask for any.
        pub grpc_timeout_header_max: Option<Duration>,
        /// Subtracted from what the gRPC client asks for.
        pub grpc_timeout_header_offset: Option<Duration>,
    }

    /// An upgrade of one route.
    pub struct RouteUpgradeConfig {
        /// Its name in the `upgrade` header.
        pub upgrade_type: String,
        /// Whether it is on (true).
        pub enabled: Option<bool>,
    }

    /// `envoy.config.route.v3.RedirectAction`: at most one of the schemes and one of the paths.
    pub struct RedirectAction {
        /// The scheme becomes https.
        pub https_redirect: Option<bool>,
        /// The scheme becomes this.
        pub scheme_redirect: Option<String>,
        /// The host becomes this.
        pub host_redirect: String,
        /// The port becomes this.
        pub port_redirect: u32,
        /// The path becomes this.
        pub path_redirect: Option<String>,
        /// The matched beginning of the path becomes this.
        pub prefix_rewrite: Option<String>,
        /// Parts of the path are replaced.
        pub regex_rewrite: Option<RegexMatchAndSubstitute>,
        /// The code.
        pub response_code: RedirectResponseCode,
        /// Removes the query.
        pub strip_query: bool,
    }

    /// `envoy.config.route.v3.DirectResponseAction`.
    pub struct DirectResponseAction {
        /// The code.
        pub status: u32,
        /// The body.
        pub body: Option<DataSource>,
    }

    /// `envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate`.
    pub struct PreviousHostsPredicate {}

    /// `envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig`.
    pub struct PreviousPrioritiesConfig {
        /// After how many tries the priorities are weighed again.
        pub update_frequency: i32,
    }

    /// `envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget`.
    pub struct RetryBudget {
        /// Retries as a part of the requests under way.
        pub budget_percent: Option<Percent>,
        /// Retries that are always allowed.
        pub min_retry_concurrency: Option<u32>,
        /// How long requests count.
        pub budget_interval: Option<Duration>,
    }
}

proto_enum! {
    /// The answer where the cluster does not exist.
    pub enum ClusterNotFoundResponseCode {
        /// 503.
        #[default]
        ServiceUnavailable = 0 "SERVICE_UNAVAILABLE",
        /// 404.
        NotFound = 1 "NOT_FOUND",
        /// 500.
        InternalServerError = 2 "INTERNAL_SERVER_ERROR",
    }

    /// The code of a redirect.
    pub enum RedirectResponseCode {
        /// 301.
        #[default]
        MovedPermanently = 0 "MOVED_PERMANENTLY",
        /// 302.
        Found = 1 "FOUND",
        /// 303.
        SeeOther = 2 "SEE_OTHER",
        /// 307.
        TemporaryRedirect = 3 "TEMPORARY_REDIRECT",
        /// 308.
        PermanentRedirect = 4 "PERMANENT_REDIRECT",
    }

    /// The priority of a request: which of a cluster's limits count it.
    pub enum RoutingPriority {
        /// The usual.
        #[default]
        Default = 0 "DEFAULT",
        /// High.
        High = 1 "HIGH",
    }
}
