//! Kubernetes EndpointSlice: endpoints as facts.

use meshc_syntax::de::Spanned;
use serde::Deserialize;

use crate::{Ignored, Metadata};

/// Some endpoints of the Service that its label `kubernetes.io/service-name` names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    api_version: Ignored,
    kind: Ignored,
    /// Name, namespace, labels.
    pub metadata: Metadata,
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: Option<Spanned<String>>,
    /// Ports.
    pub ports: Vec<Spanned<EndpointSlicePort>>,
    /// Endpoints.
    pub endpoints: Vec<Spanned<EndpointSliceEndpoint>>,
}

/// A port of all endpoints of the slice.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlicePort {
    /// The Service port's name.
    pub name: Option<Spanned<String>>,
    /// The pods' port.
    pub port: Option<Spanned<u32>>,
    protocol: Ignored,
    app_protocol: Ignored,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSliceEndpoint {
    /// Its addresses; the first counts.
    pub addresses: Vec<Spanned<String>>,
    /// Whether it takes traffic.
    pub conditions: Option<Spanned<EndpointConditions>>,
    /// The pod.
    pub target_ref: Option<Spanned<TargetRef>>,
    hostname: Ignored,
    node_name: Ignored,
    zone: Ignored,
    hints: Ignored,
    deprecated_topology: Ignored,
}

/// Whether an endpoint takes traffic.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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
