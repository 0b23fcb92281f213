//! Kubernetes EndpointSlice: endpoints as facts.

use indexmap::IndexMap;
use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::forms;
use crate::{Ignored, Metadata};

/// Some endpoints of the Service that its label `kubernetes.io/service-name` names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = forms::holds(
    "!has(self.endpoints) || self.endpoints.all(e, e.addresses.all(a, self.addressType == 'FQDN' || isIP(a) && \
     ip(a).family() == (self.addressType == 'IPv4' ? 4 : 6)))",
    "each address must be of the slice's `addressType`"
))]
pub struct EndpointSlice {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// `IPv4`, `IPv6` or `FQDN`.
    #[schemars(required, extend("enum" = ["IPv4", "IPv6", "FQDN"]))]
    pub address_type: Option<Spanned<String>>,
    /// Ports.
    #[schemars(length(max = 20_000), transform = forms::holds(
        "self.all(p, self.exists_one(o, (has(o.name) ? o.name : '') == (has(p.name) ? p.name : '')))",
        "the names of ports must differ"
    ))]
    pub ports: Vec<Spanned<EndpointSlicePort>>,
    /// Endpoints.
    #[schemars(length(max = 1000), extend("x-meshc-required" = true))]
    pub endpoints: Vec<Spanned<EndpointSliceEndpoint>>,
}

/// A port of all endpoints of the slice.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlicePort {
    /// The Service port's name.
    #[schemars(length(max = 63), regex(pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"))]
    pub name: Option<Spanned<String>>,
    /// The pods' port.
    #[schemars(transform = forms::port)]
    pub port: Option<Spanned<u32>>,
    /// `TCP`, `UDP`, `SCTP`.
    #[schemars(transform = forms::protocol)]
    pub protocol: Option<Spanned<String>>,
    /// The application protocol.
    #[schemars(transform = forms::qualified_name)]
    pub app_protocol: Option<Spanned<String>>,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSliceEndpoint {
    /// Its addresses; the first counts.
    #[schemars(length(min = 1, max = 100), extend("x-meshc-required" = true, "x-kubernetes-list-type" = "set"))]
    pub addresses: Vec<Spanned<String>>,
    /// Whether it takes traffic.
    pub conditions: Option<Spanned<EndpointConditions>>,
    /// The pod.
    pub target_ref: Option<Spanned<TargetRef>>,
    /// The pod's own name in DNS.
    #[schemars(transform = forms::dns_label)]
    pub hostname: Option<Spanned<String>>,
    /// The node.
    pub node_name: Option<Spanned<String>>,
    /// The node's zone.
    pub zone: Option<Spanned<String>>,
    /// The zones that should use it.
    pub hints: Option<Spanned<Raw>>,
    /// What an older API has in place of `nodeName` and `zone`.
    pub deprecated_topology: IndexMap<Spanned<String>, Spanned<String>>,
}

/// Whether an endpoint takes traffic.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointConditions {
    /// Absent means yes.
    pub ready: Option<Spanned<bool>>,
    /// Ready apart from ending.
    pub serving: Option<Spanned<bool>>,
    /// Ending.
    pub terminating: Option<Spanned<bool>>,
}

/// What an endpoint is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TargetRef {
    /// `Pod`.
    pub kind: Option<Spanned<String>>,
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Its namespace.
    pub namespace: Option<Spanned<String>>,
    uid: Ignored,
    api_version: Ignored,
    resource_version: Ignored,
    field_path: Ignored,
}
