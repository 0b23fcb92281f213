//! Istio's resources, field by field in Istio's spelling.

mod authorization_policy;
mod client_tls;
mod common;
mod connection_pool;
mod destination_rule;
mod envoy_filter;
mod extension;
mod gateway;
mod load_balancer;
pub mod mesh;
mod peer_authentication;
mod proxy_config;
mod request_authentication;
mod service_entry;
mod sidecar;
mod telemetry;
mod virtual_service;
mod workload_entry;

pub use authorization_policy::{
    AuthorizationAction, AuthorizationPolicy, AuthorizationProvider, AuthorizationRule, Condition, Operation,
    RuleFrom, RuleTo, Source, ip_block,
};
pub use client_tls::{ClientTlsMode, ClientTlsSettings};
pub(crate) use common::at_least_a_millisecond;
pub use common::{Destination, PolicyTargetReference, PortSelector, StringMatch, WorkloadSelector};
pub use connection_pool::{
    ConnectionPoolSettings, H2UpgradePolicy, Http2KeepAlive, HttpSettings, TcpKeepalive, TcpSettings,
};
pub use destination_rule::{
    DestinationRule, OutlierDetection, PolicyPort, PortTrafficPolicy, ProxyProtocol, ProxyProtocolVersion,
    RetryBudget, Subset, TrafficPolicy, TunnelSettings,
};
pub use envoy_filter::{
    ApplyTo, ClusterMatch, ConfigPatch, EnvoyFilter, FilterChainMatch, FilterClass, FilterMatch,
    ListenerMatch, Patch, PatchContext, PatchMatch, PatchOperation, PatchSelector, PatchTarget, ProxyMatch,
    RouteConfigurationMatch, RouteMatch, RouteMatchAction, SubFilterMatch, VirtualHostMatch, WaypointMatch,
};
pub use extension::{
    EnvValueSource, EnvVar, ExtensionPhase, FailStrategy, LuaConfig, PluginPhase, PluginType, PortNumber,
    PullPolicy, TrafficExtension, TrafficMode, TrafficSelector, VmConfig, WasmConfig, WasmPlugin,
};
pub use gateway::{
    CIPHER_SUITES, Gateway, GatewayPort, Server, ServerTls, TlsCertificate, TlsMode, TlsVersion,
};
pub use load_balancer::{
    ConsistentHash, CookieAttribute, HttpCookie, LoadBalancerSettings, LocalityDistribute, LocalityFailover,
    LocalityLbSetting, Maglev, RingHash, SimpleLoadBalancer, Warmup, ZoneAwareLbSetting,
};
pub use peer_authentication::{MutualTls, MutualTlsMode, PeerAuthentication};
pub use proxy_config::{ProxyConfig, ProxyImage};
pub use request_authentication::{ClaimToHeader, JwtHeader, JwtRule, RequestAuthentication};
pub use service_entry::{Location, Resolution, ServiceEntry, ServiceEntryPort, ServiceEntrySelector};
pub use sidecar::{
    CaptureMode, EgressListener, IngressListener, OutboundMode, OutboundTrafficPolicy, Sidecar, SidecarPort,
    SidecarSelector,
};
pub use telemetry::{
    IstioMetric, LogFilter, LogSelector, MetricSelector, MetricsOverride, ProviderRef, TagOperation,
    TagOverride, Telemetry, TelemetryAccessLogging, TelemetryCustomTag, TelemetryMetrics, TelemetryTagName,
    TelemetryTagValue, TelemetryTracing, TracingSelector, WorkloadMode,
};
pub use virtual_service::{
    Abort, CorsPolicy, Delay, Delegate, DerivePort, Fault, GRPC_STATUSES, HeaderOperations, Headers,
    HttpBody, HttpDirectResponse, HttpMatch, HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite,
    HttpRoute, HttpRouteDestination, L4Match, Percent, RegexRewrite, RouteDestination, TcpRoute, TlsMatch,
    TlsRoute, UnmatchedPreflights, VirtualService,
};
pub use workload_entry::{
    ExecProbe, GrpcProbe, HttpProbe, HttpProbeHeader, ReadinessProbe, TcpProbe, WorkloadEntry, WorkloadGroup,
    WorkloadGroupMetadata, WorkloadGroupTemplate,
};
