//! `networking.istio.io` WorkloadEntry and WorkloadGroup: endpoints that are no pods.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::common::port_rule;

/// One endpoint that is no pod: in a ServiceEntry, or as a resource of its own.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {"rule": "has(self.address) || has(self.network)", "message": "Address is required"},
    {"rule": "(has(self.address) ? self.address : \"\").startsWith(\"unix://\") ? !has(self.ports) : true",
     "message": "UDS may not include ports"},
]))]
pub struct WorkloadEntry {
    /// An IP address (STATIC), a name (DNS), or `unix://` and a path.
    #[schemars(length(max = 256), extend("x-kubernetes-validations" = unix_rules()))]
    pub address: Option<Spanned<String>>,
    /// Ports by name, where they differ.
    #[schemars(
        extend("maxProperties" = 128, "x-kubernetes-validations" = port_name_rules()),
        transform = meshc_schema::values(json!({"x-kubernetes-validations": port_rule()}))
    )]
    pub ports: IndexMap<Spanned<String>, Spanned<u32>>,
    /// Labels, for subsets.
    #[schemars(extend("maxProperties" = 256))]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// The network that it is in; empty is the mesh's own.
    #[schemars(length(max = 2048))]
    pub network: Option<Spanned<String>>,
    /// `region/zone/subzone`.
    #[schemars(length(max = 2048))]
    pub locality: Option<Spanned<String>>,
    /// Its share; 1 when absent.
    pub weight: Option<Spanned<u32>>,
    /// Its identity, in the namespace of the resource.
    #[schemars(length(max = 253))]
    pub service_account: Option<Spanned<String>>,
}

/// What WorkloadEntries of one kind have in common.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadGroup {
    /// Metadata of the entries.
    pub metadata: Option<Spanned<WorkloadGroupMetadata>>,
    /// The entries.
    #[schemars(required)]
    pub template: Option<Spanned<WorkloadGroupTemplate>>,
    /// How an entry's health is known.
    pub probe: Option<Spanned<ReadinessProbe>>,
}

/// Metadata that entries of a group get.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadGroupMetadata {
    /// Labels.
    #[schemars(extend("maxProperties" = 256))]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// Annotations.
    #[schemars(extend("maxProperties" = 256))]
    pub annotations: IndexMap<Spanned<String>, Spanned<String>>,
}

/// A [`WorkloadEntry`] whose address is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {"rule": "(has(self.address) ? self.address : \"\").startsWith(\"unix://\") ? !has(self.ports) : true",
     "message": "UDS may not include ports"},
]))]
pub struct WorkloadGroupTemplate {
    /// Must be left out.
    #[schemars(length(max = 256), extend("x-kubernetes-validations" = unix_rules()))]
    pub address: Option<Spanned<String>>,
    /// Ports by name, where they differ.
    #[schemars(
        extend("maxProperties" = 128, "x-kubernetes-validations" = port_name_rules()),
        transform = meshc_schema::values(json!({"x-kubernetes-validations": port_rule()}))
    )]
    pub ports: IndexMap<Spanned<String>, Spanned<u32>>,
    /// Must be left out: they stand in the group's metadata.
    #[schemars(extend("maxProperties" = 256))]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// The network that entries are in.
    #[schemars(length(max = 2048))]
    pub network: Option<Spanned<String>>,
    /// `region/zone/subzone`.
    #[schemars(length(max = 2048))]
    pub locality: Option<Spanned<String>>,
    /// The share of an entry.
    pub weight: Option<Spanned<u32>>,
    /// Their identity.
    #[schemars(length(max = 253))]
    pub service_account: Option<Spanned<String>>,
}

/// Istio's `ReadinessProbe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["httpGet", "tcpSocket", "exec", "grpc"]]))]
pub struct ReadinessProbe {
    /// Before the first.
    #[schemars(range(min = 0))]
    pub initial_delay_seconds: Option<Spanned<i32>>,
    /// For an answer (1).
    #[schemars(range(min = 0))]
    pub timeout_seconds: Option<Spanned<i32>>,
    /// How often (10).
    #[schemars(range(min = 0))]
    pub period_seconds: Option<Spanned<i32>>,
    /// In a row, to be well (1).
    #[schemars(range(min = 0))]
    pub success_threshold: Option<Spanned<i32>>,
    /// In a row, to be ill (3).
    #[schemars(range(min = 0))]
    pub failure_threshold: Option<Spanned<i32>>,
    /// By a request.
    pub http_get: Option<Spanned<HttpProbe>>,
    /// By a connection.
    pub tcp_socket: Option<Spanned<TcpProbe>>,
    /// By a command.
    pub exec: Option<Spanned<ExecProbe>>,
    /// By gRPC's health service.
    pub grpc: Option<Spanned<GrpcProbe>>,
}

/// Istio's `HTTPHealthCheckConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpProbe {
    /// The path.
    pub path: Option<Spanned<String>>,
    /// The port.
    #[schemars(required, extend("x-kubernetes-validations" = port_rule()))]
    pub port: Option<Spanned<u32>>,
    /// The host.
    pub host: Option<Spanned<String>>,
    /// `HTTP` or `HTTPS`.
    #[schemars(extend("x-kubernetes-validations" = [
        {"rule": "self in [\"\", \"HTTP\", \"HTTPS\"]", "message": "scheme must be one of [HTTP, HTTPS]"},
    ]))]
    pub scheme: Option<Spanned<String>>,
    /// Headers.
    pub http_headers: Vec<Spanned<HttpProbeHeader>>,
}

/// A header of a probe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpProbeHeader {
    /// Its name.
    #[schemars(regex(pattern = "^[-_A-Za-z0-9]+$"))]
    pub name: Option<Spanned<String>>,
    /// Its value.
    pub value: Option<Spanned<String>>,
}

/// Istio's `TCPHealthCheckConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpProbe {
    /// The host.
    pub host: Option<Spanned<String>>,
    /// The port.
    #[schemars(required, extend("x-kubernetes-validations" = port_rule()))]
    pub port: Option<Spanned<u32>>,
}

/// Istio's `ExecHealthCheckConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecProbe {
    /// The command and its arguments.
    #[schemars(extend("x-meshc-required" = true), inner(length(min = 1)))]
    pub command: Vec<Spanned<String>>,
}

/// Istio's `GrpcHealthCheckConfig`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcProbe {
    /// The port.
    #[schemars(extend("x-kubernetes-validations" = port_rule()))]
    pub port: Option<Spanned<u32>>,
    /// The name of the service.
    pub service: Option<Spanned<String>>,
}

fn unix_rules() -> serde_json::Value {
    json!([
        {"rule": "self.startsWith(\"unix://\") ? (self.substring(7, 8) == \"/\" || self.substring(7, 8) == \"@\") : true",
         "message": "UDS must be an absolute path or abstract socket"},
        {"rule": "self.startsWith(\"unix://\") ? !self.endsWith(\"/\") : true", "message": "UDS may not be a dir"},
    ])
}

fn port_name_rules() -> serde_json::Value {
    json!([{
        "rule": "self.all(key, size(key) < 63 && key.matches(\"^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$\"))",
        "message": "port name must be valid",
    }])
}
