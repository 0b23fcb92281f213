//! Every resource as a Rust type, and the rules that one document alone can break.
//!
//! [`Resources::read`] takes the documents of a source set and gives typed resources with a span at every
//! value that a later finding may point at, and the findings that need no other document.

#![forbid(unsafe_code)]

mod ignored;
pub mod istio;
pub mod kubernetes;
mod metadata;
mod resource;
pub mod rules;

pub use ignored::Ignored;
pub use metadata::{DEFAULT_NAMESPACE, Metadata, OwnerReference};
pub use resource::{Group, Kind, Object, ReadOutcome, Resources};
