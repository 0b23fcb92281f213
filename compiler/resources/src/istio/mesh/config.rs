//! Istio's `MeshConfig`: what holds for the whole mesh (`mesh/v1alpha1/config.proto`).

use indexmap::IndexMap;
use meshc_syntax::de::{Duration, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;

use super::proto_enum::proto_enum;
use super::{ExtensionProvider, MeshProxyConfig};
use crate::istio::{
    ClientTlsSettings, ConnectionPoolSettings, HttpRetry, LocalityLbSetting, OutlierDetection, TcpKeepalive,
    ZoneAwareLbSetting,
};

/// What holds for the whole mesh. What is absent has Istio's default.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MeshConfig {
    /// Where sidecars take captured outbound connections; 15001.
    pub proxy_listen_port: Option<Spanned<i32>>,
    /// Where sidecars take captured inbound connections; 15006.
    pub proxy_inbound_listen_port: Option<Spanned<i32>>,
    /// A port on which sidecars are an HTTP proxy (`CONNECT` aside); none when absent or 0.
    pub proxy_http_port: Option<Spanned<i32>>,
    /// To establish a connection; 10 s.
    pub connect_timeout: Option<Spanned<Duration>>,
    /// Idle tunnels of ambient mode.
    pub hbone_idle_timeout: Option<Spanned<Duration>>,
    /// How long the first bytes are waited for where the protocol is guessed; 0, for ever.
    pub protocol_detection_timeout: Option<Spanned<Duration>>,
    /// Probes of idle connections to upstreams.
    pub tcp_keepalive: Option<Spanned<TcpKeepalive>>,
    /// The class of Ingresses that Istio serves; `istio`.
    pub ingress_class: Option<Spanned<String>>,
    /// The Service of the gateway that serves them; `istio-ingressgateway`.
    pub ingress_service: Option<Spanned<String>>,
    /// Which Ingresses are served; `STRICT`.
    pub ingress_controller_mode: Option<Spanned<IngressControllerMode>>,
    /// The label `istio` of the gateway that serves them; of the service's name when absent.
    pub ingress_selector: Option<Spanned<String>>,
    /// Whether proxies report spans; true.
    pub enable_tracing: Option<Spanned<bool>>,
    /// A file for access logs; none when empty.
    pub access_log_file: Option<Spanned<String>>,
    /// The line, or a JSON object, of the access log.
    pub access_log_format: Option<Spanned<String>>,
    /// Text or JSON.
    pub access_log_encoding: Option<Spanned<AccessLogEncoding>>,
    /// Access logs by gRPC to the service of `defaultConfig`.
    pub enable_envoy_access_log_service: Option<Spanned<bool>>,
    /// No access log for connections that no listener takes.
    pub disable_envoy_listener_log: Option<Spanned<bool>>,
    /// Of all proxies.
    pub default_config: Option<Spanned<MeshProxyConfig>>,
    /// What happens to requests to hosts that the mesh does not know; `ALLOW_ANY`.
    pub outbound_traffic_policy: Option<Spanned<MeshOutboundTrafficPolicy>>,
    /// What happens to connections to ports that no service has; `PASSTHROUGH`.
    pub inbound_traffic_policy: Option<Spanned<MeshInboundTrafficPolicy>>,
    /// Where istiod reads its configuration from.
    pub config_sources: Vec<Spanned<ConfigSource>>,
    /// Mutual TLS where both sides have a sidecar; true.
    #[serde(rename = "enableAutoMtls")]
    pub enable_auto_mtls: Option<Spanned<bool>>,
    /// The first part of identities; `cluster.local`.
    pub trust_domain: Option<Spanned<String>>,
    /// Other trust domains that count as this one.
    pub trust_domain_aliases: Vec<Spanned<String>>,
    /// Further roots of trust.
    pub ca_certificates: Vec<Spanned<CertificateData>>,
    /// Who sees Services and ServiceEntries that do not say it; `*`.
    pub default_service_export_to: Vec<Spanned<String>>,
    /// Who sees VirtualServices that do not say it; `*`.
    pub default_virtual_service_export_to: Vec<Spanned<String>>,
    /// Who sees DestinationRules that do not say it; `*`.
    pub default_destination_rule_export_to: Vec<Spanned<String>>,
    /// The namespace whose policies hold for all; `istio-system`.
    pub root_namespace: Option<Spanned<String>>,
    /// How localities share traffic.
    pub locality_lb_setting: Option<Spanned<LocalityLbSetting>>,
    /// Envoy's own balancing of zones, in place of `localityLbSetting`.
    pub zone_aware_lb_setting: Option<Spanned<ZoneAwareLbSetting>>,
    /// How often names are looked up that could not be found; 60 s.
    pub dns_refresh_rate: Option<Spanned<Duration>>,
    /// Whether HTTP/1.1 connections between sidecars become HTTP/2.
    pub h2_upgrade_policy: Option<Spanned<MeshH2UpgradePolicy>>,
    /// A pattern for names in statistics of inbound clusters.
    pub inbound_cluster_stat_name: Option<Spanned<String>>,
    /// A pattern for names in statistics of outbound clusters.
    pub outbound_cluster_stat_name: Option<Spanned<String>>,
    /// Deprecated: certificates that istiod makes.
    pub certificates: Vec<Spanned<MeshCertificate>>,
    /// Settings of single services; without effect where there is one cluster.
    pub service_settings: Vec<Spanned<ServiceSettings>>,
    /// Which services of ambient mode are seen by other clusters.
    pub service_scope_configs: Vec<Spanned<ServiceScopeConfigs>>,
    /// Whether the agent merges the application's metrics with Envoy's; true.
    pub enable_prometheus_merge: Option<Spanned<bool>>,
    /// Deprecated, and without effect: whether TLS of DestinationRules checks certificates against the system's roots.
    pub verify_certificate_at_client: Option<Spanned<bool>>,
    /// Another certificate authority.
    pub ca: Option<Spanned<CertificateAuthority>>,
    /// Services that telemetry and authorization use, by name.
    pub extension_providers: Vec<Spanned<ExtensionProvider>>,
    /// Those that are used where no Telemetry says otherwise.
    pub default_providers: Option<Spanned<DefaultProviders>>,
    /// Namespaces that istiod looks at; all when empty.
    pub discovery_selectors: Vec<Spanned<LabelSelector>>,
    /// How paths are normalized before they are matched.
    pub path_normalization: Option<Spanned<ProxyPathNormalization>>,
    /// Retries of routes that do not say it.
    pub default_http_retry_policy: Option<Spanned<HttpRetry>>,
    /// Retries of a sidecar to its own application.
    pub default_inbound_http_retry_policy: Option<Spanned<HttpRetry>>,
    /// Of mutual TLS within the mesh.
    #[serde(rename = "meshMTLS", alias = "mesh_mTLS")]
    pub mesh_mtls: Option<Spanned<TlsConfig>>,
    /// Of all other TLS.
    pub tls_defaults: Option<Spanned<TlsConfig>>,
    /// Limits of destinations that no DestinationRule gives any.
    pub default_traffic_policy: Option<Spanned<DefaultTrafficPolicy>>,
    /// Who sees ServiceEntries, by namespace.
    pub service_entry_visibility: Option<Spanned<ServiceEntryVisibility>>,
}

proto_enum! {
    /// Which Ingresses are served.
    pub enum IngressControllerMode {
        /// As `STRICT`.
        Unspecified = "UNSPECIFIED" | 0,
        /// None.
        Off = "OFF" | 1,
        /// Those of the class and those without a class.
        Default = "DEFAULT" | 2,
        /// Those of the class.
        Strict = "STRICT" | 3,
    }
}

proto_enum! {
    /// How an access log is written.
    pub enum AccessLogEncoding {
        /// A line.
        Text = "TEXT" | 0,
        /// An object a line.
        Json = "JSON" | 1,
    }
}

proto_enum! {
    /// What happens to requests to hosts that the mesh does not know.
    pub enum MeshOutboundMode {
        /// They are refused.
        RegistryOnly = "REGISTRY_ONLY" | 0,
        /// They go where they were going.
        AllowAny = "ALLOW_ANY" | 1,
        /// They go where they were going; the name of an HTTP request is looked up by the proxy.
        AllowAnyDynamicDns = "ALLOW_ANY_DYNAMIC_DNS" | 3,
    }
}

proto_enum! {
    /// What happens to connections to ports that no service has.
    pub enum MeshInboundMode {
        /// They go to the address that they were meant for.
        Passthrough = "PASSTHROUGH" | 0,
        /// They go to the loopback address.
        Localhost = "LOCALHOST" | 1,
    }
}

proto_enum! {
    /// Whether HTTP/1.1 connections between sidecars become HTTP/2.
    pub enum MeshH2UpgradePolicy {
        /// They do not.
        DoNotUpgrade = "DO_NOT_UPGRADE" | 0,
        /// They do.
        Upgrade = "UPGRADE" | 1,
    }
}

proto_enum! {
    /// How paths are normalized.
    pub enum NormalizationType {
        /// As `BASE`.
        Default = "DEFAULT" | 0,
        /// Not at all.
        None = "NONE" | 1,
        /// RFC 3986; a backslash counts as a slash.
        Base = "BASE" | 2,
        /// `BASE`, and several slashes are one.
        MergeSlashes = "MERGE_SLASHES" | 3,
        /// `MERGE_SLASHES`, after `%2F` and `%5C` are decoded.
        DecodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES" | 4,
    }
}

proto_enum! {
    /// The oldest version of TLS that is spoken.
    pub enum TlsProtocol {
        /// 1.2.
        Auto = "TLS_AUTO" | 0,
        /// 1.2.
        Tls12 = "TLSV1_2" | 1,
        /// 1.3.
        Tls13 = "TLSV1_3" | 2,
    }
}

proto_enum! {
    /// Where a service is seen.
    pub enum ServiceScope {
        /// In its own cluster.
        Local = "LOCAL" | 0,
        /// In all clusters.
        Global = "GLOBAL" | 1,
    }
}

proto_enum! {
    /// Who sees a ServiceEntry.
    pub enum Visibility {
        /// As `PUBLIC`.
        Unspecified = "VISIBILITY_UNSPECIFIED" | 0,
        /// Nobody.
        None = "NONE" | 1,
        /// Its own namespace.
        Namespace = "NAMESPACE" | 2,
        /// All.
        Public = "PUBLIC" | 3,
    }
}

proto_enum! {
    /// What a configuration source gives.
    pub enum SourceResource {
        /// Services.
        ServiceRegistry = "SERVICE_REGISTRY" | 0,
    }
}

/// What happens to requests to hosts that the mesh does not know.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MeshOutboundTrafficPolicy {
    /// `REGISTRY_ONLY` when the policy is written without it.
    pub mode: Option<Spanned<MeshOutboundMode>>,
    /// For `ALLOW_ANY_DYNAMIC_DNS`.
    pub tls: Option<Spanned<ClientTlsSettings>>,
}

/// What happens to connections to ports that no service has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MeshInboundTrafficPolicy {
    /// Which.
    pub mode: Option<Spanned<MeshInboundMode>>,
}

/// A source of configuration.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigSource {
    /// `fs:///…`, `k8s://`, or an address of a server.
    pub address: Option<Spanned<String>>,
    /// To that server.
    pub tls_settings: Option<Spanned<ClientTlsSettings>>,
    /// What it gives.
    pub subscribed_resources: Vec<Spanned<SourceResource>>,
}

/// A root of trust, or where its bundle is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-meshc-one-of" = [["pem", "spiffeBundleUrl"]]))]
pub struct CertificateData {
    /// Certificates.
    pub pem: Option<Spanned<String>>,
    /// Where a SPIFFE bundle is.
    pub spiffe_bundle_url: Option<Spanned<String>>,
    /// Kubernetes's signers that it is of.
    pub cert_signers: Vec<Spanned<String>>,
    /// Trust domains that it is of.
    pub trust_domains: Vec<Spanned<String>>,
}

/// A certificate that istiod made once.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MeshCertificate {
    /// Where to.
    pub secret_name: Option<Spanned<String>>,
    /// For whom.
    pub dns_names: Vec<Spanned<String>>,
}

/// Settings of single services.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSettings {
    /// Which.
    pub settings: Option<Spanned<ServiceSetting>>,
    /// Of which services; wildcards.
    pub hosts: Vec<Spanned<String>>,
}

/// The settings of a service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSetting {
    /// Callers use endpoints of their own cluster only.
    pub cluster_local: Option<Spanned<bool>>,
}

/// Which services of ambient mode are seen by other clusters.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceScopeConfigs {
    /// Of which namespaces.
    pub namespace_selector: Option<Spanned<LabelSelector>>,
    /// Which services.
    #[serde(alias = "serviceSelector")]
    pub services_selector: Option<Spanned<LabelSelector>>,
    /// Where.
    pub scope: Option<Spanned<ServiceScope>>,
}

/// Another certificate authority.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateAuthority {
    /// Where.
    pub address: Option<Spanned<String>>,
    /// To it.
    pub tls_settings: Option<Spanned<ClientTlsSettings>>,
    /// For an answer.
    pub request_timeout: Option<Spanned<Duration>>,
    /// Whether istiod asks it, in place of the agents.
    pub istiod_side: Option<Spanned<bool>>,
}

/// Extension providers that are used where no Telemetry says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefaultProviders {
    /// For spans.
    pub tracing: Vec<Spanned<String>>,
    /// For metrics.
    pub metrics: Vec<Spanned<String>>,
    /// For access logs.
    pub access_logging: Vec<Spanned<String>>,
}

/// Kubernetes's label selector.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// All of them.
    pub match_labels: IndexMap<Spanned<String>, Spanned<String>>,
    /// All of them.
    pub match_expressions: Vec<Spanned<LabelSelectorRequirement>>,
}

/// A condition on one label.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelectorRequirement {
    /// The label.
    pub key: Option<Spanned<String>>,
    /// `In`, `NotIn`, `Exists` or `DoesNotExist`.
    pub operator: Option<Spanned<String>>,
    /// For the first two.
    pub values: Vec<Spanned<String>>,
}

/// How paths are normalized.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyPathNormalization {
    /// Which way.
    pub normalization: Option<Spanned<NormalizationType>>,
}

/// Versions, curves and ciphers of TLS.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsConfig {
    /// The oldest version.
    pub min_protocol_version: Option<Spanned<TlsProtocol>>,
    /// Curves.
    pub ecdh_curves: Vec<Spanned<String>>,
    /// Ciphers of TLS 1.2.
    pub cipher_suites: Vec<Spanned<String>>,
}

/// Limits of destinations that no DestinationRule gives any.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DefaultTrafficPolicy {
    /// Of connections.
    pub connection_pool: Option<Spanned<ConnectionPoolSettings>>,
    /// Of endpoints that fail.
    pub outlier_detection: Option<Spanned<OutlierDetection>>,
}

/// Who sees ServiceEntries.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryVisibility {
    /// Where no policy matches.
    pub default_visibility: Option<Spanned<Visibility>>,
    /// For sidecars too, not only in ambient mode.
    pub apply_to_sidecars: Option<Spanned<bool>>,
    /// The first that matches holds.
    pub policies: Vec<Spanned<VisibilityPolicy>>,
}

/// Who sees the ServiceEntries of some namespaces.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VisibilityPolicy {
    /// Who.
    pub visibility: Option<Spanned<Visibility>>,
    /// Any of them.
    pub matching_rules: Vec<Spanned<VisibilityMatch>>,
}

/// Which ServiceEntries.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VisibilityMatch {
    /// Those of these namespaces.
    pub namespace_selector: Option<Spanned<LabelSelector>>,
}
