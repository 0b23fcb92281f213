//! BackendTLSPolicy.

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{LocalObjectReference, constraints};

/// TLS from Gateways to backends.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BackendTlsPolicy {
    /// Backends of the same namespace.
    #[schemars(transform = constraints::target_refs, extend("x-meshc-required" = true))]
    pub target_refs: Vec<Spanned<LocalPolicyTargetReference>>,
    /// What their certificates must be.
    #[schemars(required)]
    pub validation: Option<Spanned<BackendTlsValidation>>,
    /// Of the implementation.
    #[schemars(transform = constraints::options)]
    pub options: IndexMap<Spanned<String>, Spanned<String>>,
}

/// What a policy is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalPolicyTargetReference {
    /// Its group.
    #[schemars(required, transform = constraints::group)]
    pub group: Option<Spanned<String>>,
    /// Its kind.
    #[schemars(required, transform = constraints::kind)]
    pub kind: Option<Spanned<String>>,
    /// Its name.
    #[schemars(required, transform = constraints::object_name)]
    pub name: Option<Spanned<String>>,
    /// One port of it by name; all when absent.
    #[schemars(transform = constraints::section_name)]
    pub section_name: Option<Spanned<String>>,
}

/// What certificates of backends must be.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::backend_validation)]
pub struct BackendTlsValidation {
    /// Who signs them.
    #[schemars(length(max = 8), transform = constraints::atomic)]
    pub ca_certificate_refs: Vec<Spanned<LocalObjectReference>>,
    /// `System`: those that the system trusts.
    #[serde(rename = "wellKnownCACertificates")]
    #[schemars(
        length(min = 1, max = 253),
        regex(
            pattern = r"^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$"
        )
    )]
    pub well_known_ca_certificates: Option<Spanned<String>>,
    /// The SNI, and the name that a certificate must have unless `subject_alt_names` says others.
    #[schemars(required, transform = constraints::precise_hostname)]
    pub hostname: Option<Spanned<String>>,
    /// The names one of which a certificate must have.
    #[schemars(length(max = 5), transform = constraints::atomic)]
    pub subject_alt_names: Vec<Spanned<SubjectAltName>>,
}

/// A name in a certificate.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(transform = constraints::subject_alt_name)]
pub struct SubjectAltName {
    /// Which field is set.
    #[serde(rename = "type")]
    #[schemars(required)]
    pub kind: Option<Spanned<SubjectAltNameType>>,
    /// For `Hostname`.
    #[schemars(transform = constraints::hostname)]
    pub hostname: Option<Spanned<String>>,
    /// For `URI`.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?")
    )]
    pub uri: Option<Spanned<String>>,
}

/// A kind of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SubjectAltNameType {
    /// DNS.
    Hostname,
    /// URI.
    #[serde(rename = "URI")]
    Uri,
}
