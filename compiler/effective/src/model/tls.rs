//! TLS to endpoints.

use serde::Serialize;

/// TLS to the endpoints of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// None.
    #[default]
    Plaintext,
    /// To all of them.
    Always(Box<ClientTls>),
    /// Istio's mutual TLS to those that take it, none to the others.
    WherePossible(Box<ClientTls>),
}

impl Tls {
    /// What is spoken where TLS is.
    pub fn settings(&self) -> Option<&ClientTls> {
        match self {
            Self::Plaintext => None,
            Self::Always(tls) | Self::WherePossible(tls) => Some(tls),
        }
    }
}

/// One way to speak TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientTls {
    /// Whose certificates.
    pub certificates: Certificates,
    /// The name that is asked for; none where it is the request's host or no name.
    pub sni: Option<String>,
    /// Names of which the server's certificate must have one; any where there is none.
    pub subject_alt_names: Vec<String>,
    /// Protocols that are offered.
    pub alpn: Vec<String>,
    /// Cipher suites of TLS 1.2; Envoy's own where there is none.
    pub cipher_suites: Vec<String>,
    /// Curves of the key exchange; Envoy's own where there is none.
    pub ecdh_curves: Vec<String>,
}

/// Certificates of a client, and what the server's is verified by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certificates {
    /// Istio's own, of the workload's identity.
    Istio,
    /// Of files.
    Files {
        /// Certificate and key, where the client has one.
        client: Option<(String, String)>,
        /// What the server's certificate is verified by; none where it is not. `system` stands for the system's own.
        ca: Option<String>,
        /// Certificates that are revoked.
        crl: Option<String>,
    },
    /// Of a Secret, or what else Istio's credential names can mean.
    Credential {
        /// Its name as it is written.
        name: String,
        /// Whether the client has a certificate.
        client: bool,
        /// Whether the server's certificate is verified.
        verify: bool,
    },
}
