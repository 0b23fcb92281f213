//! Effective configuration to Envoy resources.
//!
//! [`Writer::node`] gives the resources of one proxy; parts that proxies share are made once.
//! [`bootstrap`] puts one proxy's resources into a single file that stock `envoy -c` runs as it is.

#![forbid(unsafe_code)]

mod action;
pub mod bootstrap;
mod cluster;
mod endpoint;
mod filters;
mod http_options;
mod listener;
mod matching;
mod patch;
mod patched;
mod route;
pub mod rules;
mod security;
mod upstream_tls;
mod writer;

pub use writer::{Target, Writer};
