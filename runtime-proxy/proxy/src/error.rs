//! What can keep the proxy from starting or from taking a configuration.

use std::path::PathBuf;

use mesh_proxy_config::ConfigError;
use meshc_bundle::BundleError;

/// A failure, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A bootstrap is not what it should be.
    #[error("{}: {message}", path.display())]
    Bootstrap {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        message: String,
    },
    /// A bundle is not whole.
    #[error("{}: {source}", path.display())]
    Bundle {
        /// The bundle.
        path: PathBuf,
        /// What is wrong.
        source: BundleError,
    },
    /// A bundle has nothing for this proxy.
    #[error("{} has no node {node:?}; it has: {known}", path.display())]
    UnknownNode {
        /// The bundle.
        path: PathBuf,
        /// The name that was asked for.
        node: String,
        /// The names that there are.
        known: String,
    },
    /// A resource asks for what is not implemented, or makes no sense.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// An address cannot be opened, or another resource of the system cannot be had.
    #[error("{0}")]
    System(String),
}
