//! Mutual TLS between workloads, as a proxy terminates it.

use std::sync::Arc;

use meshc_mesh::{Mesh, Pod};
use meshc_resources::istio::mesh::TlsProtocol;

use super::matches::Spoken;
use crate::model::{ClientValidation, Secret, ServerTls, TlsVersion};

/// The file with a proxy's certificate as a server.
const SERVER_CERTIFICATE: &str = "ISTIO_META_TLS_SERVER_CERT_CHAIN";
/// Its key.
const SERVER_KEY: &str = "ISTIO_META_TLS_SERVER_KEY";
/// What it verifies clients by.
const SERVER_AUTHORITIES: &str = "ISTIO_META_TLS_SERVER_ROOT_CERT";

/// Istio's ciphers between workloads.
const CIPHER_SUITES: [&str; 6] = [
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
];

/// What is offered where HTTP is spoken.
pub(crate) const ALPN_HTTP: [&str; 2] = ["h2", "http/1.1"];
/// What is offered where the peers exchange their metadata first.
pub(crate) const ALPN_EXCHANGE: [&str; 3] = ["istio-peer-exchange", "h2", "http/1.1"];

/// What a proxy proves itself and verifies clients by: Istio's certificates, or files that its variables name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Secrets {
    pub(crate) certificate: Secret,
    pub(crate) authorities: Secret,
}

impl Secrets {
    /// Of a pod's proxy.
    pub(crate) fn of(pod: &Pod) -> Self {
        let text = |name: &str| pod.proxy_config.variable(name).unwrap_or_default();
        let (chain, key) = (text(SERVER_CERTIFICATE), text(SERVER_KEY));
        let authorities = text(SERVER_AUTHORITIES);
        Self {
            certificate: if chain.is_empty() || key.is_empty() {
                Secret::workload_certificate()
            } else {
                Secret::Agent(format!("file-cert:{chain}~{key}"))
            },
            authorities: if authorities.is_empty() {
                Secret::workload_authorities()
            } else {
                Secret::Agent(format!("file-root:{authorities}"))
            },
        }
    }
}

/// How mutual TLS is terminated, made once for all chains of proxies with the same certificates: where HTTP is spoken, and
/// where bytes are.
pub(super) struct Servers {
    secrets: Secrets,
    made: [Option<Arc<ServerTls>>; 2],
}

impl Servers {
    /// With these certificates.
    pub(super) fn new(secrets: Secrets) -> Self {
        Self { secrets, made: [None, None] }
    }

    /// How mutual TLS is terminated on a chain.
    pub(super) fn of(&mut self, mesh: &Mesh, spoken: Spoken) -> Arc<ServerTls> {
        let Self { secrets, made: [http, bytes] } = self;
        let known = if spoken == Spoken::Http { http } else { bytes };
        Arc::clone(known.get_or_insert_with(|| server(mesh, spoken, secrets)))
    }
}

fn server(mesh: &Mesh, spoken: Spoken, secrets: &Secrets) -> Arc<ServerTls> {
    let alpn: &[&str] = match spoken {
        Spoken::Http => &ALPN_HTTP,
        Spoken::Bytes => &ALPN_EXCHANGE,
    };
    let written = mesh.config.written.mesh_mtls.as_ref();
    let newest_only = written.and_then(|tls| tls.min_protocol_version.as_ref());
    let newest_only = newest_only.is_some_and(|version| version.value == TlsProtocol::Tls13);
    let ciphers = written.map(|tls| tls.cipher_suites.as_slice()).unwrap_or_default();
    Arc::new(ServerTls {
        alpn: alpn.iter().map(|&protocol| protocol.to_owned()).collect(),
        require_client_certificate: true,
        certificates: vec![secrets.certificate.clone()],
        clients: Some(ClientValidation {
            authorities: Some(secrets.authorities.clone()),
            name_prefixes: mesh.trust_domains().iter().map(|domain| format!("spiffe://{domain}/")).collect(),
            ..ClientValidation::default()
        }),
        cipher_suites: if ciphers.is_empty() {
            CIPHER_SUITES.map(str::to_owned).to_vec()
        } else {
            ciphers.iter().map(|cipher| cipher.value.clone()).collect()
        },
        ecdh_curves: Vec::new(),
        min_version: Some(if newest_only { TlsVersion::V1_3 } else { TlsVersion::V1_2 }),
        max_version: Some(TlsVersion::V1_3),
    })
}
