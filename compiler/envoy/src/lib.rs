//! Envoy's resources as Rust types in protojson: what the compiler writes and the proxy reads.
//! Writing is plain serde (proto field names, absent fields left out); reading goes through [`protojson`].
//!
//! The types hold the fields that meshc writes or mesh-proxy reads, under their names in Envoy's v3 API. A field that
//! is not here is refused by name and path when it is read, never ignored. The members of a proto `oneof` are
//! `Option`s side by side; whoever reads the resource checks that one is set.
//!
//! Beside them stands what both halves must do alike with the path of a request: [`normalize_path`].

#![forbid(unsafe_code)]

mod access_log;
mod bootstrap;
mod cluster;
mod endpoint;
mod ext_authz;
mod filters;
mod hcm;
mod headers;
mod jwt_authn;
mod listener;
mod matcher;
mod message;
mod node;
mod path;
pub mod protojson;
mod rbac;
pub mod request;
mod route;
mod route_action;
mod scalar;
mod shared;
mod tls;
mod typed;
mod upstream;

pub use access_log::*;
pub use bootstrap::*;
pub use cluster::*;
pub use endpoint::*;
pub use ext_authz::*;
pub use filters::*;
pub use hcm::*;
pub use headers::*;
pub use jwt_authn::*;
pub use listener::*;
pub use matcher::*;
pub use node::*;
pub use path::{merge_slashes, normalize_path, without_query};
pub use rbac::*;
pub use route::*;
pub use route_action::*;
pub use scalar::*;
pub use shared::*;
pub use tls::*;
pub use typed::*;
pub use upstream::*;
