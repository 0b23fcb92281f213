//! Envoy resources to one immutable, fully validated [`Snapshot`]: pure, no I/O.
//! Every regular expression is compiled and every cluster resolved here, so that the request path only follows.
//!
//! What a resource asks for and this crate does not implement is refused with the path of the field.

#![forbid(unsafe_code)]

mod access_log;
mod action;
mod chain_match;
mod cluster;
mod domains;
mod error;
mod fault;
mod filters;
mod format;
mod format_parse;
mod header_ops;
mod http_config;
mod inspectors;
mod listener;
mod matcher;
mod re2;
mod redirect;
mod request;
mod retry;
mod route;
mod route_table;
mod snapshot;
mod tcp;
mod timeouts;

#[cfg(test)]
mod tests;

pub use access_log::{AccessLog, LogFormat};
pub use action::{Action, Destination, DirectResponse, Forward, Mirror, Rewrite};
pub use chain_match::{ChainTable, ConnectionFacts};
pub use cluster::{Cluster, Endpoint, LoadBalancer, UpstreamProtocol};
pub use error::ConfigError;
pub use fault::{Abort, Fault};
pub use filters::{CorsPolicy, HttpFilter, RouteFilters};
pub use format::{AddressPart, Format, HeaderOperand, JsonNode, Operator, TimePart, Values};
pub use header_ops::{HeaderOperation, HeaderOperations, ValuesOf};
pub use http_config::{Codec, EscapedSlashes, Http, Rule};
pub use inspectors::{Inspectors, Ports};
pub use listener::{Listener, Network};
pub use matcher::{HeaderMatcher, Part, StringMatcher};
pub use meshc_envoy::{merge_slashes, normalize_path};
pub use redirect::{Redirect, https_location};
pub use request::{RequestView, header_value, without_query};
pub use retry::{Failure, RetryOn, RetryPolicy};
pub use route::Route;
pub use route_table::{Matched, RouteTable, VirtualHost};
pub use snapshot::Snapshot;
pub use tcp::TcpProxy;
pub use timeouts::Timeouts;
