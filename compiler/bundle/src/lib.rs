//! The bundle: one complete configuration of all proxies, content-addressed, the contract between the compiler
//! and the data plane.
//!
//! A bundle is a directory. `blobs/sha256/HEX` holds the parts, each named by the digest of its bytes:
//! *resources* (one Envoy resource as protojson), *sets* (a list of resources' digests) and two *indexes* (the
//! sets of each node). In the OCI image layout, which goes to registries, resources and sets lie in *packs*, many in one
//! blob, under the same digests. One small file points at the indexes: `bundle.json` in the plain form, `index.json` in the
//! OCI image layout. It is replaced last, by a rename, so that a reader sees the old bundle or the new one,
//! whenever the writer is killed.
//!
//! Endpoints are facts (pods come and go), not intent: they have an index of their own, so that the digest of a
//! commit does not depend on them.

#![forbid(unsafe_code)]

mod digest;
mod error;
mod format;
mod pack;
mod parts;
mod read;
mod write;

pub use digest::Digest;
pub use error::BundleError;
pub use format::{Format, POINTER_DIR, POINTER_OCI};
pub use read::{Bundle, read};
pub use write::{BundleBuilder, Written};
