//! What the mesh as a whole says about clusters, with Istio's defaults.

use std::time::Duration;

use meshc_mesh::{Mesh, Service};
use meshc_resources::istio::mesh::{MeshH2UpgradePolicy, MeshInboundMode};
use meshc_resources::istio::{
    ClientTlsSettings, ConnectionPoolSettings, LocalityLbSetting, OutlierDetection, TcpKeepalive,
    ZoneAwareLbSetting,
};
use meshc_syntax::de::Spanned;

/// Istio's `MeshConfig`, as far as clusters go.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// To make a connection.
    pub(super) connect_timeout: Duration,
    /// TCP keepalive of all connections.
    pub(super) tcp_keepalive: Option<TcpKeepalive>,
    /// HTTP/1.1 becomes HTTP/2 on ports that say that they speak HTTP.
    pub(super) h2_upgrade: bool,
    /// What places count; none where they count nothing.
    pub(super) locality: Option<LocalityLbSetting>,
    /// In place of `locality`.
    pub(super) zone_aware: Option<ZoneAwareLbSetting>,
    /// How often names are looked up again.
    pub(super) dns_refresh_rate: Duration,
    /// Mutual TLS where both sides have a proxy.
    pub(super) auto_mtls: bool,
    /// The first part of identities.
    pub(super) trust_domain: String,
    /// Other trust domains that count as this one.
    pub(super) trust_domain_aliases: Vec<String>,
    /// Headers of HTTP/1.1 keep their case.
    pub(super) preserve_header_case: bool,
    /// Of destinations that no DestinationRule gives any.
    pub(super) connection_pool: Option<ConnectionPoolSettings>,
    /// Of destinations that no DestinationRule gives any.
    pub(super) outlier_detection: Option<OutlierDetection>,
    /// Patterns for names in statistics; empty for Istio's own names.
    pub(super) outbound_stat_name: String,
    /// See `outbound_stat_name`.
    pub(super) inbound_stat_name: String,
    /// Inbound connections go to the loopback in place of the pod's own address.
    pub(super) inbound_by_loopback: bool,
    /// What is allowed of TLS but Istio's own: cipher suites and curves.
    pub(super) cipher_suites: Vec<String>,
    /// See `cipher_suites`.
    pub(super) ecdh_curves: Vec<String>,
    /// TLS to names that no service claims, where they are looked up.
    pub(super) unclaimed_tls: Option<ClientTlsSettings>,
}

impl Settings {
    pub(crate) fn new(mesh: &Mesh) -> Self {
        let config = &mesh.config;
        let written = &config.written;
        let text = |value: &Option<Spanned<String>>| {
            value.as_ref().map(|value| value.value.clone()).unwrap_or_default()
        };
        let policy = written.default_traffic_policy.as_ref();
        let tls = written.tls_defaults.as_ref();
        let texts = |list: &[Spanned<String>]| list.iter().map(|text| text.value.clone()).collect();
        Self {
            connect_timeout: config.connect_timeout(),
            tcp_keepalive: written.tcp_keepalive.as_ref().map(|keepalive| keepalive.value.clone()),
            h2_upgrade: written
                .h2_upgrade_policy
                .as_ref()
                .is_some_and(|policy| policy.value == MeshH2UpgradePolicy::Upgrade),
            locality: Some(
                written
                    .locality_lb_setting
                    .as_ref()
                    .map(|locality| locality.value.clone())
                    .unwrap_or_default(),
            ),
            zone_aware: written.zone_aware_lb_setting.as_ref().map(|zone_aware| zone_aware.value.clone()),
            dns_refresh_rate: config.dns_refresh_rate(),
            auto_mtls: config.auto_mtls(),
            trust_domain: config.trust_domain().to_owned(),
            trust_domain_aliases: config.trust_domain_aliases().into_iter().map(ToOwned::to_owned).collect(),
            preserve_header_case: false,
            connection_pool: policy
                .and_then(|policy| policy.connection_pool.as_ref())
                .map(|pool| pool.value.clone()),
            outlier_detection: policy
                .and_then(|policy| policy.outlier_detection.as_ref())
                .map(|outlier| outlier.value.clone()),
            outbound_stat_name: text(&written.outbound_cluster_stat_name),
            inbound_stat_name: text(&written.inbound_cluster_stat_name),
            inbound_by_loopback: config.inbound_mode() == MeshInboundMode::Localhost,
            cipher_suites: tls.map(|tls| texts(&tls.cipher_suites)).unwrap_or_default(),
            ecdh_curves: tls.map(|tls| texts(&tls.ecdh_curves)).unwrap_or_default(),
            unclaimed_tls: written
                .outbound_traffic_policy
                .as_ref()
                .and_then(|policy| policy.tls.as_ref())
                .map(|tls| tls.value.clone()),
        }
    }

    /// The name in statistics of a cluster, by one of the patterns; none where there is no pattern.
    pub(super) fn stat_name(
        pattern: &str,
        service: &Service,
        subset: Option<&str>,
        port: &meshc_mesh::Port,
        target: u16,
    ) -> Option<String> {
        if pattern.is_empty() {
            return None;
        }
        let of_kubernetes = service.registry == meshc_mesh::Registry::Kubernetes;
        let short = if of_kubernetes {
            format!("{}.{}", service.name, service.namespace())
        } else {
            service.hostname.clone()
        };
        let name = if of_kubernetes { &service.name } else { &service.hostname };
        Some(
            pattern
                .replace("%SERVICE%", &short)
                .replace("%SERVICE_NAME%", name)
                .replace("%SERVICE_FQDN%", &service.hostname)
                .replace("%SUBSET_NAME%", subset.unwrap_or_default())
                .replace("%TARGET_PORT%", &target.to_string())
                .replace("%SERVICE_PORT%", &port.number.to_string())
                .replace("%SERVICE_PORT_NAME%", &port.name),
        )
    }
}
