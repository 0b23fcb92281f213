//! Why a bundle cannot be read or written.

use std::path::PathBuf;

use crate::Digest;

/// Why a bundle cannot be read or written. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Neither form's pointer is there.
    #[error("{} is no bundle: it has neither bundle.json nor index.json; `meshc build -o` writes one", path.display())]
    NoBundle {
        /// The directory.
        path: PathBuf,
    },
    /// The output directory holds something else.
    #[error("{} is not empty and holds no bundle: name an empty or a new directory", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A blob is not there.
    #[error(
        "blob {digest} is missing: the bundle was cut off while it was copied or written; build it again"
    )]
    Missing {
        /// Its address.
        digest: Digest,
    },
    /// A blob's bytes are not those that it is named for.
    #[error("blob {digest} was altered or cut off (its bytes are {found}); build the bundle again")]
    Altered {
        /// Its address.
        digest: Digest,
        /// What the bytes are.
        found: Digest,
    },
    /// A file is larger than any that we write.
    #[error("{what} has {size} bytes, more than the limit of {limit}; this is no bundle that meshc wrote")]
    TooLarge {
        /// The file or blob.
        what: String,
        /// Its size.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A part is no such JSON as it should be.
    #[error("{what} cannot be read as {expected}: {source}")]
    Malformed {
        /// The file or blob.
        what: String,
        /// What was expected.
        expected: &'static str,
        /// What the reader said.
        source: serde_json::Error,
    },
    /// A resource has a field or a value that this program does not know.
    #[error("blob {digest} cannot be read as {expected}: {source}")]
    Resource {
        /// Its address.
        digest: Digest,
        /// What was expected.
        expected: &'static str,
        /// What is wrong, with the path.
        source: meshc_envoy::protojson::Error,
    },
    /// A version that this program does not know.
    #[error(
        "{what} has version {found}, this program reads version {known}: use the meshc that belongs to it"
    )]
    Version {
        /// The file or blob.
        what: String,
        /// What is written there.
        found: u64,
        /// What is known.
        known: u64,
    },
    /// An OCI image layout that is not ours.
    #[error("{what}: {problem}; `meshc build --format oci` writes one that fits")]
    NotOurs {
        /// The file or blob.
        what: String,
        /// What does not fit.
        problem: String,
    },
}

impl BundleError {
    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
