//! `networking.istio.io` Gateway: HTTP servers; TLS and the other protocols not yet.

use indexmap::IndexMap;
use meshc_syntax::de::{NotYet, Spanned};
use serde::Deserialize;

/// Servers of gateway workloads.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// In any order.
    pub servers: Vec<Spanned<Server>>,
    /// Labels of the gateway pods, in any namespace.
    pub selector: IndexMap<Spanned<String>, Spanned<String>>,
}

/// One port with its hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Server {
    /// For people.
    pub name: Option<Spanned<String>>,
    /// Where.
    pub port: Option<Spanned<GatewayPort>>,
    /// `HOST`, `*.SUFFIX`, `NAMESPACE/HOST`, `./HOST`, `*`.
    pub hosts: Vec<Spanned<String>>,
    /// An address or socket to bind, not yet.
    pub bind: Option<NotYet>,
    /// In Istio's schema, unused by Istio too: not yet.
    pub default_endpoint: Option<NotYet>,
    /// TLS.
    pub tls: Option<Spanned<ServerTls>>,
}

/// A gateway's port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayPort {
    /// The port that clients of the gateway's Service use.
    pub number: Option<Spanned<u32>>,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS`.
    pub protocol: Option<Spanned<String>>,
    /// A label.
    pub name: Option<Spanned<String>>,
    /// Deprecated and unused.
    pub target_port: Option<NotYet>,
}

/// Istio's `ServerTLSSettings`: only what matters to plaintext servers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerTls {
    /// Plaintext requests are told to use HTTPS.
    pub https_redirect: Option<Spanned<bool>>,
    /// Not yet.
    pub mode: Option<NotYet>,
    /// Not yet.
    pub credential_name: Option<NotYet>,
    /// Not yet.
    pub credential_names: Option<NotYet>,
    /// Not yet.
    pub ca_cert_credential_name: Option<NotYet>,
    /// Not yet.
    pub server_certificate: Option<NotYet>,
    /// Not yet.
    pub private_key: Option<NotYet>,
    /// Not yet.
    pub ca_certificates: Option<NotYet>,
    /// Not yet.
    pub ca_crl: Option<NotYet>,
    /// Not yet.
    pub subject_alt_names: Option<NotYet>,
    /// Not yet.
    pub tls_certificates: Option<NotYet>,
    /// Not yet.
    pub verify_certificate_spki: Option<NotYet>,
    /// Not yet.
    pub verify_certificate_hash: Option<NotYet>,
    /// Not yet.
    pub min_protocol_version: Option<NotYet>,
    /// Not yet.
    pub max_protocol_version: Option<NotYet>,
    /// Not yet.
    pub cipher_suites: Option<NotYet>,
    /// Not yet.
    pub insecure_skip_verify: Option<NotYet>,
}
