//! The settings of the whole mesh, with Istio's defaults where nothing is written (`DefaultMeshConfig` and
//! `ApplyMeshConfig` of `pkg/config/mesh`).

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_diagnostics::Diagnostic;
use meshc_resources::istio::mesh::{
    DefaultProviders, ExtensionProvider, FileAccessLogProvider, MeshConfig as Written, MeshInboundMode,
    MeshNetworks, MeshOutboundMode, PrometheusProvider, ServiceEntryVisibility, StackdriverProvider,
    Visibility, VisibilityPolicy,
};
use meshc_resources::{MeshSettings, Object, Resources};
use meshc_syntax::de::{self, Spanned};

use crate::hostname::CLUSTER_DOMAIN;
use crate::{ExportTo, Meta, Namespace, ROOT_NAMESPACE, label_selector, rules};

/// The settings of the whole mesh.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeshConfig {
    /// As they are written; the accessors of this type know what holds where nothing is.
    pub written: Written,
    /// Networks and their gateways.
    pub networks: MeshNetworks,
    /// The ConfigMap; none where the defaults hold, or where another file has the settings.
    pub meta: Option<Meta>,
    /// Istio's own extension providers and those that are written; of one name what is written holds.
    providers: Vec<ExtensionProvider>,
}

// === impl MeshConfig ===

impl MeshConfig {
    /// From the settings as they are written.
    pub fn new(written: Written, networks: MeshNetworks, meta: Option<Meta>) -> Self {
        let mut providers = own_providers();
        for provider in &written.extension_providers {
            match providers.iter_mut().find(|known| known.name == provider.name) {
                Some(known) => *known = provider.value.clone(),
                None => providers.push(provider.value.clone()),
            }
        }
        Self { written, networks, meta, providers }
    }

    /// From istiod's ConfigMaps: `istio`, else that of the first revision.
    pub(crate) fn read(resources: &Resources, found: &mut Vec<Diagnostic>) -> Self {
        let rank = |object: &&Object<MeshSettings>| {
            let (namespace, name) = (object.namespace().to_owned(), object.name().to_owned());
            (namespace != ROOT_NAMESPACE, name != "istio", name, namespace)
        };
        let Some(chosen) = resources.mesh_settings.iter().min_by_key(rank) else {
            return Self::new(Written::default(), MeshNetworks::default(), None);
        };
        for other in resources.mesh_settings.iter().filter(|other| other.span != chosen.span) {
            if other.spec != chosen.spec {
                found.push(rules::several_mesh_configs(other, chosen));
            }
        }
        let meta = Meta::new("ConfigMap", &chosen.metadata, chosen.span);
        let config = chosen.spec.config.as_ref().map(|config| config.value.clone());
        let networks = chosen.spec.networks.as_ref().map(|networks| networks.value.clone());
        Self::new(config.unwrap_or_default(), networks.unwrap_or_default(), Some(meta))
    }

    /// The blocks of addresses of all networks, sorted (Istio's `MeshNetworksToEnvoyInternalAddressConfig`).
    pub fn internal_ranges(&self) -> Vec<String> {
        let endpoints = self.networks.networks.values().flat_map(|network| &network.endpoints);
        let mut ranges: Vec<_> = endpoints
            .filter_map(|endpoints| crate::networks::Range::parse(endpoints.from_cidr.as_ref()?))
            .map(crate::networks::Range::parts)
            .collect();
        ranges.sort_unstable();
        ranges.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect()
    }

    /// The namespace whose policies hold for all.
    pub fn root_namespace(&self) -> &str {
        text(self.written.root_namespace.as_ref()).unwrap_or(ROOT_NAMESPACE)
    }

    /// The first part of identities.
    pub fn trust_domain(&self) -> &str {
        text(self.written.trust_domain.as_ref()).unwrap_or(CLUSTER_DOMAIN)
    }

    /// Other trust domains that count as this one, sorted, each once.
    pub fn trust_domain_aliases(&self) -> Vec<&str> {
        let mut aliases: Vec<_> =
            self.written.trust_domain_aliases.iter().map(|alias| alias.value.as_str()).collect();
        aliases.sort_unstable();
        aliases.dedup();
        aliases
    }

    /// What happens to requests to hosts that the mesh does not know.
    pub fn outbound_mode(&self) -> MeshOutboundMode {
        let policy = self.written.outbound_traffic_policy.as_ref();
        policy.map_or(MeshOutboundMode::AllowAny, |policy| value(policy.mode.as_ref()).unwrap_or_default())
    }

    /// What happens to connections to ports that no service has.
    pub fn inbound_mode(&self) -> MeshInboundMode {
        let policy = self.written.inbound_traffic_policy.as_ref();
        policy.and_then(|policy| value(policy.mode.as_ref())).unwrap_or_default()
    }

    /// To establish a connection.
    pub fn connect_timeout(&self) -> Duration {
        duration(self.written.connect_timeout.as_ref()).unwrap_or(Duration::from_secs(10))
    }

    /// How often names are looked up that could not be found.
    pub fn dns_refresh_rate(&self) -> Duration {
        duration(self.written.dns_refresh_rate.as_ref()).unwrap_or(Duration::from_secs(60))
    }

    /// How long the first bytes are waited for where the protocol is found out; zero: for ever.
    pub fn protocol_detection_timeout(&self) -> Duration {
        duration(self.written.protocol_detection_timeout.as_ref()).unwrap_or_default()
    }

    /// Mutual TLS where both sides have a sidecar.
    pub fn auto_mtls(&self) -> bool {
        value(self.written.enable_auto_mtls.as_ref()).unwrap_or(true)
    }

    /// Whether proxies report spans.
    pub fn tracing(&self) -> bool {
        value(self.written.enable_tracing.as_ref()).unwrap_or(true)
    }

    /// Where sidecars take captured outbound connections.
    pub fn proxy_listen_port(&self) -> u16 {
        port(self.written.proxy_listen_port.as_ref()).unwrap_or(15001)
    }

    /// Where sidecars take captured inbound connections.
    pub fn proxy_inbound_listen_port(&self) -> u16 {
        port(self.written.proxy_inbound_listen_port.as_ref()).unwrap_or(15006)
    }

    /// The port on which sidecars are an HTTP proxy, if they are.
    pub fn proxy_http_port(&self) -> Option<u16> {
        port(self.written.proxy_http_port.as_ref())
    }

    /// Who sees Services and ServiceEntries that do not say it.
    pub fn service_export_to(&self) -> ExportTo {
        export_to(&self.written.default_service_export_to)
    }

    /// Whether istiod looks at a namespace.
    pub(crate) fn looks_at(&self, namespace: &str, namespaces: &BTreeMap<String, Namespace>) -> bool {
        let selectors = &self.written.discovery_selectors;
        selectors.is_empty()
            || selectors.iter().any(|selector| label_selector::selects(selector, namespace, namespaces))
    }

    /// Who may see the ServiceEntries of a namespace at most, where sidecars are told so too.
    pub(crate) fn visibility(&self, namespace: &str, namespaces: &BTreeMap<String, Namespace>) -> Visibility {
        let written = self.written.service_entry_visibility.as_ref();
        let applies = |written: &&Spanned<ServiceEntryVisibility>| {
            written.apply_to_sidecars.as_ref().is_some_and(|applies| applies.value)
        };
        let Some(written) = written.filter(applies) else { return Visibility::Public };
        let matches = |policy: &&Spanned<VisibilityPolicy>| {
            policy.matching_rules.iter().all(|rule| {
                let selector = rule.namespace_selector.as_ref();
                selector.is_some_and(|selector| label_selector::selects(selector, namespace, namespaces))
            })
        };
        let policy = written.policies.iter().find(matches).map(|policy| policy.visibility.as_ref());
        let visibility = policy.unwrap_or(written.default_visibility.as_ref());
        visibility.map(|visibility| visibility.value).unwrap_or_default()
    }

    /// Who sees VirtualServices that do not say it.
    pub fn virtual_service_export_to(&self) -> ExportTo {
        export_to(&self.written.default_virtual_service_export_to)
    }

    /// Whether DestinationRules that do not say it are for their own namespace alone. Istio honours `.` and `*` only.
    pub fn destination_rules_are_private(&self) -> bool {
        self.written.default_destination_rule_export_to.iter().any(|entry| entry.value == ".")
    }

    /// The extension provider with this name.
    pub fn provider(&self, name: &str) -> Option<&ExtensionProvider> {
        self.providers().find(|provider| provider.name.as_ref().is_some_and(|own| own.value == name))
    }

    /// All extension providers, Istio's own first.
    pub fn providers(&self) -> impl Iterator<Item = &ExtensionProvider> {
        self.providers.iter()
    }

    /// The providers that are used where no Telemetry says otherwise.
    pub fn default_providers(&self) -> DefaultProviders {
        self.written.default_providers.as_ref().map(|providers| providers.value.clone()).unwrap_or_default()
    }
}

/// Those that every mesh has.
fn own_providers() -> Vec<ExtensionProvider> {
    let named = |name: &str| ExtensionProvider {
        name: Some(Spanned::new(name.to_owned())),
        ..ExtensionProvider::default()
    };
    vec![
        ExtensionProvider {
            prometheus: Some(Spanned::new(PrometheusProvider::default())),
            ..named("prometheus")
        },
        ExtensionProvider {
            stackdriver: Some(Spanned::new(StackdriverProvider::default())),
            ..named("stackdriver")
        },
        ExtensionProvider {
            envoy_file_access_log: Some(Spanned::new(FileAccessLogProvider {
                path: Some(Spanned::new("/dev/stdout".to_owned())),
                ..FileAccessLogProvider::default()
            })),
            ..named("envoy")
        },
    ]
}

fn text(value: Option<&Spanned<String>>) -> Option<&str> {
    value.map(|value| value.value.as_str()).filter(|text| !text.is_empty())
}

fn value<T: Copy>(value: Option<&Spanned<T>>) -> Option<T> {
    value.map(|value| value.value)
}

fn duration(value: Option<&Spanned<de::Duration>>) -> Option<Duration> {
    value.and_then(|value| value.as_std())
}

/// Zero is none, as in protobuf.
fn port(value: Option<&Spanned<i32>>) -> Option<u16> {
    value.and_then(|value| u16::try_from(value.value).ok()).filter(|port| *port != 0)
}

fn export_to(entries: &[Spanned<String>]) -> ExportTo {
    ExportTo::new(entries.iter().map(|entry| entry.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_holds_and_else_istios_defaults() {
        let default = MeshConfig::new(Written::default(), MeshNetworks::default(), None);
        assert_eq!(default.outbound_mode(), MeshOutboundMode::AllowAny);
        assert_eq!(default.root_namespace(), "istio-system");
        assert!(default.provider("envoy").is_some_and(|own| own.envoy_file_access_log.is_some()));
        let written = Written {
            outbound_traffic_policy: Some(Spanned::default()),
            extension_providers: vec![Spanned::new(ExtensionProvider {
                name: Some(Spanned::new("envoy".to_owned())),
                ..ExtensionProvider::default()
            })],
            ..Written::default()
        };
        let config = MeshConfig::new(written, MeshNetworks::default(), None);
        assert_eq!(config.outbound_mode(), MeshOutboundMode::RegistryOnly);
        assert!(config.provider("envoy").is_some_and(|own| own.envoy_file_access_log.is_none()));
        assert_eq!(config.providers().count(), 3);
    }
}
