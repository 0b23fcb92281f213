//! Clusters: endpoints and how to talk to them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use meshc_envoy as envoy;
use meshc_envoy::{DiscoveryType, HealthStatus, LbPolicy, TypedConfig};

use crate::error::{At, ConfigError};

/// Endpoints of one cluster at most.
const MAX_ENDPOINTS: usize = 100_000;

/// A cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its name.
    pub name: Arc<str>,
    /// Its name in statistics.
    pub stat_name: Arc<str>,
    /// The endpoints that take requests.
    pub endpoints: Vec<Endpoint>,
    /// Requests go to the address that the client's connection was made to.
    pub original_destination: bool,
    /// How an endpoint is chosen.
    pub balancer: LoadBalancer,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a connection without requests is kept; 0 is for ever.
    pub idle_timeout: Duration,
    /// Requests of one connection; 0 is any number.
    pub max_requests_per_connection: u32,
    /// Which version of HTTP the endpoints are spoken to in.
    pub protocol: UpstreamProtocol,
    /// The addresses that connections come from, one for each IP family; the system's choice where there is none.
    pub source_addresses: Vec<IpAddr>,
}

/// Which version of HTTP a cluster's endpoints are spoken to in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UpstreamProtocol {
    /// HTTP/1.1, Envoy's default.
    #[default]
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// The version in which the request came.
    Downstream,
}

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// Where.
    pub address: SocketAddr,
    /// Its weight, 1 or more.
    pub weight: u32,
}

/// How an endpoint is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBalancer {
    /// In turn, by weight.
    RoundRobin,
    /// The one with fewer requests under way of two that are chosen by weight.
    LeastRequest,
    /// At random, by weight.
    Random,
}

/// The endpoints of clusters of type `EDS`, by name, with where they stand.
pub(crate) type Assignments<'a> = HashMap<&'a str, (usize, &'a envoy::ClusterLoadAssignment)>;

impl Cluster {
    pub(crate) fn new(
        cluster: &envoy::Cluster,
        assignments: &Assignments<'_>,
        root: &At<'_>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::Cluster {
            transport_socket_matches,
            name,
            alt_stat_name,
            r#type,
            cluster_type,
            eds_cluster_config,
            connect_timeout,
            per_connection_buffer_limit_bytes: _,
            lb_policy,
            load_assignment,
            health_checks,
            max_requests_per_connection,
            circuit_breakers,
            typed_extension_protocol_options,
            http2_protocol_options,
            // Names are not resolved here, so how often and how has no effect.
            dns_refresh_rate: _,
            dns_jitter: _,
            respect_dns_ttl: _,
            dns_lookup_family: _,
            typed_dns_resolver_config: _,
            outlier_detection,
            cleanup_interval: _,
            upstream_bind_config,
            lb_subset_config,
            ring_hash_lb_config: _,
            maglev_lb_config: _,
            least_request_lb_config,
            round_robin_lb_config,
            original_dst_lb_config,
            common_lb_config,
            transport_socket,
            metadata: _,
            upstream_connection_options,
            // Without active health checks there is no failure to act upon.
            close_connections_on_host_health_failure: _,
            ignore_health_on_host_removal: _,
            filters,
            load_balancing_policy,
            track_timeout_budgets: _,
        } = cluster;
        if name.is_empty() {
            return Err(at.field("name").error("must not be empty"));
        }
        at.refuse("transport_socket_matches", transport_socket_matches)?;
        at.refuse("cluster_type", cluster_type)?;
        at.refuse("original_dst_lb_config", original_dst_lb_config)?;
        if let Some(envoy::RoundRobinLbConfig { slow_start_config }) = round_robin_lb_config {
            at.field("round_robin_lb_config").refuse("slow_start_config", slow_start_config)?;
        }
        at.refuse("health_checks", health_checks)?;
        at.refuse("http2_protocol_options", http2_protocol_options)?;
        at.refuse("outlier_detection", outlier_detection)?;
        at.refuse("lb_subset_config", lb_subset_config)?;
        at.refuse("upstream_connection_options", upstream_connection_options)?;
        at.refuse("filters", filters)?;
        at.refuse("load_balancing_policy", load_balancing_policy)?;
        plaintext(transport_socket.as_ref(), at)?;
        limits(circuit_breakers.as_ref(), &at.field("circuit_breakers"))?;
        let discovery = r#type.unwrap_or_default();
        let mut panic_threshold = 50.0;
        if let Some(envoy::CommonLbConfig {
            healthy_panic_threshold,
            locality_weighted_lb_config,
            zone_aware_lb_config,
            override_host_status,
        }) = common_lb_config
        {
            let field = at.field("common_lb_config");
            field.refuse("locality_weighted_lb_config", locality_weighted_lb_config)?;
            field.refuse("zone_aware_lb_config", zone_aware_lb_config)?;
            field.refuse("override_host_status", override_host_status)?;
            if let Some(percent) = healthy_panic_threshold {
                panic_threshold = percent.value;
            }
        }
        let endpoints = match discovery {
            DiscoveryType::Static | DiscoveryType::StrictDns | DiscoveryType::LogicalDns => {
                at.refuse("eds_cluster_config", eds_cluster_config)?;
                let field = at.field("load_assignment");
                load_assignment
                    .as_ref()
                    .map_or(Ok(Vec::new()), |set| endpoints(set, panic_threshold, &field))?
            }
            DiscoveryType::Eds => {
                at.refuse("load_assignment", load_assignment)?;
                let service =
                    eds_service(eds_cluster_config.as_ref(), name, &at.field("eds_cluster_config"))?;
                match assignments.get(service) {
                    Some((index, set)) => endpoints(set, panic_threshold, &root.index("endpoints", *index))?,
                    None => Vec::new(),
                }
            }
            // The endpoint is known when a connection is there.
            DiscoveryType::OriginalDst => Vec::new(),
        };
        let Spoken { protocol, idle_timeout, max_requests } = spoken(typed_extension_protocol_options, at)?;
        Ok(Self {
            name: name.as_str().into(),
            stat_name: if alt_stat_name.is_empty() { name.as_str() } else { alt_stat_name.as_str() }.into(),
            endpoints,
            original_destination: discovery == DiscoveryType::OriginalDst,
            balancer: balancer(*lb_policy, least_request_lb_config.as_ref(), at)?,
            connect_timeout: connect_timeout.map_or(Duration::from_secs(5), |timeout| timeout.0),
            idle_timeout,
            protocol,
            max_requests_per_connection: max_requests.or(*max_requests_per_connection).unwrap_or(0),
            source_addresses: sources(upstream_bind_config.as_ref(), &at.field("upstream_bind_config"))?,
        })
    }
}

/// The addresses that connections come from. Their ports are the system's choice.
fn sources(bind: Option<&envoy::BindConfig>, at: &At<'_>) -> Result<Vec<IpAddr>, ConfigError> {
    let Some(envoy::BindConfig { source_address, extra_source_addresses }) = bind else {
        return Ok(Vec::new());
    };
    let extra = extra_source_addresses.iter().map(|extra| extra.address.as_ref());
    let all = source_address.iter().map(Some).chain(extra);
    all.enumerate()
        .map(|(index, address)| {
            let at = at.index("addresses", index);
            let Some(envoy::SocketAddress { protocol, address, port_value, ipv4_compat }) = address else {
                return Err(at.error("must be set"));
            };
            at.refuse("protocol", protocol)?;
            at.refuse("ipv4_compat", ipv4_compat)?;
            at.refuse("port_value", &port_value.unwrap_or_default())?;
            address.parse().map_err(|_| at.field("address").error(format!("{address:?} is no IP address")))
        })
        .collect()
}

/// Refuses transport security, which a later version implements.
pub(crate) fn plaintext(socket: Option<&envoy::TransportSocket>, at: &At<'_>) -> Result<(), ConfigError> {
    match socket.map(|socket| &socket.typed_config) {
        None | Some(Some(TypedConfig::RawBuffer(_))) => Ok(()),
        Some(Some(other)) => Err(at
            .field("transport_socket")
            .error(format!("{} is not implemented by mesh-proxy", other.type_url()))),
        Some(None) => Err(at.field("transport_socket").field("typed_config").error("must be set")),
    }
}

fn balancer(
    policy: LbPolicy,
    least_request: Option<&envoy::LeastRequestLbConfig>,
    at: &At<'_>,
) -> Result<LoadBalancer, ConfigError> {
    if let Some(envoy::LeastRequestLbConfig { choice_count, slow_start_config }) = least_request {
        let field = at.field("least_request_lb_config");
        if choice_count.is_some_and(|count| count != 2) {
            return Err(field.field("choice_count").error("mesh-proxy implements 2"));
        }
        field.refuse("slow_start_config", slow_start_config)?;
    }
    match policy {
        LbPolicy::RoundRobin | LbPolicy::ClusterProvided => Ok(LoadBalancer::RoundRobin),
        LbPolicy::LeastRequest => Ok(LoadBalancer::LeastRequest),
        LbPolicy::Random => Ok(LoadBalancer::Random),
        LbPolicy::RingHash | LbPolicy::Maglev | LbPolicy::LoadBalancingPolicyConfig => {
            Err(at.field("lb_policy").error(format!("{} is not implemented by mesh-proxy", policy.as_str())))
        }
    }
}

/// Refuses limits that would have an effect; the largest number means none.
fn limits(breakers: Option<&envoy::CircuitBreakers>, at: &At<'_>) -> Result<(), ConfigError> {
    for (index, thresholds) in breakers.iter().flat_map(|breakers| &breakers.thresholds).enumerate() {
        let field = at.index("thresholds", index);
        let envoy::Thresholds {
            priority: _,
            max_connections,
            max_pending_requests,
            max_requests,
            max_retries,
            retry_budget,
            track_remaining: _,
            max_connection_pools,
        } = thresholds;
        for (name, limit) in [
            ("max_connections", max_connections),
            ("max_pending_requests", max_pending_requests),
            ("max_requests", max_requests),
            ("max_retries", max_retries),
            ("max_connection_pools", max_connection_pools),
        ] {
            if limit.is_some_and(|limit| limit != u32::MAX) {
                return Err(field.field(name).not_implemented());
            }
        }
        field.refuse("retry_budget", retry_budget)?;
    }
    Ok(())
}

/// How a cluster speaks HTTP.
struct Spoken {
    protocol: UpstreamProtocol,
    idle_timeout: Duration,
    max_requests: Option<u32>,
}

fn spoken(
    options: &std::collections::BTreeMap<String, TypedConfig>,
    at: &At<'_>,
) -> Result<Spoken, ConfigError> {
    let mut spoken = Spoken {
        protocol: UpstreamProtocol::Http1,
        idle_timeout: Duration::from_secs(3_600),
        max_requests: None,
    };
    for (name, config) in options {
        let field = at.key("typed_extension_protocol_options", name);
        let TypedConfig::HttpProtocolOptions(options) = config else {
            return Err(field.error(format!("{} is not implemented by mesh-proxy", config.type_url())));
        };
        let envoy::HttpProtocolOptions {
            common_http_protocol_options,
            explicit_http_config,
            use_downstream_protocol_config,
            auto_config,
            upstream_http_protocol_options,
            outlier_detection,
        } = &**options;
        field.refuse("upstream_http_protocol_options", upstream_http_protocol_options)?;
        field.refuse("outlier_detection", outlier_detection)?;
        field.refuse("auto_config", auto_config)?;
        if let Some(explicit) = explicit_http_config {
            let field = field.field("explicit_http_config");
            if explicit.http2_protocol_options.is_some() {
                spoken.protocol = UpstreamProtocol::Http2;
            }
            versions(
                explicit.http_protocol_options.as_ref(),
                explicit.http2_protocol_options.as_ref(),
                &field,
            )?;
        }
        if let Some(both) = use_downstream_protocol_config {
            spoken.protocol = UpstreamProtocol::Downstream;
            let field = field.field("use_downstream_protocol_config");
            versions(both.http_protocol_options.as_ref(), both.http2_protocol_options.as_ref(), &field)?;
        }
        if let Some(common) = common_http_protocol_options {
            let common = crate::http_config::common(common, &field.field("common_http_protocol_options"))?;
            spoken.idle_timeout = common.idle_timeout;
            spoken.max_requests = common.max_requests;
        }
    }
    Ok(spoken)
}

/// The options of both versions, of which the runtime takes the defaults alone.
fn versions(
    http1: Option<&envoy::Http1ProtocolOptions>,
    http2: Option<&envoy::Http2ProtocolOptions>,
    at: &At<'_>,
) -> Result<(), ConfigError> {
    crate::http_config::http1(http1, &at.field("http_protocol_options"))?;
    let Some(envoy::Http2ProtocolOptions {
        max_concurrent_streams,
        initial_stream_window_size,
        initial_connection_window_size,
        // Says what is taken from the other side; an endpoint asks for nothing.
        allow_connect: _,
        connection_keepalive,
    }) = http2
    else {
        return Ok(());
    };
    let at = at.field("http2_protocol_options");
    at.refuse("max_concurrent_streams", max_concurrent_streams)?;
    at.refuse("initial_stream_window_size", initial_stream_window_size)?;
    at.refuse("initial_connection_window_size", initial_connection_window_size)?;
    at.refuse("connection_keepalive", connection_keepalive)
}

fn eds_service<'a>(
    config: Option<&'a envoy::EdsClusterConfig>,
    name: &'a str,
    at: &At<'_>,
) -> Result<&'a str, ConfigError> {
    let Some(config) = config else { return Err(at.error("must be set where the type is EDS")) };
    if let Some(source) = &config.eds_config
        && source.path_config_source.is_some()
    {
        return Err(at.field("eds_config").field("path_config_source").not_implemented());
    }
    Ok(if config.service_name.is_empty() { name } else { &config.service_name })
}

/// The endpoints of an assignment that take requests.
fn endpoints(
    set: &envoy::ClusterLoadAssignment,
    panic: f64,
    at: &At<'_>,
) -> Result<Vec<Endpoint>, ConfigError> {
    let envoy::ClusterLoadAssignment { cluster_name: _, endpoints, policy } = set;
    if let Some(envoy::LoadAssignmentPolicy { overprovisioning_factor: _, drop_overloads }) = policy {
        at.field("policy").refuse("drop_overloads", drop_overloads)?;
    }
    let (mut all, mut healthy) = (Vec::new(), Vec::new());
    for (number, locality) in endpoints.iter().enumerate() {
        let field = at.index("endpoints", number);
        // Weights of localities count only with locality_weighted_lb_config, which is refused.
        let envoy::LocalityLbEndpoints { locality: _, lb_endpoints, load_balancing_weight: _, priority } =
            locality;
        field.refuse("priority", priority)?;
        for (index, endpoint) in lb_endpoints.iter().enumerate() {
            let field = field.index("lb_endpoints", index);
            let envoy::LbEndpoint { endpoint, health_status, metadata: _, load_balancing_weight } = endpoint;
            let Some(envoy::Endpoint { address: Some(address), hostname: _ }) = endpoint else {
                return Err(field.field("endpoint").field("address").error("must be set"));
            };
            let weight = load_balancing_weight.unwrap_or(1);
            if weight == 0 {
                return Err(field.field("load_balancing_weight").error("must be 1 or more"));
            }
            let endpoint =
                Endpoint { address: socket(address, &field.field("endpoint").field("address"))?, weight };
            all.push(endpoint);
            match health_status {
                HealthStatus::Unknown | HealthStatus::Healthy => healthy.push(endpoint),
                HealthStatus::Unhealthy | HealthStatus::Draining | HealthStatus::Timeout => {}
                HealthStatus::Degraded => {
                    return Err(field
                        .field("health_status")
                        .error("DEGRADED is not implemented by mesh-proxy"));
                }
            }
        }
    }
    if all.len() > MAX_ENDPOINTS {
        return Err(at.error(format!("{} endpoints; at most {MAX_ENDPOINTS} are implemented", all.len())));
    }
    // Too few healthy endpoints: Envoy panics and uses all of them.
    let percent = healthy.len() as f64 * 100.0 / all.len().max(1) as f64;
    Ok(if percent < panic { all } else { healthy })
}

/// The IP address and port of an address.
pub(crate) fn socket(address: &envoy::Address, at: &At<'_>) -> Result<SocketAddr, ConfigError> {
    let envoy::Address { socket_address, pipe } = address;
    at.refuse("pipe", pipe)?;
    let at = at.field("socket_address");
    let Some(envoy::SocketAddress { protocol, address, port_value, ipv4_compat }) = socket_address else {
        return Err(at.error("must be set"));
    };
    at.refuse("protocol", protocol)?;
    at.refuse("ipv4_compat", ipv4_compat)?;
    let ip: IpAddr = address.parse().map_err(|_| {
        at.field("address").error(format!("{address:?} is no IP address; mesh-proxy resolves no names"))
    })?;
    let Some(port) = port_value else { return Err(at.field("port_value").error("must be set")) };
    let port =
        u16::try_from(*port).map_err(|_| at.field("port_value").error(format!("{port} is no port")))?;
    Ok(SocketAddr::new(ip, port))
}
