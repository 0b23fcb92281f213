//! Clusters and their endpoints.

use std::collections::BTreeMap;
use std::time::Duration;

use meshc_effective::model::{
    Balancing, Cluster, ClusterKind, Dns, DnsFamily, Limits, LoadBalancer, LocalityBalancing, Lookup,
    OutlierDetection, ServiceName, Warmup,
};
use meshc_envoy as envoy;
use serde_json::{Value, json};

use crate::{Target, http_options, upstream_tls};

pub(crate) use crate::endpoint::assignment;

/// Istio's number for no limit.
const NO_LIMIT: u32 = u32::MAX;

/// Istio's number of seconds for never.
const NEVER: Duration = Duration::from_secs(9_223_372_035);

/// Istio sends this much of a query's answers by one socket.
const UDP_MAX_QUERIES: u32 = 100;

/// Istio spreads lookups over this time.
const DNS_JITTER: Duration = Duration::from_millis(100);

/// How many names istiod lets a proxy keep.
const MAX_HOSTS: u32 = 1024;

/// Where a proxy that captures DNS answers it.
const OWN_NAME_SERVER: (&str, u16) = ("127.0.0.1", 15053);

/// Envoy's cluster.
pub(crate) fn cluster(cluster: &Cluster, target: Target) -> envoy::Cluster {
    let by_discovery = cluster.kind == ClusterKind::Eds;
    let in_place =
        matches!(cluster.kind, ClusterKind::Static | ClusterKind::StrictDns | ClusterKind::LogicalDns);
    let inbound = cluster.name.starts_with("inbound|");
    let balancing = cluster.balancing.as_ref();
    let transport = upstream_tls::transport(cluster, target);
    let made = envoy::Cluster {
        name: cluster.name.clone(),
        alt_stat_name: stat_name(cluster, target),
        r#type: discovery(cluster.kind),
        cluster_type: (cluster.kind == ClusterKind::DynamicForwardProxy).then(|| dynamic(cluster)),
        eds_cluster_config: by_discovery
            .then(|| envoy::EdsClusterConfig { eds_config: Some(ads()), service_name: cluster.name.clone() }),
        load_assignment: (in_place && cluster.has_endpoints()).then(|| assignment(cluster, target)),
        connect_timeout: Some(cluster.connect_timeout.into()),
        lb_policy: lb_policy(cluster.load_balancer),
        circuit_breakers: cluster.limits.as_ref().map(circuit_breakers),
        common_lb_config: balancing.map(common),
        typed_extension_protocol_options: http_options::of(cluster),
        outlier_detection: cluster.outlier_detection.as_ref().map(outlier_detection),
        // The workload's own port goes away only with the workload.
        cleanup_interval: (inbound && cluster.kind == ClusterKind::OriginalDst).then(|| NEVER.into()),
        upstream_bind_config: bind(&cluster.source_addresses),
        upstream_connection_options: cluster.tcp_keepalive.map(|keepalive| {
            envoy::UpstreamConnectionOptions {
                tcp_keepalive: Some(envoy::TcpKeepalive {
                    keepalive_probes: keepalive.probes,
                    keepalive_time: keepalive.time,
                    keepalive_interval: keepalive.interval,
                }),
            }
        }),
        original_dst_lb_config: cluster
            .port_override
            .map(|port| envoy::OriginalDstLbConfig { upstream_port_override: Some(u32::from(port)) }),
        transport_socket: transport.always,
        transport_socket_matches: transport.by_endpoint,
        filters: if cluster.telemetry.exchanges_metadata && target == Target::IstioProxy {
            vec![metadata_exchange()]
        } else {
            Vec::new()
        },
        metadata: metadata(cluster),
        ..envoy::Cluster::default()
    };
    with_names(with_balancing(made, balancing, cluster.load_balancer), cluster.dns.as_ref(), in_place)
}

fn discovery(kind: ClusterKind) -> Option<envoy::DiscoveryType> {
    Some(match kind {
        ClusterKind::Eds => envoy::DiscoveryType::Eds,
        ClusterKind::Static => envoy::DiscoveryType::Static,
        ClusterKind::StrictDns => envoy::DiscoveryType::StrictDns,
        ClusterKind::LogicalDns => envoy::DiscoveryType::LogicalDns,
        ClusterKind::OriginalDst => envoy::DiscoveryType::OriginalDst,
        ClusterKind::DynamicForwardProxy => return None,
    })
}

fn lb_policy(load_balancer: LoadBalancer) -> envoy::LbPolicy {
    match load_balancer {
        LoadBalancer::RoundRobin => envoy::LbPolicy::RoundRobin,
        LoadBalancer::LeastRequest => envoy::LbPolicy::LeastRequest,
        LoadBalancer::Random => envoy::LbPolicy::Random,
        LoadBalancer::RingHash => envoy::LbPolicy::RingHash,
        LoadBalancer::Maglev => envoy::LbPolicy::Maglev,
        LoadBalancer::ClusterProvided => envoy::LbPolicy::ClusterProvided,
    }
}

/// Istio ends names in statistics by a semicolon, by which its Envoy tells them from what follows.
fn stat_name(cluster: &Cluster, target: Target) -> String {
    match (&cluster.telemetry.stat_name, target) {
        (Some(name), Target::IstioProxy) => format!("{name};"),
        (None, Target::IstioProxy) => format!("{};", cluster.name),
        (_, Target::Envoy) => String::new(),
    }
}

/// The name of the cache of names under a wildcard host that were looked up, which listeners and the cluster share.
pub(crate) fn dns_cache(host: &str) -> String {
    format!("{host}_dfp_dns_cache")
}

/// The cache of all names that no service claims, which listeners and their cluster share (Istio's
/// `buildAllowAnyDynamicDNSDNSCacheConfig`).
pub(crate) fn any_cache(how: Lookup, family: DnsFamily) -> envoy::DnsCacheConfig {
    let resolver = envoy::CaresDnsResolverConfig {
        resolvers: vec![envoy::Address::socket(OWN_NAME_SERVER.0, OWN_NAME_SERVER.1)],
        ..envoy::CaresDnsResolverConfig::default()
    };
    envoy::DnsCacheConfig {
        name: "allow_any_dfp_dns_cache".to_owned(),
        dns_lookup_family: lookup(family),
        max_hosts: Some(MAX_HOSTS),
        typed_dns_resolver_config: how.by_proxy.then(|| envoy::TypedExtensionConfig {
            name: "envoy.network.dns_resolver.cares".to_owned(),
            typed_config: Some(resolver.into()),
        }),
        ..envoy::DnsCacheConfig::default()
    }
}

/// Names of requests that are looked up when they are asked for.
fn dynamic(cluster: &Cluster) -> envoy::CustomClusterType {
    let family = cluster.dns.as_ref().map(|dns| dns.family).unwrap_or_default();
    let validated = cluster.http.auto_sni && cluster.http.auto_san_validation;
    let config = envoy::DynamicForwardProxyCluster {
        dns_cache_config: Some(match cluster.looks_up_any {
            Some(how) => any_cache(how, family),
            None => envoy::DnsCacheConfig {
                name: dns_cache(&cluster.host),
                dns_lookup_family: lookup(family),
                ..envoy::DnsCacheConfig::default()
            },
        }),
        allow_insecure_cluster_options: !validated
            && (cluster.looks_up_any.is_some() || cluster.tls.settings().is_some()),
    };
    envoy::CustomClusterType {
        name: "envoy.clusters.dynamic_forward_proxy".to_owned(),
        typed_config: Some(config.into()),
    }
}

/// Discovery over the stream that the bundle is delivered by.
pub(crate) fn ads() -> envoy::ConfigSource {
    envoy::ConfigSource {
        ads: Some(envoy::Empty::default()),
        initial_fetch_timeout: Some(envoy::Duration::from_secs(0)),
        resource_api_version: envoy::ApiVersion::V3,
        ..envoy::ConfigSource::default()
    }
}

fn circuit_breakers(limits: &Limits) -> envoy::CircuitBreakers {
    let or_none = |limit: Option<u32>| Some(limit.unwrap_or(NO_LIMIT));
    envoy::CircuitBreakers {
        thresholds: vec![envoy::Thresholds {
            max_connections: or_none(limits.connections),
            max_pending_requests: or_none(limits.pending_requests),
            max_requests: or_none(limits.requests),
            max_retries: or_none(limits.retries),
            retry_budget: limits.retry_budget.map(|budget| envoy::RetryBudget {
                budget_percent: Some(envoy::Percent { value: budget.percent }),
                min_retry_concurrency: Some(budget.min_concurrency),
                budget_interval: budget.interval.map(Into::into),
            }),
            ..envoy::Thresholds::default()
        }],
    }
}

fn common(balancing: &Balancing) -> envoy::CommonLbConfig {
    use envoy::HealthStatus::{Degraded, Draining, Healthy, Unknown};
    envoy::CommonLbConfig {
        healthy_panic_threshold: balancing.panic_threshold.map(|value| envoy::Percent { value }),
        locality_weighted_lb_config: (balancing.locality == LocalityBalancing::Weighted)
            .then(envoy::Empty::default),
        zone_aware_lb_config: match balancing.locality {
            LocalityBalancing::ZoneAware { enabled, min_cluster_size } => Some(envoy::ZoneAwareLbConfig {
                routing_enabled: (!enabled).then(envoy::Percent::default),
                min_cluster_size: min_cluster_size.map(Into::into),
            }),
            LocalityBalancing::None | LocalityBalancing::Weighted => None,
        },
        override_host_status: balancing
            .keep_draining
            .then(|| envoy::HealthStatusSet { statuses: vec![Healthy, Draining, Unknown, Degraded] }),
    }
}

/// The settings of the algorithm.
fn with_balancing(
    mut cluster: envoy::Cluster,
    balancing: Option<&Balancing>,
    load_balancer: LoadBalancer,
) -> envoy::Cluster {
    let Some(balancing) = balancing else { return cluster };
    let slow_start = balancing.warmup.as_ref().map(slow_start);
    match load_balancer {
        LoadBalancer::RoundRobin => {
            cluster.round_robin_lb_config =
                slow_start.map(|config| envoy::RoundRobinLbConfig { slow_start_config: Some(config) });
        }
        LoadBalancer::LeastRequest => {
            cluster.least_request_lb_config = slow_start.map(|config| envoy::LeastRequestLbConfig {
                slow_start_config: Some(config),
                ..envoy::LeastRequestLbConfig::default()
            });
        }
        LoadBalancer::RingHash => {
            cluster.ring_hash_lb_config = balancing.minimum_ring_size.map(|size| envoy::RingHashLbConfig {
                minimum_ring_size: Some(size.into()),
                ..envoy::RingHashLbConfig::default()
            });
        }
        LoadBalancer::Maglev => {
            cluster.maglev_lb_config =
                balancing.table_size.map(|size| envoy::MaglevLbConfig { table_size: Some(size.into()) });
        }
        LoadBalancer::Random | LoadBalancer::ClusterProvided => {}
    }
    cluster
}

fn slow_start(warmup: &Warmup) -> envoy::SlowStartConfig {
    envoy::SlowStartConfig {
        slow_start_window: Some(warmup.window.into()),
        aggression: warmup.shape.map(|(_, aggression)| envoy::RuntimeDouble {
            default_value: aggression,
            // No key of Envoy's runtime: Istio keeps the number fixed.
            runtime_key: "(".to_owned(),
        }),
        min_weight_percent: warmup.shape.map(|(minimum, _)| envoy::Percent { value: minimum }),
    }
}

/// How names are looked up.
fn with_names(mut cluster: envoy::Cluster, dns: Option<&Dns>, in_place: bool) -> envoy::Cluster {
    let Some(dns) = dns.filter(|_| in_place) else { return cluster };
    cluster.dns_lookup_family = lookup(dns.family);
    cluster.dns_refresh_rate = Some(dns.refresh_rate.into());
    cluster.dns_jitter = Some(DNS_JITTER.into());
    cluster.respect_dns_ttl = true;
    let resolver = envoy::CaresDnsResolverConfig {
        udp_max_queries: Some(UDP_MAX_QUERIES),
        ..envoy::CaresDnsResolverConfig::default()
    };
    cluster.typed_dns_resolver_config = Some(envoy::TypedExtensionConfig {
        name: "envoy.network.dns_resolver.cares".to_owned(),
        typed_config: Some(resolver.into()),
    });
    cluster
}

fn lookup(family: DnsFamily) -> envoy::DnsLookupFamily {
    match family {
        DnsFamily::V4Only => envoy::DnsLookupFamily::V4Only,
        DnsFamily::V6Only => envoy::DnsLookupFamily::V6Only,
        DnsFamily::All => envoy::DnsLookupFamily::All,
    }
}

fn outlier_detection(of: &OutlierDetection) -> envoy::OutlierDetection {
    let enforced = |count: Option<u32>| count.map(|count| if count > 0 { 100 } else { 0 });
    envoy::OutlierDetection {
        consecutive_5xx: of.consecutive_5xx,
        enforcing_consecutive_5xx: enforced(of.consecutive_5xx),
        consecutive_gateway_failure: of.consecutive_gateway_failure,
        enforcing_consecutive_gateway_failure: enforced(of.consecutive_gateway_failure),
        interval: of.interval.map(Into::into),
        base_ejection_time: of.base_ejection_time.map(Into::into),
        max_ejection_percent: of.max_ejection_percent,
        // Istio puts nothing out by its share of errors.
        enforcing_success_rate: Some(0),
        enforcing_local_origin_success_rate: of.split_local_errors.then_some(0),
        split_external_local_origin_errors: of.split_local_errors,
        consecutive_local_origin_failure: of.consecutive_local_origin_failure,
        enforcing_consecutive_local_origin_failure: of.consecutive_local_origin_failure.map(|_| 100),
    }
}

fn bind(addresses: &[String]) -> Option<envoy::BindConfig> {
    let socket = |address: &String| {
        let socket = envoy::SocketAddress {
            address: address.clone(),
            port_value: Some(0),
            ..envoy::SocketAddress::default()
        };
        Some(socket)
    };
    let (first, others) = addresses.split_first()?;
    Some(envoy::BindConfig {
        source_address: socket(first),
        extra_source_addresses: others
            .iter()
            .map(|address| envoy::ExtraSourceAddress { address: socket(address) })
            .collect(),
    })
}

/// Istio's network filter by which proxies tell each other what they are.
fn metadata_exchange() -> envoy::Filter {
    let config = envoy::TypedStruct {
        type_url: "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange".to_owned(),
        value: Some(json!({"enable_discovery": true, "protocol": "istio-peer-exchange"})),
    };
    envoy::Filter {
        name: "istio.metadata_exchange".to_owned(),
        typed_config: Some(config.into()),
        ..envoy::Filter::default()
    }
}

/// Istio's metadata: the services that the cluster stands for, its subset, and the rule that it follows.
fn metadata(cluster: &Cluster) -> Option<envoy::Metadata> {
    let told = &cluster.telemetry;
    let mut istio = envoy::Struct::new();
    if !told.services.is_empty() {
        istio.insert("services".to_owned(), told.services.iter().map(service).collect());
    }
    if let Some((namespace, name)) = &told.rule {
        let path = format!("/apis/networking.istio.io/v1/namespaces/{namespace}/destination-rule/{name}");
        istio.insert("config".to_owned(), Value::String(path));
    }
    if told.external {
        istio.insert("external".to_owned(), Value::Bool(true));
    }
    if told.keep_alpn {
        istio.insert("alpn_override".to_owned(), Value::String("false".to_owned()));
    }
    if let Some(subset) = &cluster.subset {
        istio.insert("subset".to_owned(), Value::String(subset.clone()));
    }
    (!istio.is_empty())
        .then(|| envoy::Metadata { filter_metadata: BTreeMap::from([("istio".to_owned(), istio)]) })
}

fn service(service: &ServiceName) -> Value {
    json!({"host": service.host, "name": service.name, "namespace": service.namespace})
}
