//! Istio's resources, field by field in Istio's spelling.

mod common;
mod destination_rule;
mod gateway;
mod service_entry;
mod virtual_service;

pub use common::{Destination, PortSelector, StringMatch};
pub use destination_rule::{
    DestinationRule, LoadBalancerSettings, SimpleLoadBalancer, Subset, TrafficPolicy,
};
pub use gateway::{Gateway, GatewayPort, Server, ServerTls};
pub use service_entry::{Location, Resolution, ServiceEntry, ServiceEntryEndpoint, ServiceEntryPort};
pub use virtual_service::{
    Abort, CorsPolicy, Delay, Delegate, DerivePort, Fault, HeaderOperations, Headers, HttpBody,
    HttpDirectResponse, HttpMatch, HttpMirrorPolicy, HttpRedirect, HttpRetry, HttpRewrite, HttpRoute,
    HttpRouteDestination, Percent, RegexRewrite, UnmatchedPreflights, VirtualService,
};
