//! Transports to endpoints.

use meshc_effective::model::{Certificates, ClientTls, Cluster, ProxyProtocol, Tls};
use meshc_envoy as envoy;
use serde_json::Value;

use crate::Target;

/// Where Debian and others keep the certificates of the system's authorities; Istio's agent looks there too.
const SYSTEM_AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Where credentials stand for an Envoy that no control plane hands them to, each in a folder of its name.
const CREDENTIALS: &str = "/etc/istio/credentials";

/// The cluster of the agent beside Istio's proxy, which has the workload's certificates and those of files.
const AGENT: &str = "sds-grpc";

/// The transports of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    pub(crate) always: Option<envoy::TransportSocket>,
    pub(crate) by_endpoint: Vec<envoy::TransportSocketMatch>,
}

/// The transports of a cluster. Istio's own certificates are handed out by Istio's agent alone: for another Envoy,
/// connections that would have them are made without.
pub(crate) fn transport(cluster: &Cluster, target: Target) -> Transport {
    let tls = match (&cluster.tls, target) {
        (Tls::Plaintext, _) => None,
        (Tls::Always(tls) | Tls::WherePossible(tls), Target::IstioProxy) => Some(tls),
        (Tls::Always(tls) | Tls::WherePossible(tls), Target::Envoy) => {
            Some(tls).filter(|tls| tls.certificates != Certificates::Istio)
        }
    };
    let wrapped = |socket: envoy::TransportSocket| match cluster.proxy_protocol {
        Some(version) => {
            with_proxy_protocol(version, socket, "envoy.transport_sockets.upstream_proxy_protocol")
        }
        None => socket,
    };
    match (&cluster.tls, tls) {
        (Tls::WherePossible(_), Some(tls)) => {
            let where_possible = envoy::TransportSocketMatch {
                name: "tlsMode-istio".to_owned(),
                r#match: Some(
                    [("tlsMode".to_owned(), Value::String("istio".to_owned()))].into_iter().collect(),
                ),
                transport_socket: Some(wrapped(socket(tls, target))),
            };
            let elsewhere = envoy::TransportSocketMatch {
                name: "tlsMode-disabled".to_owned(),
                r#match: Some(envoy::Struct::new()),
                transport_socket: Some(wrapped(plaintext("envoy.transport_sockets.raw_buffer"))),
            };
            Transport { by_endpoint: vec![where_possible, elsewhere], ..Transport::default() }
        }
        (_, Some(tls)) => Transport { always: Some(wrapped(socket(tls, target))), ..Transport::default() },
        (_, None) => {
            let always = cluster.proxy_protocol.map(|version| {
                let name = "envoy.transport_sockets.upstream_proxy_protocol";
                with_proxy_protocol(version, plaintext("raw_buffer"), name)
            });
            Transport { always, ..Transport::default() }
        }
    }
}

fn plaintext(name: &str) -> envoy::TransportSocket {
    envoy::TransportSocket { name: name.to_owned(), typed_config: Some(envoy::RawBuffer {}.into()) }
}

fn with_proxy_protocol(
    version: ProxyProtocol,
    inner: envoy::TransportSocket,
    name: &str,
) -> envoy::TransportSocket {
    let transport = envoy::ProxyProtocolUpstreamTransport {
        config: Some(envoy::ProxyProtocolConfig {
            version: match version {
                ProxyProtocol::V1 => envoy::ProxyProtocolVersion::V1,
                ProxyProtocol::V2 => envoy::ProxyProtocolVersion::V2,
            },
        }),
        transport_socket: Some(inner),
    };
    envoy::TransportSocket { name: name.to_owned(), typed_config: Some(transport.into()) }
}

fn socket(tls: &ClientTls, target: Target) -> envoy::TransportSocket {
    let mut common = envoy::CommonTlsContext {
        tls_params: Some(envoy::TlsParameters {
            tls_minimum_protocol_version: envoy::TlsProtocol::V1_2,
            tls_maximum_protocol_version: envoy::TlsProtocol::V1_3,
            cipher_suites: tls.cipher_suites.clone(),
            ecdh_curves: tls.ecdh_curves.clone(),
        }),
        alpn_protocols: tls.alpn.clone(),
        ..envoy::CommonTlsContext::default()
    };
    match target {
        Target::IstioProxy => by_name(&mut common, tls),
        Target::Envoy => by_file(&mut common, tls),
    }
    let context = envoy::UpstreamTlsContext {
        common_tls_context: Some(common),
        sni: tls.sni.clone().unwrap_or_default(),
    };
    envoy::TransportSocket {
        name: "envoy.transport_sockets.tls".to_owned(),
        typed_config: Some(context.into()),
    }
}

/// Names that the server's certificate must have one of.
fn names(tls: &ClientTls) -> Vec<envoy::StringMatcher> {
    let exact =
        |name: &String| envoy::StringMatcher { exact: Some(name.clone()), ..envoy::StringMatcher::default() };
    tls.subject_alt_names.iter().map(exact).collect()
}

fn file(path: impl Into<String>) -> envoy::DataSource {
    envoy::DataSource { filename: Some(path.into()), ..envoy::DataSource::default() }
}

/// Secrets by name, as Istio's agent and control plane hand them out.
fn by_name(common: &mut envoy::CommonTlsContext, tls: &ClientTls) {
    let (client, verify) = match &tls.certificates {
        Certificates::Istio => (Some(secret("default", Source::Own)), Some(secret("ROOTCA", Source::Own))),
        Certificates::Files { client, ca, .. } => (
            client.as_ref().map(|(cert, key)| secret(&format!("file-cert:{cert}~{key}"), Source::Agent)),
            ca.as_ref().map(|ca| secret(&format!("file-root:{ca}"), Source::Agent)),
        ),
        Certificates::Credential { name, client, verify } => {
            (client.then(|| credential(name)), verify.then(|| credential(&format!("{name}-cacert"))))
        }
    };
    common.tls_certificate_sds_secret_configs.extend(client);
    match verify {
        Some(by) => {
            let crl = match &tls.certificates {
                Certificates::Files { crl: Some(crl), .. } => Some(file(crl)),
                _ => None,
            };
            common.combined_validation_context = Some(envoy::CombinedValidationContext {
                default_validation_context: Some(envoy::CertificateValidationContext {
                    match_subject_alt_names: names(tls),
                    crl,
                    ..envoy::CertificateValidationContext::default()
                }),
                validation_context_sds_secret_config: Some(by),
            });
        }
        None if matches!(tls.certificates, Certificates::Files { .. }) => {
            common.validation_context = Some(envoy::CertificateValidationContext::default());
        }
        None => {}
    }
}

/// The same as files.
fn by_file(common: &mut envoy::CommonTlsContext, tls: &ClientTls) {
    let folder = |name: &str| format!("{CREDENTIALS}/{}", name.rsplit('/').next().unwrap_or_default());
    let (client, ca, crl) = match &tls.certificates {
        Certificates::Istio => (None, None, None),
        Certificates::Files { client, ca, crl } => (client.clone(), ca.clone(), crl.clone()),
        Certificates::Credential { name, client, verify } => {
            let folder = folder(name);
            let pair = || (format!("{folder}/tls.crt"), format!("{folder}/tls.key"));
            (client.then(pair), verify.then(|| format!("{folder}/ca.crt")), None)
        }
    };
    common.tls_certificates.extend(client.map(|(certificate, key)| envoy::TlsCertificate {
        certificate_chain: Some(file(certificate)),
        private_key: Some(file(key)),
    }));
    common.validation_context = ca.map(|ca| envoy::CertificateValidationContext {
        trusted_ca: Some(file(if ca == "system" { SYSTEM_AUTHORITIES.to_owned() } else { ca })),
        match_subject_alt_names: names(tls),
        crl: crl.map(file),
        ..envoy::CertificateValidationContext::default()
    });
}

/// Who hands a secret out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The agent, and without it nothing works: it is waited for.
    Own,
    /// The agent, from files.
    Agent,
    /// The control plane, from a Secret or ConfigMap.
    ControlPlane,
}

/// A credential by what Istio allows for its name: the workload's own, one of a Secret, or by another scheme.
fn credential(name: &str) -> envoy::SdsSecretConfig {
    match name {
        "builtin://" => secret("default", Source::Own),
        "builtin://-cacert" => secret("ROOTCA", Source::Own),
        _ => {
            let name = name.strip_prefix("sds://").unwrap_or(name);
            let named = if name.contains("://") { name.to_owned() } else { format!("kubernetes://{name}") };
            secret(&named, Source::ControlPlane)
        }
    }
}

fn secret(name: &str, source: Source) -> envoy::SdsSecretConfig {
    let agent = envoy::ApiConfigSource {
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
    };
    let config = envoy::ConfigSource {
        ads: (source == Source::ControlPlane).then(envoy::Empty::default),
        api_config_source: (source != Source::ControlPlane).then_some(agent),
        initial_fetch_timeout: (source == Source::Own).then(|| envoy::Duration::from_secs(0)),
        resource_api_version: envoy::ApiVersion::V3,
        ..envoy::ConfigSource::default()
    };
    envoy::SdsSecretConfig { name: name.to_owned(), sds_config: Some(config) }
}
