//! Why a configuration does not arrive.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use meshc_bundle::BundleError;

/// Why a configuration does not arrive.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The bundle cannot be written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The administration gives no answer, or none that can be read.
    #[error("the administration of {node} at {address}: {source}")]
    Admin {
        /// The proxy.
        node: String,
        /// Where it was asked.
        address: SocketAddr,
        /// What happened.
        source: io::Error,
    },
    /// The proxy refuses what it got and goes on with what it had.
    #[error("{node} refuses the configuration: {reason}")]
    Rejected {
        /// The proxy.
        node: String,
        /// Its own words.
        reason: String,
    },
    /// The proxy has not taken the configuration in time.
    #[error("{node} has not {what} within {waited:?}")]
    Late {
        /// The proxy.
        node: String,
        /// What was waited for, in the perfect: `become ready`.
        what: String,
        /// How long.
        waited: Duration,
    },
}

impl DeliveryError {
    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}
