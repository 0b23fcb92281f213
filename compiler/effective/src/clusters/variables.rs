//! What the variables of a proxy's environment change about its clusters.

use meshc_mesh::Pod;
use meshc_resources::istio::{ClientTlsMode, ClientTlsSettings};
use meshc_syntax::de::Spanned;

/// The networks whose endpoints a proxy asks for, by commas.
const NETWORK_VIEW: &str = "ISTIO_META_REQUESTED_NETWORK_VIEW";
/// The file with a proxy's certificate as a client, which makes it use its own ones.
const CLIENT_CERTIFICATE: &str = "ISTIO_META_TLS_CLIENT_CERT_CHAIN";
/// Its key.
const CLIENT_KEY: &str = "ISTIO_META_TLS_CLIENT_KEY";
/// What it verifies servers by.
const CLIENT_AUTHORITIES: &str = "ISTIO_META_TLS_CLIENT_ROOT_CERT";

/// What clusters ask about a proxy's variables; nothing for nearly all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Variables {
    /// Its own certificates, in place of Istio's.
    pub(super) certificates: Option<OwnCertificates>,
    /// The networks whose endpoints it sees; none for all.
    networks: Vec<String>,
}

/// Certificates in files of a proxy's pod (Istio's `metadataCerts`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OwnCertificates {
    certificate: String,
    key: String,
    authorities: String,
}

impl Variables {
    /// Those of a pod's proxy.
    pub(super) fn of(pod: &Pod) -> Self {
        let text = |name: &str| pod.proxy_config.variable(name).unwrap_or_default().to_owned();
        let certificate = text(CLIENT_CERTIFICATE);
        let networks = text(NETWORK_VIEW);
        Self {
            certificates: (!certificate.is_empty()).then(|| OwnCertificates {
                certificate,
                key: text(CLIENT_KEY),
                authorities: text(CLIENT_AUTHORITIES),
            }),
            networks: if networks.is_empty() {
                Vec::new()
            } else {
                networks.split(',').map(str::to_owned).collect()
            },
        }
    }

    /// Whether it sees endpoints of a network; those of none are always seen.
    pub(super) fn sees(&self, network: &str) -> bool {
        self.networks.is_empty() || network.is_empty() || self.networks.iter().any(|seen| seen == network)
    }
}

impl OwnCertificates {
    /// Mutual TLS with them, to servers with one of the names (Istio's `buildMutualTLS`).
    pub(super) fn settings(
        &self,
        names: Vec<Spanned<String>>,
        sni: String,
        insecure: Option<&Spanned<bool>>,
    ) -> ClientTlsSettings {
        let file = |path: &String| Some(Spanned::new(path.clone()));
        ClientTlsSettings {
            mode: Some(Spanned::new(ClientTlsMode::Mutual)),
            client_certificate: file(&self.certificate),
            private_key: file(&self.key),
            ca_certificates: file(&self.authorities),
            subject_alt_names: names,
            sni: Some(Spanned::new(sni)),
            insecure_skip_verify: insecure.copied(),
            ..ClientTlsSettings::default()
        }
    }
}
