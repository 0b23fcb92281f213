//! The kinds of the experimental group `gateway.networking.x-k8s.io`; XMesh stands beside GatewayClass.

use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    BackendTlsValidation, LocalObjectReference, SecretObjectReference, SessionPersistence, constraints,
};

/// A destination that is no Service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.type == 'ExternalHostname' ? has(self.externalHostname) : !has(self.externalHostname)",
    "message": "externalHostname must be set when type is ExternalHostname and must be unset otherwise"
}]))]
pub struct XBackend {
    /// Which field is set.
    #[serde(rename = "type")]
    #[schemars(required)]
    pub kind: Option<Spanned<XBackendType>>,
    /// For `ExternalHostname`.
    pub external_hostname: Option<Spanned<XBackendExternalHostname>>,
    /// Its port.
    #[schemars(required)]
    pub port: Option<Spanned<XBackendPort>>,
    /// What it speaks.
    pub protocol: Option<Spanned<XBackendProtocol>>,
    /// TLS towards it.
    pub tls: Option<Spanned<XBackendTls>>,
}

/// Kinds of destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum XBackendType {
    /// A name outside the cluster.
    ExternalHostname,
}

/// A name outside the cluster.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct XBackendExternalHostname {
    /// The name.
    #[schemars(
        required,
        transform = constraints::precise_hostname,
        extend("x-kubernetes-validations" = [{
            "rule": "!self.endsWith('.cluster.local')",
            "message": "hostname must not be an IP address or end with .cluster.local"
        }])
    )]
    pub hostname: Option<Spanned<String>>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct XBackendPort {
    /// Its name.
    #[schemars(
        length(max = 63),
        extend("x-kubernetes-validations" = [{
            "rule": "size(self) == 0 || format.dns1123Label().validate(self) == null",
            "message": "Name must be a valid DNS label"
        }])
    )]
    pub name: Option<Spanned<String>>,
    /// Its number.
    #[schemars(required, transform = constraints::port)]
    pub port: Option<Spanned<i32>>,
}

/// What a destination speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum XBackendProtocol {
    /// Bytes.
    Tcp,
    /// HTTP of any version.
    Http,
    /// HTTP/2.
    Http2,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2 without TLS.
    H2c,
    /// Model Context Protocol.
    Mcp,
}

/// TLS towards a destination.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.mode == 'ClientAndServer' ? has(self.clientCertificateRef) : !has(self.clientCertificateRef)",
    "message": "clientCertificateRef must be set if and only if mode is ClientAndServer"
}]))]
pub struct XBackendTls {
    /// Who shows a certificate.
    #[schemars(required)]
    pub mode: Option<Spanned<XBackendTlsMode>>,
    /// What the destination's must be.
    pub validation: Option<Spanned<BackendTlsValidation>>,
    /// What it is shown.
    pub client_certificate_ref: Option<Spanned<SecretObjectReference>>,
}

/// Who shows a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum XBackendTlsMode {
    /// Nobody.
    None,
    /// The destination.
    ServerOnly,
    /// Both.
    ClientAndServer,
}

/// How a destination is used, whoever routes there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct XBackendTrafficPolicy {
    /// Destinations of the same namespace.
    #[schemars(
        length(min = 1, max = 16),
        extend(
            "x-meshc-required" = true,
            "x-kubernetes-list-type" = "map",
            "x-kubernetes-list-map-keys" = ["group", "kind", "name"]
        )
    )]
    pub target_refs: Vec<Spanned<LocalObjectReference>>,
    /// How many retries there may be.
    pub retry_constraint: Option<Spanned<RetryConstraint>>,
    /// The same endpoint for all requests of a client.
    pub session_persistence: Option<Spanned<SessionPersistence>>,
}

/// How many retries there may be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryConstraint {
    /// As a share of all requests.
    #[schemars(extend("default" = {"interval": "10s", "percent": 20}))]
    pub budget: Option<Spanned<RetryBudget>>,
    /// In any case.
    #[schemars(extend("default" = {"count": 10, "interval": "1s"}))]
    pub min_retry_rate: Option<Spanned<RetryRate>>,
}

/// A share of the requests of an interval.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryBudget {
    /// 20 when absent.
    #[schemars(range(min = 0, max = 100), transform = constraints::plain_integer, extend("default" = 20))]
    pub percent: Option<Spanned<i32>>,
    /// 10 seconds when absent.
    #[schemars(
        transform = constraints::duration,
        extend("default" = "10s", "x-kubernetes-validations" = [{
            "rule": "!(duration(self) < duration('1s') || duration(self) > duration('1h'))",
            "message": "interval cannot be greater than one hour or less than one second"
        }])
    )]
    pub interval: Option<Spanned<Duration>>,
}

/// So many in an interval.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetryRate {
    /// So many.
    #[schemars(range(min = 1, max = 1_000_000), transform = constraints::plain_integer)]
    pub count: Option<Spanned<i32>>,
    /// In this time.
    #[schemars(
        transform = constraints::duration,
        extend("x-kubernetes-validations" = [{
            "rule": "!(duration(self) == duration('0s') || duration(self) > duration('1h'))",
            "message": "interval cannot be greater than one hour"
        }])
    )]
    pub interval: Option<Spanned<Duration>>,
}
