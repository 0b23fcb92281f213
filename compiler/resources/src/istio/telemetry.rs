//! `telemetry.istio.io` Telemetry: access logs, metrics and traces of some workloads.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{PolicyTargetReference, WorkloadSelector};

/// Access logs, metrics and traces of some workloads.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = json!([{
    "rule": "(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1",
    "message": "only one of targetRefs or selector can be set",
}])))]
pub struct Telemetry {
    /// Which workloads of its namespace; all when absent.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// Deprecated form of `targetRefs`.
    pub target_ref: Option<Spanned<PolicyTargetReference>>,
    /// What it is attached to in place of a selector.
    #[schemars(length(max = 16))]
    pub target_refs: Vec<Spanned<PolicyTargetReference>>,
    /// Spans.
    pub tracing: Vec<Spanned<TelemetryTracing>>,
    /// Metrics.
    pub metrics: Vec<Spanned<TelemetryMetrics>>,
    /// Access logs.
    pub access_logging: Vec<Spanned<TelemetryAccessLogging>>,
}

/// Which side of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WorkloadMode {
    /// Both.
    #[default]
    ClientAndServer,
    /// Requests that the workload makes.
    Client,
    /// Requests that the workload gets.
    Server,
}

/// An extension provider of `MeshConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProviderRef {
    /// Its name.
    #[schemars(required, length(min = 1))]
    pub name: Option<Spanned<String>>,
}

/// How spans are reported.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelemetryTracing {
    /// For which side.
    #[serde(rename = "match")]
    pub matches: Option<Spanned<TracingSelector>>,
    /// Where to; only the first counts.
    pub providers: Vec<Spanned<ProviderRef>>,
    /// The share of requests that start a trace.
    #[schemars(range(min = 0, max = 100), extend("nullable" = true, "format" = "double"))]
    pub random_sampling_percentage: Option<Spanned<f64>>,
    /// No spans; the trace goes on through the proxy.
    #[schemars(extend("nullable" = true))]
    pub disable_span_reporting: Option<Spanned<bool>>,
    /// Further tags of spans.
    pub custom_tags: IndexMap<Spanned<String>, Spanned<TelemetryCustomTag>>,
    /// Whether the choice of a request follows from its `x-request-id`; true.
    #[schemars(extend("nullable" = true))]
    pub use_request_id_for_trace_sampling: Option<Spanned<bool>>,
    /// Whether spans have Istio's own tags; true.
    #[schemars(extend("nullable" = true))]
    pub enable_istio_tags: Option<Spanned<bool>>,
    /// The next hop is not told the trace.
    #[schemars(extend("nullable" = true))]
    pub disable_context_propagation: Option<Spanned<bool>>,
}

/// For which side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TracingSelector {
    /// Both when absent.
    pub mode: Option<Spanned<WorkloadMode>>,
}

/// A tag of spans; exactly one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["literal", "environment", "header", "formatter"]]))]
pub struct TelemetryCustomTag {
    /// Always the same.
    pub literal: Option<Spanned<TelemetryTagValue>>,
    /// A variable of the proxy's environment.
    pub environment: Option<Spanned<TelemetryTagName>>,
    /// A header of the request.
    pub header: Option<Spanned<TelemetryTagName>>,
    /// Envoy's format of an access log.
    pub formatter: Option<Spanned<TelemetryTagValue>>,
}

/// A text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelemetryTagValue {
    /// The text.
    #[schemars(required, length(min = 1))]
    pub value: Option<Spanned<String>>,
}

/// A tag by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelemetryTagName {
    /// Of the variable or header.
    #[schemars(required, length(min = 1))]
    pub name: Option<Spanned<String>>,
    /// Where there is none.
    pub default_value: Option<Spanned<String>>,
}

/// How metrics are kept.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelemetryMetrics {
    /// For whom.
    pub providers: Vec<Spanned<ProviderRef>>,
    /// In order; the last that matches holds.
    pub overrides: Vec<Spanned<MetricsOverride>>,
    /// How often TCP connections report while they last; 5 s.
    #[schemars(extend("x-kubernetes-validations" = super::at_least_a_millisecond()))]
    pub reporting_interval: Option<Spanned<Duration>>,
}

/// A change of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricsOverride {
    /// Which metric; all when absent.
    #[serde(rename = "match")]
    pub matches: Option<Spanned<MetricSelector>>,
    /// It is not kept.
    #[schemars(extend("nullable" = true))]
    pub disabled: Option<Spanned<bool>>,
    /// Tags of it.
    pub tag_overrides: IndexMap<Spanned<String>, Spanned<TagOverride>>,
}

/// Which metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["metric", "customMetric"]]))]
pub struct MetricSelector {
    /// One of Istio's.
    pub metric: Option<Spanned<IstioMetric>>,
    /// Another, by name.
    #[schemars(length(min = 1))]
    pub custom_metric: Option<Spanned<String>>,
    /// For which side; both when absent.
    pub mode: Option<Spanned<WorkloadMode>>,
}

/// Istio's metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IstioMetric {
    /// All of them.
    #[default]
    AllMetrics,
    /// `istio_requests_total`
    RequestCount,
    /// `istio_request_duration_milliseconds`
    RequestDuration,
    /// `istio_request_bytes`
    RequestSize,
    /// `istio_response_bytes`
    ResponseSize,
    /// `istio_tcp_connections_opened_total`
    TcpOpenedConnections,
    /// `istio_tcp_connections_closed_total`
    TcpClosedConnections,
    /// `istio_tcp_sent_bytes_total`
    TcpSentBytes,
    /// `istio_tcp_received_bytes_total`
    TcpReceivedBytes,
    /// `istio_request_messages_total`
    GrpcRequestMessages,
    /// `istio_response_messages_total`
    GrpcResponseMessages,
}

/// A change of a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = json!([
    {
        "rule": "((has(self.operation) ? self.operation : \"\") == \"UPSERT\") ? (self.value != \"\") : true",
        "message": "value must be set when operation is UPSERT",
    },
    {
        "rule": "((has(self.operation) ? self.operation : \"\") == \"REMOVE\") ? !has(self.value) : true",
        "message": "value must not be set when operation is REMOVE",
    },
])))]
pub struct TagOverride {
    /// Set when absent.
    pub operation: Option<Spanned<TagOperation>>,
    /// A CEL expression.
    pub value: Option<Spanned<String>>,
}

/// What is done to a tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TagOperation {
    /// It gets the value.
    #[default]
    Upsert,
    /// It is left out.
    Remove,
}

/// How requests are logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelemetryAccessLogging {
    /// For which side.
    #[serde(rename = "match")]
    pub matches: Option<Spanned<LogSelector>>,
    /// Where to.
    pub providers: Vec<Spanned<ProviderRef>>,
    /// Not at all.
    #[schemars(extend("nullable" = true))]
    pub disabled: Option<Spanned<bool>>,
    /// Which requests.
    pub filter: Option<Spanned<LogFilter>>,
}

/// For which side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogSelector {
    /// Both when absent.
    pub mode: Option<Spanned<WorkloadMode>>,
}

/// Which requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LogFilter {
    /// A CEL expression.
    pub expression: Option<Spanned<String>>,
}
