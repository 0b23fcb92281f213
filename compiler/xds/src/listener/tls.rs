//! TLS that is terminated.

use meshc_effective::model::{ClientValidation, Secret, ServerTls, TlsVersion};
use meshc_envoy as envoy;

/// The transport socket of a chain.
pub(super) fn socket(tls: &ServerTls) -> envoy::TransportSocket {
    let params = envoy::TlsParameters {
        tls_minimum_protocol_version: version(tls.min_version),
        tls_maximum_protocol_version: version(tls.max_version),
        cipher_suites: tls.cipher_suites.clone(),
        ecdh_curves: tls.ecdh_curves.clone(),
    };
    let mut common = envoy::CommonTlsContext {
        tls_params: (params != envoy::TlsParameters::default()).then_some(params),
        tls_certificate_sds_secret_configs: tls.certificates.iter().map(secret).collect(),
        alpn_protocols: tls.alpn.clone(),
        ..envoy::CommonTlsContext::default()
    };
    if let Some(clients) = &tls.clients {
        let validation = validation(clients);
        match &clients.authorities {
            Some(authorities) => {
                common.combined_validation_context = Some(envoy::CombinedValidationContext {
                    default_validation_context: Some(validation),
                    validation_context_sds_secret_config: Some(secret(authorities)),
                });
            }
            None => common.validation_context = Some(validation),
        }
    }
    let context = envoy::DownstreamTlsContext {
        common_tls_context: Some(common),
        require_client_certificate: Some(tls.require_client_certificate),
    };
    envoy::TransportSocket {
        name: "envoy.transport_sockets.tls".to_owned(),
        typed_config: Some(context.into()),
    }
}

fn validation(clients: &ClientValidation) -> envoy::CertificateValidationContext {
    let exact = clients
        .names
        .iter()
        .map(|name| envoy::StringMatcher { exact: Some(name.clone()), ..envoy::StringMatcher::default() });
    let prefixes = clients.name_prefixes.iter().map(|prefix| envoy::StringMatcher {
        prefix: Some(prefix.clone()),
        ..envoy::StringMatcher::default()
    });
    envoy::CertificateValidationContext {
        match_subject_alt_names: exact.chain(prefixes).collect(),
        verify_certificate_spki: clients.key_digests.clone(),
        verify_certificate_hash: clients.certificate_digests.clone(),
        crl: clients
            .revoked
            .as_ref()
            .map(|file| envoy::DataSource { filename: Some(file.clone()), ..envoy::DataSource::default() }),
        trust_chain_verification: if clients.accepts_untrusted {
            envoy::TrustChainVerification::AcceptUntrusted
        } else {
            envoy::TrustChainVerification::VerifyTrustChain
        },
        ..envoy::CertificateValidationContext::default()
    }
}

fn version(version: Option<TlsVersion>) -> envoy::TlsProtocol {
    match version {
        None => envoy::TlsProtocol::Auto,
        Some(TlsVersion::V1_0) => envoy::TlsProtocol::V1_0,
        Some(TlsVersion::V1_1) => envoy::TlsProtocol::V1_1,
        Some(TlsVersion::V1_2) => envoy::TlsProtocol::V1_2,
        Some(TlsVersion::V1_3) => envoy::TlsProtocol::V1_3,
    }
}

/// The cluster of the agent beside the proxy, which has the workload's certificates.
const AGENT: &str = "sds-grpc";

/// A secret by name. Without the workload's own nothing works: they are waited for.
pub(crate) fn secret(secret: &Secret) -> envoy::SdsSecretConfig {
    let (name, source) = match secret {
        Secret::ControlPlane(name) => (name, envoy::ConfigSource { ads: Some(envoy::Empty {}), ..v3() }),
        Secret::Agent(name) => {
            let own = *secret == Secret::workload_certificate() || *secret == Secret::workload_authorities();
            let source = envoy::ConfigSource {
                api_config_source: Some(agent()),
                initial_fetch_timeout: own.then_some(envoy::Duration::from_secs(0)),
                ..v3()
            };
            (name, source)
        }
    };
    envoy::SdsSecretConfig { name: name.clone(), sds_config: Some(source) }
}

fn v3() -> envoy::ConfigSource {
    envoy::ConfigSource { resource_api_version: envoy::ApiVersion::V3, ..envoy::ConfigSource::default() }
}

fn agent() -> envoy::ApiConfigSource {
    envoy::ApiConfigSource {
        api_type: "GRPC".to_owned(),
        transport_api_version: envoy::ApiVersion::V3,
        grpc_services: vec![envoy::GrpcService {
            envoy_grpc: Some(envoy::EnvoyGrpc {
                cluster_name: AGENT.to_owned(),
                ..envoy::EnvoyGrpc::default()
            }),
            ..envoy::GrpcService::default()
        }],
        set_node_on_first_message_only: true,
    }
}
