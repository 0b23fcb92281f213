//! What a proxy tells about the traffic that it carries: access logs, statistics, traces.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Origin;

/// What a proxy tells, for each side of a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProxyTelemetry {
    /// About requests that the workload makes; of a gateway about all.
    pub client: Reports,
    /// About requests that the workload gets.
    pub server: Reports,
}

/// What is told about one side.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reports {
    /// Logs of requests and connections.
    pub logs: Vec<AccessLog>,
    /// Whether connections that no chain takes are logged too.
    pub logs_unmatched: bool,
    /// Istio's metrics: one filter each.
    pub statistics: Vec<Statistics>,
    /// Spans; none where nothing is traced.
    pub tracing: Option<Tracing>,
}

/// A log of requests and connections.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccessLog {
    /// Where to.
    pub to: LogTarget,
    /// A CEL expression: only what it holds for.
    pub only: Option<String>,
    /// The Telemetry and the provider.
    pub origins: Vec<Origin>,
}

/// Where a log goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogTarget {
    /// A file of the proxy's container.
    File {
        /// Its path.
        path: String,
        /// How an entry looks.
        format: LogFormat,
    },
    /// A gRPC service for requests.
    HttpGrpc {
        /// Where.
        service: GrpcLog,
        /// Headers of the request.
        request_headers: Vec<String>,
        /// Headers of the response.
        response_headers: Vec<String>,
        /// Trailers of the response.
        response_trailers: Vec<String>,
    },
    /// A gRPC service for connections.
    TcpGrpc(GrpcLog),
    /// The service that proxies are started with (`envoyAccessLogService`).
    OwnService,
    /// A gRPC service of OpenTelemetry.
    OpenTelemetry {
        /// Where.
        service: GrpcLog,
        /// The format of an entry's text.
        body: String,
        /// Formats of its attributes.
        attributes: BTreeMap<String, String>,
    },
}

/// A service that takes logs by gRPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrpcLog {
    /// How the log is called.
    pub name: String,
    /// A key of [`super::Proxy::clusters`].
    pub cluster: String,
    /// The service's name.
    pub authority: String,
    /// Envoy's filter states that are sent with an entry.
    pub states: Vec<String>,
}

/// How an entry of a file looks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogFormat {
    /// Text or JSON.
    pub body: LogBody,
    /// Absent values are left out.
    pub omit_empty: bool,
}

/// How an entry of a file looks; with Envoy's operators (`%…%`).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogBody {
    /// A line.
    Text(String),
    /// An object a line.
    Json(Value),
}

/// Istio's metrics of requests and connections: what differs from its defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Changed metrics, sorted by Istio's names for them.
    pub metrics: Vec<Metric>,
    /// How often connections report while they last.
    pub interval: Option<Duration>,
}

/// A changed metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metric {
    /// Its name after `istio_`.
    pub name: String,
    /// It is not kept.
    pub drop: bool,
    /// Tags and the CEL expressions of their values.
    pub tags: BTreeMap<String, String>,
    /// Tags that it does not have.
    pub removed_tags: Vec<String>,
}

/// How requests are traced.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tracing {
    /// Where spans go; none where only the trace goes on.
    pub tracer: Option<Tracer>,
    /// Percent of requests that start a trace.
    pub sampling: f64,
    /// Spans have Istio's own tags.
    pub istio_tags: bool,
    /// Further tags.
    pub tags: BTreeMap<String, Tag>,
    /// Of a path in a span, in bytes.
    pub max_path_length: Option<u32>,
    /// The request to the upstream has a span of its own.
    pub spawns_span: bool,
    /// The next hop is not told the trace.
    pub keeps_context: bool,
    /// The choice of a request follows from its `x-request-id`; Envoy's default where absent.
    pub by_request_id: Option<bool>,
    /// The Telemetry and the provider.
    pub origins: Vec<Origin>,
}

/// A tag of spans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// Always the same.
    Literal(String),
    /// A variable of the proxy's environment, and what stands there without it.
    Environment(String, Option<String>),
    /// A header of the request, and what stands there without it.
    Header(String, Option<String>),
    /// An access log's format.
    Format(String),
}

/// Where spans go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tracer {
    /// A key of [`super::Proxy::clusters`].
    pub cluster: String,
    /// The service's name.
    pub host: String,
    /// What it speaks.
    pub kind: TracerKind,
}

/// What a tracer speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TracerKind {
    /// Zipkin, JSON over HTTP.
    Zipkin {
        /// Where spans are posted.
        path: String,
        /// Identifiers have 128 bits.
        long_ids: bool,
        /// W3C headers beside B3.
        w3c: bool,
        /// For a report.
        timeout: Option<Duration>,
        /// Of a report.
        headers: Vec<ReportHeader>,
    },
    /// Datadog.
    Datadog,
    /// SkyWalking, gRPC.
    SkyWalking,
    /// OTLP.
    OpenTelemetry {
        /// Over HTTP, to this path; gRPC where absent.
        http_path: Option<String>,
        /// For a report.
        timeout: Option<Duration>,
        /// Of a report.
        headers: Vec<ReportHeader>,
        /// Attributes from the proxy's environment are added.
        from_environment: bool,
        /// Attributes from Dynatrace's files are added.
        from_dynatrace: bool,
        /// The service is called as OpenTelemetry's conventions say, not as the proxy's cluster.
        by_conventions: bool,
        /// Who chooses the requests that are traced, where it is not the proxy by chance.
        sampler: Option<Box<Sampler>>,
    },
}

/// A header of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportHeader {
    /// Its name.
    pub name: String,
    /// Its value; `%ENVIRONMENT(NAME)%` for a variable of the proxy's environment.
    pub value: String,
}

/// Dynatrace chooses the requests that are traced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sampler {
    /// Whose requests.
    pub tenant: String,
    /// Its cluster's number.
    pub cluster_id: i32,
    /// How many a minute until it was asked; Envoy's default where 0.
    pub root_spans_per_minute: u32,
    /// Where it is asked, without a scheme.
    pub uri: String,
    /// A key of [`super::Proxy::clusters`].
    pub cluster: String,
    /// For an answer.
    pub timeout: Option<Duration>,
    /// Of a question.
    pub headers: Vec<ReportHeader>,
}
