//! What a cluster can ask about the proxy that uses it.

use std::collections::{BTreeMap, BTreeSet};

use meshc_mesh::{Distribution, Mesh, Pod, Service, place};
use meshc_resources::istio::TrafficPolicy;
use meshc_resources::istio::mesh::ProxyHeaders;
use meshc_syntax::de::Spanned;

use super::settings::Settings;
use super::split_horizon::Families;
use super::variables::Variables;
use crate::model::{DnsFamily, ProxyKind};

/// The proxy that uses a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) kind: ProxyKind,
    /// With those of its place.
    pub(super) labels: &'a BTreeMap<String, String>,
    pub(super) locality: &'a str,
    pub(super) node: &'a str,
    /// The network that it says it is in.
    pub(super) network: &'a str,
    pub(super) families: Families,
    pub(super) dns: DnsFamily,
    pub(super) variables: &'a Variables,
}

/// What any cluster of the mesh asks about its callers: callers that are alike in it have the same clusters.
#[derive(Debug, Default)]
pub(super) struct Interest {
    labels: BTreeSet<String>,
    locality: bool,
    node: bool,
    network: bool,
}

/// A caller as far as clusters are interested in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Facts {
    pub(super) kind: ProxyKind,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) locality: String,
    pub(super) node: String,
    pub(super) network: String,
    pub(super) families: Families,
    pub(super) dns: DnsFamily,
    /// It keeps the case of HTTP/1.1 headers.
    pub(super) keeps_case: bool,
    pub(super) variables: Variables,
}

impl Interest {
    pub(super) fn of(mesh: &Mesh, settings: &Settings) -> Self {
        let mut all =
            Self { labels: mesh.destination_rules.selector_keys().cloned().collect(), ..Self::default() };
        let from_mesh = settings.locality.iter().flat_map(|setting| &setting.failover_priority);
        let from_mesh = from_mesh.chain(settings.zone_aware.iter().flat_map(|s| &s.failover_priority));
        all.labels.extend(from_mesh.map(|label| key(&label.value)));
        all.locality = settings.zone_aware.is_some()
            || settings.outlier_detection.is_some()
            || settings.locality.as_ref().is_some_and(|setting| !setting.distribute.is_empty());
        for rule in mesh.destination_rules.iter() {
            let subsets = rule.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
            for policy in rule.traffic_policy.iter().chain(subsets) {
                all.policy(policy);
            }
        }
        for service in &mesh.services {
            all.service(service);
        }
        all.network = mesh.networks.has_gateways(true);
        all
    }

    fn policy(&mut self, policy: &TrafficPolicy) {
        let ports = policy.port_level_settings.iter();
        let outliers = ports.clone().map(|port| port.outlier_detection.is_some());
        self.locality |= policy.outlier_detection.is_some() || outliers.into_iter().any(|outliers| outliers);
        for settings in ports.filter_map(|port| port.load_balancer.as_ref()).chain(&policy.load_balancer) {
            if let Some(locality) = &settings.locality_lb_setting {
                self.locality = true;
                self.labels.extend(locality.failover_priority.iter().map(|label| key(&label.value)));
            }
            if let Some(zone_aware) = &settings.zone_aware_lb_setting {
                self.locality = true;
                self.labels.extend(zone_aware.failover_priority.iter().map(|label| key(&label.value)));
            }
        }
    }

    fn service(&mut self, service: &Service) {
        self.node |= service.node_local;
        let labels: &[&str] = match service.distribution {
            Distribution::Any => &[],
            Distribution::SameZone => &[place::NETWORK, place::REGION, place::ZONE],
            Distribution::SameNode => {
                &[place::NETWORK, place::REGION, place::ZONE, place::SUBZONE, place::NODE]
            }
        };
        self.labels.extend(labels.iter().map(|label| (*label).to_owned()));
    }

    /// What is of interest in a proxy.
    pub(super) fn facts(&self, pod: &Pod, kind: ProxyKind) -> Facts {
        let asked = pod.placed.iter().filter(|(key, _)| self.labels.contains(*key));
        let labels = asked.map(|(key, value)| (key.clone(), value.clone())).collect();
        Facts {
            kind,
            labels,
            locality: if self.locality { pod.locality.clone() } else { String::new() },
            node: if self.node { pod.node.clone() } else { String::new() },
            network: if self.network { pod.proxy_network.clone() } else { String::new() },
            families: if self.network { Families::of(addresses(pod)) } else { Families::default() },
            dns: family(pod),
            keeps_case: keeps_case(pod.proxy_config.proxy_headers.as_ref()),
            variables: Variables::of(pod),
        }
    }
}

impl Facts {
    pub(super) fn caller(&self) -> Caller<'_> {
        Caller {
            kind: self.kind,
            labels: &self.labels,
            locality: &self.locality,
            node: &self.node,
            network: &self.network,
            families: self.families,
            dns: self.dns,
            variables: &self.variables,
        }
    }
}

/// The label of `LABEL` or `LABEL=VALUE`.
fn key(written: &str) -> String {
    written.split('=').next().unwrap_or_default().to_owned()
}

/// Whether headers of HTTP/1.1 keep their case.
pub(super) fn keeps_case(headers: Option<&Spanned<ProxyHeaders>>) -> bool {
    let keeps = headers.and_then(|headers| headers.preserve_http1_header_case.as_ref());
    keeps.is_some_and(|keeps| keeps.value)
}

fn addresses(pod: &Pod) -> impl Iterator<Item = &str> {
    std::iter::once(&pod.ip).chain(&pod.other_ips).map(String::as_str)
}

/// IPv6 where the proxy has nothing else.
pub(super) fn family(pod: &Pod) -> DnsFamily {
    if addresses(pod).all(|address| address.contains(':')) { DnsFamily::V6Only } else { DnsFamily::V4Only }
}
