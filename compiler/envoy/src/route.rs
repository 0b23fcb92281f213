//! Route tables: virtual hosts, routes and what they match.

use std::collections::BTreeMap;

use crate::headers::HeaderValueOption;
use crate::matcher::{HeaderMatcher, MetadataMatcher, QueryParameterMatcher, RegexMatcher};
use crate::message::{message, proto_enum};
use crate::route_action::{DirectResponseAction, RedirectAction, RetryPolicy, RouteAction};
use crate::scalar::{Metadata, RuntimeFractionalPercent};
use crate::typed::TypedConfig;

message! {
    /// `envoy.config.route.v3.RouteConfiguration`.
    pub struct RouteConfiguration {
        /// Unique name.
        pub name: String,
        /// Which hosts are routed how; chosen by the most specific domain.
        pub virtual_hosts: Vec<VirtualHost>,
        /// Headers that must not arrive from outside.
        pub internal_only_headers: Vec<String>,
        /// Headers added to every response.
        pub response_headers_to_add: Vec<HeaderValueOption>,
        /// Headers removed from every response.
        pub response_headers_to_remove: Vec<String>,
        /// Headers added to every request.
        pub request_headers_to_add: Vec<HeaderValueOption>,
        /// Headers removed from every request.
        pub request_headers_to_remove: Vec<String>,
        /// Operations of the whole table come after those of virtual host and route, so that they win.
        pub most_specific_header_mutations_wins: bool,
        /// Refuses the table where it names a cluster that does not exist.
        pub validate_clusters: Option<bool>,
        /// Bytes of a direct response (4,096).
        pub max_direct_response_body_size_bytes: Option<u32>,
        /// Looks up virtual hosts without the port.
        pub ignore_port_in_host_matching: bool,
        /// Path parameters (`;…`) are no part of the path for matching.
        pub ignore_path_parameters_in_path_matching: bool,
        /// Configuration of filters, by their names.
        pub typed_per_filter_config: BTreeMap<String, TypedConfig>,
    }

    /// `envoy.config.route.v3.VirtualHost`.
    pub struct VirtualHost {
        /// Unique name.
        pub name: String,
        /// Hosts: exact, `*.suffix`, `prefix.*` or `*`.
        pub domains: Vec<String>,
        /// Routes; the first that matches is taken.
        pub routes: Vec<Route>,
        /// Whether plain HTTP is sent to HTTPS.
        pub require_tls: TlsRequirementType,
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
        /// Adds `x-envoy-attempt-count` to requests.
        pub include_request_attempt_count: bool,
        /// Adds `x-envoy-attempt-count` to responses.
        pub include_attempt_count_in_response: bool,
        /// Retries of routes that say nothing of them.
        pub retry_policy: Option<RetryPolicy>,
    }

    /// `envoy.config.route.v3.Route`: a match and one of the three actions.
    pub struct Route {
        /// Name for logs.
        pub name: String,
        /// Which requests.
        pub r#match: Option<RouteMatch>,
        /// Goes to a cluster.
        pub route: Option<RouteAction>,
        /// Sends the client elsewhere.
        pub redirect: Option<RedirectAction>,
        /// Answers.
        pub direct_response: Option<DirectResponseAction>,
        /// Free data.
        pub metadata: Option<Metadata>,
        /// The name of its spans in traces.
        pub decorator: Option<Decorator>,
        /// Configuration of filters, by their names.
        pub typed_per_filter_config: BTreeMap<String, TypedConfig>,
        /// Headers added to requests.
        pub request_headers_to_add: Vec<HeaderValueOption>,
        /// Headers removed from requests.
        pub request_headers_to_remove: Vec<String>,
        /// Headers added to responses.
        pub response_headers_to_add: Vec<HeaderValueOption>,
        /// Headers removed from responses.
        pub response_headers_to_remove: Vec<String>,
        /// The name of its own statistics.
        pub stat_prefix: String,
    }

    /// `envoy.config.route.v3.RouteMatch`: one kind of path, and all of the rest.
    pub struct RouteMatch {
        /// The beginning of the path.
        pub prefix: Option<String>,
        /// The whole path.
        pub path: Option<String>,
        /// A regular expression of the whole path.
        pub safe_regex: Option<RegexMatcher>,
        /// The beginning of the path in whole segments.
        pub path_separated_prefix: Option<String>,
        /// Whether case counts in `prefix` and `path` (true).
        pub case_sensitive: Option<bool>,
        /// Only this part of the requests.
        pub runtime_fraction: Option<RuntimeFractionalPercent>,
        /// All of these headers.
        pub headers: Vec<HeaderMatcher>,
        /// All of these query parameters.
        pub query_parameters: Vec<QueryParameterMatcher>,
        /// All of what filters left.
        pub dynamic_metadata: Vec<MetadataMatcher>,
    }

    /// The name of a route's spans.
    pub struct Decorator {
        /// The name.
        pub operation: String,
        /// Whether it is passed on in `x-envoy-decorator-operation` (true).
        pub propagate: Option<bool>,
    }
}

proto_enum! {
    /// Whether plain HTTP is sent to HTTPS.
    pub enum TlsRequirementType {
        /// Never.
        #[default]
        None = 0 "NONE",
        /// Where the request comes from outside.
        ExternalOnly = 1 "EXTERNAL_ONLY",
        /// Always.
        All = 2 "ALL",
    }
}
