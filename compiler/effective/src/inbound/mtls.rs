//! Mutual TLS between workloads, as a proxy terminates it.

use std::sync::Arc;

use meshc_mesh::Mesh;
use meshc_resources::istio::mesh::TlsProtocol;

use super::matches::Spoken;
use crate::model::{ClientValidation, Secret, ServerTls, TlsVersion};

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

/// How mutual TLS is terminated, made once for all chains of a mesh: where HTTP is spoken, and where bytes are.
#[derive(Default)]
pub(super) struct Servers([Option<Arc<ServerTls>>; 2]);

impl Servers {
    /// How mutual TLS is terminated on a chain.
    pub(super) fn of(&mut self, mesh: &Mesh, spoken: Spoken) -> Arc<ServerTls> {
        let [http, bytes] = &mut self.0;
        let known = if spoken == Spoken::Http { http } else { bytes };
        Arc::clone(known.get_or_insert_with(|| server(mesh, spoken)))
    }
}

fn server(mesh: &Mesh, spoken: Spoken) -> Arc<ServerTls> {
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
        certificates: vec![Secret::workload_certificate()],
        clients: Some(ClientValidation {
            authorities: Some(Secret::workload_authorities()),
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
