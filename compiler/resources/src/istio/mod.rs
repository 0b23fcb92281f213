//! Istio's resources, field by field in Istio's spelling.

mod common;
mod destination_rule;
mod envoy_filter;
mod gateway;
mod service_entry;
mod virtual_service;

pub(crate) use common::at_least_a_millisecond;
pub use common::{Destination, PortSelector, StringMatch};
pub use destination_rule::{
    DestinationRule, LoadBalancerSettings, SimpleLoadBalancer, Subset, TrafficPolicy,
};
pub use envoy_filter::{
    ApplyTo, ClusterMatch, ConfigPatch, EnvoyFilter, FilterChainMatch, FilterClass, FilterMatch,
    ListenerMatch, Patch, PatchContext, PatchMatch, PatchOperation, PatchSelector, PatchTarget, ProxyMatch,
    RouteConfigurationMatch, RouteMatch, RouteMatchAction, SubFilterMatch, VirtualHostMatch, WaypointMatch,
};
pub use gateway::{Gateway, GatewayPort, Server, ServerTls, TlsCertificate, TlsMode, TlsVersion};
pub use service_entry::{Location, Resolution, ServiceEntry, ServiceEntryEndpoint, ServiceEntryPort};
pub use virtual_service::{
    Abort, CorsPolicy, Delay, Delegate, DerivePort, Fault, HeaderOperations, Headers, HttpBody,
    HttpDirectResponse, HttpMatch, HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite, HttpRoute,
    HttpRouteDestination, L4Match, Percent, RegexRewrite, RouteDestination, TcpRoute, TlsMatch, TlsRoute,
    UnmatchedPreflights, VirtualService,
};
