//! `networking.istio.io` Gateway.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Cipher suites that Istio passes on, in OpenSSL's spelling (`pkg/config/security`).
pub const CIPHER_SUITES: [&str; 15] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];

/// Servers of gateway workloads.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// In any order.
    pub servers: Vec<Spanned<Server>>,
    /// Labels of the gateway pods, in any namespace.
    pub selector: IndexMap<Spanned<String>, Spanned<String>>,
}

/// One port with its hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Server {
    /// For people.
    pub name: Option<Spanned<String>>,
    /// Where.
    #[schemars(required)]
    pub port: Option<Spanned<GatewayPort>>,
    /// `HOST`, `*.SUFFIX`, `NAMESPACE/HOST`, `./HOST`, `*`.
    #[schemars(extend("x-meshc-required" = true))]
    pub hosts: Vec<Spanned<String>>,
    /// An address to bind in place of all.
    pub bind: Option<Spanned<String>>,
    /// In Istio's schema; Istio does not read it.
    pub default_endpoint: Option<Spanned<String>>,
    /// TLS.
    pub tls: Option<Spanned<ServerTls>>,
}

/// A gateway's port.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayPort {
    /// The port that clients of the gateway's Service use.
    #[schemars(required)]
    pub number: Option<Spanned<u32>>,
    /// `HTTP`, `HTTPS`, `GRPC`, `GRPC-WEB`, `HTTP2`, `HTTP_PROXY`, `TLS`, `TCP`, `MONGO`, `REDIS`, `MYSQL`, in any
    /// case.
    #[schemars(required)]
    pub protocol: Option<Spanned<String>>,
    /// A label, unique in the Gateway.
    #[schemars(required)]
    pub name: Option<Spanned<String>>,
    /// Deprecated: Istio refuses it.
    pub target_port: Option<Spanned<u32>>,
}

/// Istio's `ServerTLSSettings`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = json!([
    {
        "rule": "(has(self.tlsCertificates) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1",
        "message": "only one of credentialNames or tlsCertificates can be set",
    },
    {
        "rule": "(has(self.credentialName) ? 1 : 0) + (has(self.credentialNames) ? 1 : 0) <= 1",
        "message": "only one of credentialName or credentialNames can be set",
    },
    {
        "rule": "(has(self.credentialNames) ? 1 : 0) + (has(self.tlsCertificates) ? 1 : 0) <= 1",
        "message": "only one of credentialName or tlsCertificates can be set",
    },
])))]
pub struct ServerTls {
    /// Plaintext requests are told to use HTTPS.
    pub https_redirect: Option<Spanned<bool>>,
    /// Who shows a certificate, and who terminates; PASSTHROUGH when absent.
    pub mode: Option<Spanned<TlsMode>>,
    /// A Secret with the certificate, and for mutual TLS the authorities.
    pub credential_name: Option<Spanned<String>>,
    /// One or two Secrets: certificates of different kinds of keys.
    #[schemars(length(min = 1, max = 2))]
    pub credential_names: Vec<Spanned<String>>,
    /// A Secret or ConfigMap with the authorities alone.
    pub ca_cert_credential_name: Option<Spanned<String>>,
    /// A file in the proxy: the certificate.
    pub server_certificate: Option<Spanned<String>>,
    /// A file in the proxy: its key.
    pub private_key: Option<Spanned<String>>,
    /// A file in the proxy: the authorities of clients.
    pub ca_certificates: Option<Spanned<String>>,
    /// A file in the proxy: revoked certificates.
    pub ca_crl: Option<Spanned<String>>,
    /// Names that a client's certificate must have one of.
    pub subject_alt_names: Vec<Spanned<String>>,
    /// Files, in place of `serverCertificate` and `privateKey`: one or two certificates.
    #[schemars(length(min = 1, max = 2))]
    pub tls_certificates: Vec<Spanned<TlsCertificate>>,
    /// Base64 digests of the public keys that clients may have.
    pub verify_certificate_spki: Vec<Spanned<String>>,
    /// Hexadecimal digests of the certificates that clients may have.
    pub verify_certificate_hash: Vec<Spanned<String>>,
    /// At least; 1.2 when absent.
    pub min_protocol_version: Option<Spanned<TlsVersion>>,
    /// At most.
    pub max_protocol_version: Option<Spanned<TlsVersion>>,
    /// In OpenSSL's spelling, for TLS 1.2 and older.
    pub cipher_suites: Vec<Spanned<String>>,
    /// In Istio's schema; Istio does not read it.
    #[schemars(extend("nullable" = true))]
    pub insecure_skip_verify: Option<Spanned<bool>>,
}

/// Files of one certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsCertificate {
    /// The certificate.
    pub server_certificate: Option<Spanned<String>>,
    /// Its key.
    pub private_key: Option<Spanned<String>>,
    /// The authorities of clients.
    pub ca_certificates: Option<Spanned<String>>,
}

/// Who shows a certificate, and who terminates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TlsMode {
    /// Whoever a TLS route names by the SNI; on an HTTP server: no TLS.
    #[default]
    Passthrough,
    /// The gateway; clients show nothing.
    Simple,
    /// The gateway; clients must show a certificate.
    Mutual,
    /// The service that the SNI encodes, as between clusters.
    AutoPassthrough,
    /// The gateway with its workload certificate; so must clients.
    IstioMutual,
    /// The gateway; clients may show a certificate.
    OptionalMutual,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TlsVersion {
    /// Istio's choice.
    #[default]
    TlsAuto,
    /// 1.0
    #[serde(rename = "TLSV1_0")]
    Tls10,
    /// 1.1
    #[serde(rename = "TLSV1_1")]
    Tls11,
    /// 1.2
    #[serde(rename = "TLSV1_2")]
    Tls12,
    /// 1.3
    #[serde(rename = "TLSV1_3")]
    Tls13,
}
