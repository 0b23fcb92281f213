//! What holds for the whole mesh: `MeshConfig`, `MeshNetworks`, and the `ProxyConfig` within.

mod config;
mod networks;
pub(crate) mod proto_enum;
mod providers;
mod proxy_config;
mod proxy_config_merge;

pub use config::*;
pub use networks::{MeshNetworks, Network, NetworkEndpoints, NetworkGateway};
pub use providers::*;
pub use proxy_config::*;
