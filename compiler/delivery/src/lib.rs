//! Carries a configuration to running proxies: a bundle that mesh-proxy watches, files that Envoy watches, and
//! the questions to their administration that tell when it has arrived.

#![forbid(unsafe_code)]

pub mod admin;
mod bundle;
pub mod envoy;
mod error;
pub mod http;

pub use bundle::{Nodes, publish};
pub use error::DeliveryError;
