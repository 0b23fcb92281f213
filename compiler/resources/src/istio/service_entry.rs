//! `networking.istio.io` ServiceEntry: a service that Kubernetes does not know.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::WorkloadEntry;
use super::common::port_rule;

/// A service that Kubernetes does not know.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [
    {"rule": "(has(self.workloadSelector) ? 1 : 0) + (has(self.endpoints) ? 1 : 0) <= 1",
     "message": "only one of WorkloadSelector or Endpoints can be set"},
    {"rule": "!((has(self.addresses) ? self.addresses : []).exists(k, k.contains(\"/\")) && !((has(self.resolution) ? self.resolution : \"NONE\") in [\"STATIC\", \"NONE\"]))",
     "message": "CIDR addresses are allowed only for NONE/STATIC resolution types"},
    {"rule": "((has(self.resolution) ? self.resolution : \"NONE\") == \"NONE\") ? !has(self.endpoints) : true",
     "message": "NONE mode cannot set endpoints"},
    {"rule": "((has(self.resolution) ? self.resolution : \"\") == \"DNS_ROUND_ROBIN\") ? ((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true",
     "message": "DNS_ROUND_ROBIN mode cannot have multiple endpoints"},
]))]
pub struct ServiceEntry {
    /// Names.
    #[schemars(extend("x-meshc-required" = true))]
    #[schemars(
        required,
        length(min = 1, max = 256),
        transform = meshc_schema::items(json!({"x-kubernetes-validations": [
            {"rule": "self != \"*\"", "message": "hostname cannot be wildcard"},
        ]}))
    )]
    pub hosts: Vec<Spanned<String>>,
    /// Virtual addresses.
    #[schemars(length(max = 256), inner(length(max = 64)))]
    pub addresses: Vec<Spanned<String>>,
    /// Ports.
    #[schemars(length(max = 256), extend(
        "x-kubernetes-list-type" = "map",
        "x-kubernetes-list-map-keys" = ["name"],
        "x-kubernetes-validations" = [
            {"rule": "self.all(l1, self.exists_one(l2, l1.number == l2.number))",
             "message": "port number cannot be duplicated"},
        ]
    ))]
    pub ports: Vec<Spanned<ServiceEntryPort>>,
    /// Outside the mesh, unless it says inside.
    pub location: Option<Spanned<Location>>,
    /// How endpoints are found; NONE when absent.
    pub resolution: Option<Spanned<Resolution>>,
    /// Endpoints.
    #[schemars(length(max = 4096))]
    pub endpoints: Vec<Spanned<WorkloadEntry>>,
    /// Pods and WorkloadEntries of its namespace that are its endpoints.
    pub workload_selector: Option<Spanned<ServiceEntrySelector>>,
    /// Namespaces that see it: `.`, `*` or names.
    pub export_to: Vec<Spanned<String>>,
    /// Names of which the endpoints' certificates must have one.
    pub subject_alt_names: Vec<Spanned<String>>,
}

/// Labels of a ServiceEntry's endpoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntrySelector {
    /// All of these.
    #[schemars(
        extend("maxProperties" = 256),
        transform = meshc_schema::values(json!({"maxLength": 63, "x-kubernetes-validations": [
            {"rule": "!self.contains(\"*\")", "message": "wildcard is not supported in selector"},
        ]}))
    )]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryPort {
    /// The port that clients use.
    #[schemars(required, extend("x-kubernetes-validations" = port_rule()))]
    pub number: Option<Spanned<u32>>,
    /// As in a Gateway; TCP unless the name or this says otherwise.
    #[schemars(length(max = 256))]
    pub protocol: Option<Spanned<String>>,
    /// A label.
    #[schemars(required, length(max = 256))]
    pub name: Option<Spanned<String>>,
    /// The endpoints' port where it differs.
    #[schemars(extend("x-kubernetes-validations" = port_rule()))]
    pub target_port: Option<Spanned<u32>>,
}

/// Where the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Location {
    /// Outside: no mutual TLS.
    MeshExternal,
    /// Inside.
    MeshInternal,
}

/// How endpoints are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Resolution {
    /// Wherever the caller was going.
    None,
    /// The endpoints' addresses.
    Static,
    /// By name, each answer an endpoint.
    Dns,
    /// By name, one answer at a time.
    DnsRoundRobin,
    /// By the request's host.
    DynamicDns,
}
