//! Istio's `ClientTLSSettings`: TLS to a service's endpoints.

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

/// Istio's `ClientTLSSettings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientTlsSettings {
    /// DISABLE when absent.
    pub mode: Option<Spanned<ClientTlsMode>>,
    /// A file with the client's certificate.
    pub client_certificate: Option<Spanned<String>>,
    /// A file with its key.
    pub private_key: Option<Spanned<String>>,
    /// A file with the certificates that the server's is verified by.
    pub ca_certificates: Option<Spanned<String>>,
    /// A Secret in place of the files: of a gateway's own namespace.
    pub credential_name: Option<Spanned<String>>,
    /// Names of which the server's certificate must have one.
    pub subject_alt_names: Vec<Spanned<String>>,
    /// The name that is asked for.
    pub sni: Option<Spanned<String>>,
    /// The server's certificate is not verified.
    #[schemars(extend("nullable" = true))]
    pub insecure_skip_verify: Option<Spanned<bool>>,
    /// A file with certificates that are revoked.
    pub ca_crl: Option<Spanned<String>>,
}

/// Istio's `ClientTLSSettings.TLSmode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClientTlsMode {
    /// Plaintext.
    #[default]
    Disable,
    /// The server proves itself.
    Simple,
    /// Both do.
    Mutual,
    /// Both do with Istio's own certificates.
    IstioMutual,
}
