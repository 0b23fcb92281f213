//! The extension providers of `MeshConfig`: services that telemetry and authorization use.

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::proto_enum::proto_enum;

/// A provider by name; exactly one of the other fields says what it is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [[
    "envoyExtAuthzHttp", "envoyExtAuthzGrpc", "zipkin", "lightstep", "datadog", "stackdriver", "opencensus",
    "skywalking", "opentelemetry", "prometheus", "envoyFileAccessLog", "envoyHttpAls", "envoyTcpAls",
    "envoyOtelAls", "sds"
]]))]
pub struct ExtensionProvider {
    /// By which resources call it.
    pub name: Option<Spanned<String>>,
    /// Authorization over HTTP.
    pub envoy_ext_authz_http: Option<Spanned<ExtAuthzHttp>>,
    /// Authorization over gRPC.
    pub envoy_ext_authz_grpc: Option<Spanned<ExtAuthzGrpc>>,
    /// Spans to Zipkin.
    pub zipkin: Option<Spanned<ZipkinProvider>>,
    /// Spans to Lightstep; deprecated.
    pub lightstep: Option<Spanned<LightstepProvider>>,
    /// Spans to Datadog.
    pub datadog: Option<Spanned<DatadogProvider>>,
    /// Spans, metrics and logs to Google Cloud.
    pub stackdriver: Option<Spanned<StackdriverProvider>>,
    /// Spans to an OpenCensus agent; deprecated.
    pub opencensus: Option<Spanned<OpenCensusProvider>>,
    /// Spans to SkyWalking.
    pub skywalking: Option<Spanned<SkyWalkingProvider>>,
    /// Spans by OTLP.
    pub opentelemetry: Option<Spanned<OpenTelemetryProvider>>,
    /// Metrics that Prometheus fetches.
    pub prometheus: Option<Spanned<PrometheusProvider>>,
    /// Access logs to a file.
    pub envoy_file_access_log: Option<Spanned<FileAccessLogProvider>>,
    /// Access logs of HTTP by gRPC.
    pub envoy_http_als: Option<Spanned<HttpAlsProvider>>,
    /// Access logs of TCP by gRPC.
    pub envoy_tcp_als: Option<Spanned<TcpAlsProvider>>,
    /// Access logs by OTLP.
    pub envoy_otel_als: Option<Spanned<OtelAlsProvider>>,
    /// Certificates by SDS.
    pub sds: Option<Spanned<SdsProvider>>,
}

/// Authorization over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtAuthzHttp {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// For an answer; 10 minutes.
    pub timeout: Option<Spanned<Duration>>,
    /// Before the path that is asked about.
    pub path_prefix: Option<Spanned<String>>,
    /// Requests pass when there is no answer.
    pub fail_open: Option<Spanned<bool>>,
    /// The route is chosen again after an answer that changes headers.
    pub clear_route_cache: Option<Spanned<bool>>,
    /// The status when there is no answer; 403.
    pub status_on_error: Option<Spanned<String>>,
    /// Deprecated name of the next.
    pub include_headers_in_check: Vec<Spanned<String>>,
    /// Headers of the request that are asked about: `NAME`, `PREFIX*`, `*SUFFIX`, `*`.
    pub include_request_headers_in_check: Vec<Spanned<String>>,
    /// Headers that are added to the question.
    pub include_additional_headers_in_check: IndexMap<Spanned<String>, Spanned<String>>,
    /// How much of the body is asked about.
    pub include_request_body_in_check: Option<Spanned<ExtAuthzBody>>,
    /// Headers of the answer that replace those of the request.
    pub headers_to_upstream_on_allow: Vec<Spanned<String>>,
    /// Headers of the answer that the client gets when it is denied.
    pub headers_to_downstream_on_deny: Vec<Spanned<String>>,
    /// Headers of the answer that the client gets when it is allowed.
    pub headers_to_downstream_on_allow: Vec<Spanned<String>>,
}

/// Authorization over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtAuthzGrpc {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// For an answer; 10 minutes.
    pub timeout: Option<Spanned<Duration>>,
    /// Requests pass when there is no answer.
    pub fail_open: Option<Spanned<bool>>,
    /// The route is chosen again after an answer that changes headers.
    pub clear_route_cache: Option<Spanned<bool>>,
    /// The status when there is no answer; 403.
    pub status_on_error: Option<Spanned<String>>,
    /// How much of the body is asked about.
    pub include_request_body_in_check: Option<Spanned<ExtAuthzBody>>,
}

/// How much of the body is asked about.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExtAuthzBody {
    /// At most, in bytes.
    pub max_request_bytes: Option<Spanned<u32>>,
    /// Whether a part of a longer body is asked about; otherwise the client gets 413.
    pub allow_partial_message: Option<Spanned<bool>>,
    /// As bytes, not as text.
    pub pack_as_bytes: Option<Spanned<bool>>,
}

proto_enum! {
    /// How a trace is told to the next hop.
    pub enum ZipkinTraceContext {
        /// B3 headers.
        UseB3 = "USE_B3" | 0,
        /// B3 and W3C headers.
        UseB3WithW3c = "USE_B3_WITH_W3C_PROPAGATION" | 1,
    }
}

/// Spans to Zipkin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ZipkinProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Of a path in a span, in bytes; 256.
    pub max_tag_length: Option<Spanned<u32>>,
    /// Identifiers of 64 bits in place of 128.
    pub enable64bit_trace_id: Option<Spanned<bool>>,
    /// `/api/v2/spans`.
    pub path: Option<Spanned<String>>,
    /// How a trace is told to the next hop.
    pub trace_context_option: Option<Spanned<ZipkinTraceContext>>,
    /// For a report; 5 s.
    pub timeout: Option<Spanned<Duration>>,
    /// Of a report.
    pub headers: Vec<Spanned<ProviderHeader>>,
}

/// Spans to Lightstep.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LightstepProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Its key.
    pub access_token: Option<Spanned<String>>,
    /// Of a path in a span, in bytes; 256.
    pub max_tag_length: Option<Spanned<u32>>,
}

/// Spans to Datadog.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DatadogProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Of a path in a span, in bytes; 256.
    pub max_tag_length: Option<Spanned<u32>>,
}

/// Spans to SkyWalking.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SkyWalkingProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Its key.
    pub access_token: Option<Spanned<String>>,
}

/// Spans, metrics and logs to Google Cloud.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StackdriverProvider {
    /// Deprecated.
    pub debug: Option<Spanned<bool>>,
    /// Deprecated.
    pub max_number_of_attributes: Option<Spanned<i64>>,
    /// Deprecated.
    pub max_number_of_annotations: Option<Spanned<i64>>,
    /// Deprecated.
    pub max_number_of_message_events: Option<Spanned<i64>>,
    /// Of a path in a span, in bytes; 256.
    pub max_tag_length: Option<Spanned<u32>>,
    /// Of log entries.
    pub logging: Option<Spanned<StackdriverLogging>>,
}

/// Labels of log entries.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StackdriverLogging {
    /// CEL expressions by name.
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
}

proto_enum! {
    /// How a trace is told to the next hop.
    pub enum OpenCensusTraceContext {
        /// By no header.
        Unspecified = "UNSPECIFIED" | 0,
        /// `traceparent`.
        W3c = "W3C_TRACE_CONTEXT" | 1,
        /// `grpc-trace-bin`.
        GrpcBin = "GRPC_BIN" | 2,
        /// `x-cloud-trace-context`.
        CloudTrace = "CLOUD_TRACE_CONTEXT" | 3,
        /// B3 headers.
        B3 = "B3" | 4,
    }
}

/// Spans to an OpenCensus agent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenCensusProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Headers that tell the trace.
    pub context: Vec<Spanned<OpenCensusTraceContext>>,
    /// Of a path in a span, in bytes; 256.
    pub max_tag_length: Option<Spanned<u32>>,
}

/// Metrics that Prometheus fetches; nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrometheusProvider {}

/// Access logs to a file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FileAccessLogProvider {
    /// `/dev/stdout`.
    pub path: Option<Spanned<String>>,
    /// How a line looks.
    pub log_format: Option<Spanned<FileLogFormat>>,
    /// Whether absent values are left out; otherwise `-`.
    pub omit_empty_values: Option<Spanned<bool>>,
}

/// How a line looks; one of both.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["text", "labels"]]))]
pub struct FileLogFormat {
    /// Envoy's format of a line.
    pub text: Option<Spanned<String>>,
    /// A JSON object of such formats.
    pub labels: Option<Spanned<Raw>>,
}

/// Access logs of HTTP by gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpAlsProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// `http_envoy_accesslog`.
    pub log_name: Option<Spanned<String>>,
    /// Envoy's filter states.
    pub filter_state_objects_to_log: Vec<Spanned<String>>,
    /// Headers of the request.
    pub additional_request_headers_to_log: Vec<Spanned<String>>,
    /// Headers of the response.
    pub additional_response_headers_to_log: Vec<Spanned<String>>,
    /// Trailers of the response.
    pub additional_response_trailers_to_log: Vec<Spanned<String>>,
}

/// Access logs of TCP by gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpAlsProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// `tcp_envoy_accesslog`.
    pub log_name: Option<Spanned<String>>,
    /// Envoy's filter states.
    pub filter_state_objects_to_log: Vec<Spanned<String>>,
}

/// Access logs by OTLP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OtelAlsProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// `otel_envoy_accesslog`.
    pub log_name: Option<Spanned<String>>,
    /// Body and attributes.
    pub log_format: Option<Spanned<OtelLogFormat>>,
}

/// Body and attributes of a record.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OtelLogFormat {
    /// Envoy's format of the body.
    pub text: Option<Spanned<String>>,
    /// Attributes.
    pub labels: Option<Spanned<Raw>>,
}

proto_enum! {
    /// How attributes of the service are called.
    pub enum ServiceAttributeEnrichment {
        /// As Istio's canonical service.
        IstioCanonical = "ISTIO_CANONICAL" | 0,
        /// As OpenTelemetry's conventions.
        OtelSemanticConventions = "OTEL_SEMANTIC_CONVENTIONS" | 1,
    }
}

/// Spans by OTLP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["dynatraceSampler"]]))]
pub struct OpenTelemetryProvider {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// Of a path in a span, in bytes; 256.
    pub max_tag_length: Option<Spanned<u32>>,
    /// Over HTTP; gRPC when absent.
    pub http: Option<Spanned<HttpService>>,
    /// Settings of gRPC.
    pub grpc: Option<Spanned<GrpcService>>,
    /// What is found out about the proxy.
    pub resource_detectors: Option<Spanned<ResourceDetectors>>,
    /// How attributes of the service are called.
    pub service_attribute_enrichment: Option<Spanned<ServiceAttributeEnrichment>>,
    /// Dynatrace chooses the requests.
    pub dynatrace_sampler: Option<Spanned<DynatraceSampler>>,
}

/// Dynatrace chooses the requests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DynatraceSampler {
    /// Its tenant.
    pub tenant: Option<Spanned<String>>,
    /// Its cluster.
    pub cluster_id: Option<Spanned<i32>>,
    /// Until it has been asked; 1000.
    pub root_spans_per_minute: Option<Spanned<u32>>,
    /// How it is asked.
    pub http_service: Option<Spanned<DynatraceApi>>,
}

/// How Dynatrace is asked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DynatraceApi {
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
    /// The request.
    pub http: Option<Spanned<HttpService>>,
}

/// Certificates by SDS.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SdsProvider {
    /// By which credentials call it: `sds://NAME`.
    pub name: Option<Spanned<String>>,
    /// `NAME.NAMESPACE.svc.cluster.local` or `NAMESPACE/HOST`.
    pub service: Option<Spanned<String>>,
    /// Its port.
    pub port: Option<Spanned<u32>>,
}

/// How reports are sent over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpService {
    /// Where to.
    pub path: Option<Spanned<String>>,
    /// For a report; 3 s.
    pub timeout: Option<Spanned<Duration>>,
    /// Of a report.
    pub headers: Vec<Spanned<ProviderHeader>>,
}

/// How reports are sent over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcService {
    /// For a report.
    pub timeout: Option<Spanned<Duration>>,
    /// Of a report.
    pub initial_metadata: Vec<Spanned<ProviderHeader>>,
}

/// A header of a report.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["value", "envName"]]))]
pub struct ProviderHeader {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Option<Spanned<String>>,
    /// The variable of the proxy's environment that has its value.
    pub env_name: Option<Spanned<String>>,
}

/// What is found out about the proxy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceDetectors {
    /// `OTEL_RESOURCE_ATTRIBUTES`.
    pub environment: Option<Spanned<EmptyMessage>>,
    /// Dynatrace's files.
    pub dynatrace: Option<Spanned<EmptyMessage>>,
}

/// A message without fields.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EmptyMessage {}
