//! How a gateway's server terminates TLS (Istio's `BuildListenerTLSContext`).

use std::sync::Arc;

use meshc_mesh::{MeshConfig, Protocol};
use meshc_resources::istio::mesh::TlsProtocol;
use meshc_resources::istio::{ServerTls as Written, TlsMode, TlsVersion as WrittenVersion};
use meshc_syntax::de::Spanned;

use super::servers::Server;
use crate::inbound::{ALPN_EXCHANGE, ALPN_HTTP, Secrets};
use crate::model::{ClientValidation, Secret, ServerTls, TlsVersion};

/// Istio's names of its own certificates among credentials.
const BUILTIN: &str = "builtin://";

/// How the server terminates TLS, with a gateway's own certificates where it asks for Istio's mutual TLS; none where it does not.
pub(super) fn server(server: &Server, config: &MeshConfig, own: &Secrets) -> Option<Arc<ServerTls>> {
    let written = server.written.tls.as_ref()?;
    let mode = server.mode().filter(|_| !server.passes_through())?;
    let exchanges =
        mode == TlsMode::IstioMutual && server.protocol != Protocol::Https && !server.protocol.is_http();
    let alpn: &[&str] = if exchanges { &ALPN_EXCHANGE } else { &ALPN_HTTP };
    let requires = matches!(mode, TlsMode::Mutual | TlsMode::IstioMutual);
    let validates = requires || mode == TlsMode::OptionalMutual;
    let mut tls = ServerTls {
        alpn: alpn.iter().map(|&protocol| protocol.to_owned()).collect(),
        require_client_certificate: requires,
        ..ServerTls::default()
    };
    let credentials = credentials(written);
    if mode == TlsMode::IstioMutual {
        tls.certificates = vec![own.certificate.clone()];
        tls.clients = validates.then(|| clients(written, own.authorities.clone()));
    } else if !credentials.is_empty() {
        with_credentials(&mut tls, written, &credentials, validates);
    } else {
        tls.certificates = files(written);
        let authorities = text(written.ca_certificates.as_ref());
        let authorities = if authorities.is_empty() {
            Secret::workload_authorities()
        } else {
            Secret::Agent(format!("file-root:{authorities}"))
        };
        tls.clients = validates.then(|| clients(written, authorities));
    }
    if mode != TlsMode::IstioMutual {
        let of_mesh = config.written.tls_defaults.as_ref();
        let min = of_mesh.and_then(|tls| tls.min_protocol_version.as_ref()).map(|version| version.value);
        tls.min_version =
            written.min_protocol_version.as_ref().and_then(|version| self::version(version.value)).or(
                match min.unwrap_or_default() {
                    TlsProtocol::Auto => None,
                    TlsProtocol::Tls12 => Some(TlsVersion::V1_2),
                    TlsProtocol::Tls13 => Some(TlsVersion::V1_3),
                },
            );
        tls.max_version =
            written.max_protocol_version.as_ref().and_then(|version| self::version(version.value));
        for suite in written.cipher_suites.iter().filter(|suite| is_cipher_suite(suite)) {
            if !tls.cipher_suites.contains(&suite.value) {
                tls.cipher_suites.push(suite.value.clone());
            }
        }
        if let Some(of_mesh) = of_mesh {
            if tls.cipher_suites.is_empty() {
                tls.cipher_suites = list(&of_mesh.cipher_suites);
            }
            tls.ecdh_curves = list(&of_mesh.ecdh_curves);
        }
    }
    Some(Arc::new(tls))
}

fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}

fn list(values: &[Spanned<String>]) -> Vec<String> {
    values.iter().map(|value| value.value.clone()).collect()
}

/// The names of Secrets with certificates.
fn credentials(written: &Written) -> Vec<String> {
    if !written.credential_names.is_empty() {
        return list(&written.credential_names);
    }
    Some(text(written.credential_name.as_ref()))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .into_iter()
        .collect()
}

fn with_credentials(tls: &mut ServerTls, written: &Written, names: &[String], validates: bool) {
    tls.certificates = names.iter().map(|name| credential(name)).collect();
    if !validates {
        // Names without authorities: whoever shows a certificate must have one of them.
        let names = list(&written.subject_alt_names);
        tls.clients = (!names.is_empty()).then(|| ClientValidation { names, ..ClientValidation::default() });
        return;
    }
    let own = text(written.ca_cert_credential_name.as_ref());
    let authorities = match names.first() {
        Some(first) if own.is_empty() => credential(&format!("{first}-cacert")),
        _ => credential(own),
    };
    tls.clients = Some(ClientValidation {
        revoked: None,
        key_digests: list(&written.verify_certificate_spki),
        certificate_digests: list(&written.verify_certificate_hash),
        ..clients(written, authorities)
    });
}

/// What clients' certificates must be, by authorities and names.
fn clients(written: &Written, authorities: Secret) -> ClientValidation {
    ClientValidation {
        authorities: Some(authorities),
        names: list(&written.subject_alt_names),
        revoked: Some(text(written.ca_crl.as_ref()).to_owned()).filter(|file| !file.is_empty()),
        accepts_untrusted: written.insecure_skip_verify.as_ref().is_some_and(|skip| skip.value),
        ..ClientValidation::default()
    }
}

/// The name under which a Secret is delivered.
fn credential(name: &str) -> Secret {
    match name.strip_prefix(BUILTIN) {
        Some("") => return Secret::workload_certificate(),
        Some("-cacert") => return Secret::workload_authorities(),
        _ => {}
    }
    let name = name.strip_prefix("sds://").unwrap_or(name);
    let typed = ["configmap://", "kubernetes://", "kubernetes-gateway://"];
    if name.starts_with(BUILTIN) {
        Secret::ControlPlane("default".to_owned())
    } else if typed.iter().any(|prefix| name.starts_with(prefix)) {
        Secret::ControlPlane(name.to_owned())
    } else {
        Secret::ControlPlane(format!("kubernetes://{name}"))
    }
}

/// Certificates in files of the pod, which the agent reads; the workload's own where none are named.
fn files(written: &Written) -> Vec<Secret> {
    let named = |certificate: &str, key: &str| {
        if certificate.is_empty() || key.is_empty() {
            Secret::workload_certificate()
        } else {
            Secret::Agent(format!("file-cert:{certificate}~{key}"))
        }
    };
    if written.tls_certificates.is_empty() {
        return vec![named(text(written.server_certificate.as_ref()), text(written.private_key.as_ref()))];
    }
    let pairs = written.tls_certificates.iter();
    pairs.map(|pair| named(text(pair.server_certificate.as_ref()), text(pair.private_key.as_ref()))).collect()
}

fn version(version: WrittenVersion) -> Option<TlsVersion> {
    match version {
        WrittenVersion::TlsAuto => None,
        WrittenVersion::Tls10 => Some(TlsVersion::V1_0),
        WrittenVersion::Tls11 => Some(TlsVersion::V1_1),
        WrittenVersion::Tls12 => Some(TlsVersion::V1_2),
        WrittenVersion::Tls13 => Some(TlsVersion::V1_3),
    }
}

/// Whether Istio passes a cipher suite on; Envoy refuses others.
fn is_cipher_suite(suite: &str) -> bool {
    let operator = suite.chars().next().is_none_or(|first| !first.is_alphanumeric());
    operator || suite == "ALL" || meshc_resources::istio::CIPHER_SUITES.contains(&suite)
}
