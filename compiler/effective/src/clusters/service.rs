//! The clusters of a service: one for each port, and one for each subset of it
//! (Istio's `buildOutboundClusters` and `applyDestinationRule`).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::{DestinationRule, Mesh, Port, Protocol, Resolution, Service};
use meshc_resources::istio::{ClientTlsMode, SimpleLoadBalancer, Subset, TrafficPolicy};
use meshc_syntax::de::Spanned;

use super::caller::Caller;
use super::endpoints::{self, Asked, PERSISTENT_SESSION};
use super::locality::{ByLabel, Locality};
use super::policy::{Policy, endpoint_tls_mode};
use super::settings::Settings;
use super::{balancer, outlier, pool, tls};
use crate::model::{
    Balancing, Cluster, ClusterKind, Dns, LoadBalancer, Origin, ProxyKind, ServiceName, Telemetry,
    UpstreamProtocol,
};
use crate::names;

/// What clusters are made from.
pub(super) struct Context<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) settings: &'a Settings,
    pub(super) service: &'a Service,
    pub(super) rule: Option<&'a Arc<DestinationRule>>,
    pub(super) caller: Caller<'a>,
}

impl Context<'_> {
    /// The identities that the endpoints' certificates may have.
    pub(super) fn identities(&self) -> Vec<String> {
        tls::identities(self.service, &self.settings.trust_domain, &self.settings.trust_domain_aliases)
    }

    /// The policy of the whole rule.
    fn policy(&self) -> Option<&TrafficPolicy> {
        self.rule.and_then(|rule| rule.traffic_policy.as_ref()).map(|policy| &policy.value)
    }
}

/// What clusters are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mode {
    /// Requests and connections of the proxy's own.
    Outbound,
    /// Connections that a gateway passes through by the name that they ask for.
    SniDnat,
}

/// All clusters of a service.
pub(super) fn clusters(context: &Context<'_>, mode: Mode) -> Vec<Arc<Cluster>> {
    let mut clusters = Vec::new();
    if context.service.resolution == Resolution::Alias {
        return clusters;
    }
    for port in context.service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
        if context.service.resolution == Resolution::DynamicDns {
            if context.service.hostname.starts_with('*') && mode == Mode::Outbound {
                clusters.extend(dynamic(context, port).map(Arc::new));
            }
            continue;
        }
        let kind = discovery(context.service, context.caller.kind);
        let Some(whole) = cluster(context, port, None, kind, mode) else { continue };
        // Subsets are found as the whole is, whatever they say themselves.
        let kind = whole.kind;
        clusters.push(Arc::new(whole));
        for subset in context.rule.iter().flat_map(|rule| &rule.subsets) {
            clusters.extend(cluster(context, port, Some(subset), kind, mode).map(Arc::new));
        }
    }
    clusters
}

/// Names of requests that are looked up when they are asked for.
fn dynamic(context: &Context<'_>, port: &Port) -> Option<Cluster> {
    let known = [Protocol::Http, Protocol::Tls, Protocol::Grpc, Protocol::Http2];
    if !known.contains(&port.protocol) {
        return None;
    }
    let policy = Policy::within(context.settings, context.policy(), None, port.number);
    let mut cluster = Cluster {
        name: names::outbound(&context.service.hostname, port.number, None),
        kind: ClusterKind::DynamicForwardProxy,
        load_balancer: LoadBalancer::ClusterProvided,
        host: context.service.hostname.clone(),
        port: port.number,
        dns: Some(dns(context)),
        origins: origins(context, port, None),
        ..Cluster::default()
    };
    cluster.http = pool::protocol(port.protocol, context.caller.kind, context.settings);
    talk(&mut cluster, &policy, port, context);
    outlier::apply(&mut cluster, policy.outlier_detection, context.service);
    let question = tls::Question {
        written: policy.tls,
        policy: context.policy(),
        selects_callers: context.rule.is_some_and(|rule| rule.selector.is_some()),
        sni: String::new(),
        port: port.number,
    };
    tls::apply(&mut cluster, &question, context);
    proxy_protocol(&mut cluster, &policy);
    telemetry(&mut cluster, &policy, context);
    cluster.telemetry.services.clear();
    Some(cluster)
}

/// The cluster of a port, or of a subset of it; none where names are to be looked up and there is none.
fn cluster(
    context: &Context<'_>,
    port: &Port,
    subset: Option<&Spanned<Subset>>,
    kind: ClusterKind,
    mode: Mode,
) -> Option<Cluster> {
    let service = context.service;
    let name = subset.and_then(|subset| subset.name.as_ref()).map(|name| name.value.clone());
    let of_subset = subset.and_then(|subset| subset.traffic_policy.as_ref()).map(|policy| &policy.value);
    let policy = Policy::within(context.settings, context.policy(), of_subset, port.number);
    // The mesh's own outlier detection says nothing about endpoints that come by discovery.
    let of_rule = Policy::of(context.policy(), of_subset, port.number);
    let labels: Option<BTreeMap<String, String>> = subset.map(|subset| {
        subset.labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
    });
    let asked = Asked {
        port: port.number,
        labels: labels.as_ref(),
        tls_mode: endpoint_tls_mode(context.policy(), of_subset, port.number),
        policy: &of_rule,
        mutual_tls_only: mode == Mode::SniDnat,
    };
    let mut cluster = Cluster {
        name: match mode {
            Mode::Outbound => names::outbound(&service.hostname, port.number, name.as_deref()),
            Mode::SniDnat => names::sni(&service.hostname, port.number, name.as_deref()),
        },
        kind,
        host: service.hostname.clone(),
        port: port.number,
        subset: name.clone(),
        balancing: Some(Balancing {
            keep_draining: service.meta.labels.get(PERSISTENT_SESSION).is_some_and(|name| !name.is_empty()),
            ..Balancing::default()
        }),
        origins: origins(context, port, subset),
        ..Cluster::default()
    };
    let passes = of_subset
        .and_then(|policy| policy.load_balancer.as_ref()?.simple.as_ref())
        .is_some_and(|simple| simple.value == SimpleLoadBalancer::Passthrough);
    if passes {
        cluster.kind = ClusterKind::OriginalDst;
    }
    if matches!(cluster.kind, ClusterKind::StrictDns | ClusterKind::LogicalDns) {
        cluster.dns = Some(dns(context));
    }
    if cluster.kind == ClusterKind::OriginalDst {
        cluster.port_override = service.port_overrides.get(&port.number).copied();
    } else {
        cluster.endpoints = endpoints::groups(context, &asked);
        if cluster.dns.is_some() && cluster.endpoints.is_empty() {
            return None;
        }
    }
    cluster.http = pool::protocol(port.protocol, context.caller.kind, context.settings);
    talk(&mut cluster, &policy, port, context);
    outlier::apply(&mut cluster, policy.outlier_detection, service);
    let locality = Locality::of(policy.load_balancer, service, context.settings);
    balancer::apply(&mut cluster, &policy, &locality);
    let by_rule = if cluster.kind == ClusterKind::Eds { &of_rule } else { &policy };
    let outliers = by_rule.outlier_detection.is_some();
    let by_label = match (cluster.kind, subset) {
        (ClusterKind::Eds, _) => ByLabel::All,
        (_, None) => ByLabel::First,
        (_, Some(_)) => ByLabel::None,
    };
    locality.arrange(&mut cluster.endpoints, &context.caller, outliers, by_label);
    if mode == Mode::Outbound {
        let question = tls::Question {
            written: policy.tls,
            policy: if subset.is_some() { of_subset } else { context.policy() },
            selects_callers: context.rule.is_some_and(|rule| rule.selector.is_some()),
            sni: names::sni(&service.hostname, port.number, name.as_deref()),
            port: port.number,
        };
        tls::apply(&mut cluster, &question, context);
        proxy_protocol(&mut cluster, &policy);
    }
    telemetry(&mut cluster, &policy, context);
    let pattern = &context.settings.outbound_stat_name;
    cluster.telemetry.stat_name = Settings::stat_name(pattern, service, name.as_deref(), port, 0);
    Some(cluster)
}

/// Protocol, limits and timeouts.
fn talk(cluster: &mut Cluster, policy: &Policy<'_>, port: &Port, context: &Context<'_>) {
    let upgrades = pool::upgrades(port.protocol, policy.connection_pool, context.settings);
    // A port that is spoken to as the client speaks stays so.
    if upgrades && cluster.http.protocol == UpstreamProtocol::Http1 && !cluster.http.preserve_header_case {
        cluster.http.protocol = UpstreamProtocol::Http2;
    }
    pool::apply(cluster, policy, context.settings);
}

fn proxy_protocol(cluster: &mut Cluster, policy: &Policy<'_>) {
    use meshc_resources::istio::ProxyProtocolVersion::{V1, V2};
    cluster.proxy_protocol =
        policy.proxy_protocol.map(|written| match written.version.as_ref().map(|version| version.value) {
            Some(V2) => crate::model::ProxyProtocol::V2,
            Some(V1) | None => crate::model::ProxyProtocol::V1,
        });
}

fn telemetry(cluster: &mut Cluster, policy: &Policy<'_>, context: &Context<'_>) {
    let whole = cluster.subset.is_none();
    cluster.telemetry = Telemetry {
        stat_name: None,
        services: vec![service_name(context.service)],
        rule: context.rule.map(|rule| (rule.meta.namespace.clone(), rule.meta.name.clone())),
        external: whole && context.service.external,
        keep_alpn: matches!(policy.tls_mode(), Some(ClientTlsMode::Simple | ClientTlsMode::Mutual)),
        exchanges_metadata: true,
    };
}

/// The names of a service.
pub(super) fn service_name(service: &Service) -> ServiceName {
    ServiceName {
        host: service.hostname.clone(),
        name: service.name.clone(),
        namespace: service.namespace().to_owned(),
    }
}

fn dns(context: &Context<'_>) -> Dns {
    Dns { family: context.caller.dns, refresh_rate: context.settings.dns_refresh_rate }
}

fn origins(context: &Context<'_>, port: &Port, subset: Option<&Spanned<Subset>>) -> Vec<Origin> {
    let text = format!("{}: port {}", context.service.meta, port.number);
    let mut origins = vec![Origin::new(port.span, text)];
    if let (Some(rule), Some(subset)) = (context.rule, subset) {
        let name = subset.name.as_ref().map_or("", |name| name.value.as_str());
        origins.push(Origin::new(subset.span, format!("{}: subset {name}", rule.meta)));
    } else if let Some(rule) = context.rule {
        origins.push(Origin::new(rule.meta.span, rule.meta.to_string()));
    }
    origins
}

/// Envoy's discovery for a service. Gateways have no original destination: they need to know endpoints.
fn discovery(service: &Service, kind: ProxyKind) -> ClusterKind {
    match (service.resolution, kind) {
        (Resolution::Passthrough, ProxyKind::Sidecar) => ClusterKind::OriginalDst,
        (
            Resolution::ClientSide | Resolution::Passthrough | Resolution::DynamicDns | Resolution::Alias,
            _,
        ) => ClusterKind::Eds,
        (Resolution::Dns, _) => ClusterKind::StrictDns,
        (Resolution::DnsRoundRobin, _) => ClusterKind::LogicalDns,
    }
}
