//! TLS: `envoy.extensions.transport_sockets.tls.v3`.

use crate::bootstrap::ConfigSource;
use crate::matcher::StringMatcher;
use crate::message::{message, proto_enum};
use crate::scalar::DataSource;

message! {
    /// TLS of connections that are accepted.
    pub struct DownstreamTlsContext {
        /// What both sides have.
        pub common_tls_context: Option<CommonTlsContext>,
        /// A client without a certificate is turned away.
        pub require_client_certificate: Option<bool>,
    }

    /// What both sides of TLS have.
    pub struct CommonTlsContext {
        /// Versions and ciphers.
        pub tls_params: Option<TlsParameters>,
        /// Certificates in place.
        pub tls_certificates: Vec<TlsCertificate>,
        /// Certificates by name.
        pub tls_certificate_sds_secret_configs: Vec<SdsSecretConfig>,
        /// What the peer's certificate must be.
        pub validation_context: Option<CertificateValidationContext>,
        /// The same, whole, by name.
        pub validation_context_sds_secret_config: Option<SdsSecretConfig>,
        /// The same, in part in place and in part by name.
        pub combined_validation_context: Option<CombinedValidationContext>,
        /// Protocols that are offered.
        pub alpn_protocols: Vec<String>,
    }

    /// Versions and ciphers.
    pub struct TlsParameters {
        /// At least.
        pub tls_minimum_protocol_version: TlsProtocol,
        /// At most.
        pub tls_maximum_protocol_version: TlsProtocol,
        /// For TLS 1.2 and older, in OpenSSL's spelling.
        pub cipher_suites: Vec<String>,
        /// Curves of the key exchange.
        pub ecdh_curves: Vec<String>,
    }

    /// A certificate with its key.
    pub struct TlsCertificate {
        /// The certificate and those that lead to an authority.
        pub certificate_chain: Option<DataSource>,
        /// Its key.
        pub private_key: Option<DataSource>,
    }

    /// A secret by name.
    pub struct SdsSecretConfig {
        /// Its name.
        pub name: String,
        /// Where it comes from; absent: from the bootstrap.
        pub sds_config: Option<ConfigSource>,
    }

    /// What a certificate must be, in part in place and in part by name.
    pub struct CombinedValidationContext {
        /// In place.
        pub default_validation_context: Option<CertificateValidationContext>,
        /// By name.
        pub validation_context_sds_secret_config: Option<SdsSecretConfig>,
    }

    /// What a certificate must be.
    pub struct CertificateValidationContext {
        /// The authorities.
        pub trusted_ca: Option<DataSource>,
        /// Base64 digests of public keys.
        pub verify_certificate_spki: Vec<String>,
        /// Hexadecimal digests of certificates.
        pub verify_certificate_hash: Vec<String>,
        /// Names, one of which it must have.
        pub match_subject_alt_names: Vec<StringMatcher>,
        /// Revoked certificates.
        pub crl: Option<DataSource>,
        /// What becomes of a certificate of an unknown authority.
        pub trust_chain_verification: TrustChainVerification,
    }

    /// A secret of the bootstrap.
    pub struct Secret {
        /// Its name.
        pub name: String,
        /// A certificate.
        pub tls_certificate: Option<TlsCertificate>,
        /// Authorities.
        pub validation_context: Option<CertificateValidationContext>,
    }
}

proto_enum! {
    /// A version of TLS.
    pub enum TlsProtocol {
        /// Envoy's choice.
        #[default]
        Auto = 0 "TLS_AUTO",
        /// 1.0
        V1_0 = 1 "TLSv1_0",
        /// 1.1
        V1_1 = 2 "TLSv1_1",
        /// 1.2
        V1_2 = 3 "TLSv1_2",
        /// 1.3
        V1_3 = 4 "TLSv1_3",
    }

    /// What becomes of a certificate of an unknown authority.
    pub enum TrustChainVerification {
        /// It is refused.
        #[default]
        VerifyTrustChain = 0 "VERIFY_TRUST_CHAIN",
        /// It will do.
        AcceptUntrusted = 1 "ACCEPT_UNTRUSTED",
    }
}
