//! Every resource as a Rust type, and the rules that one document alone can break.
//!
//! [`read()`] takes the documents of a source set and gives typed resources with a span at every
//! value that a later finding may point at, and the findings that need no other document.

#![forbid(unsafe_code)]

mod ages;
mod definitions;
mod edit;
pub mod gateway_api;
mod ignored;
pub mod istio;
mod kind;
pub mod kubernetes;
mod mesh_settings;
pub mod meshc;
mod metadata;
mod names;
mod object;
mod proxy_annotation;
mod read;
mod resources;
pub mod rules;
pub mod schema;
mod walk;

pub use ages::Named;
pub use edit::{Edit, may_be_edit};
pub use ignored::Ignored;
pub use kind::Kind;
pub use mesh_settings::{MeshSettings, mesh_config, mesh_networks, mesh_settings};
pub use metadata::{DEFAULT_NAMESPACE, Metadata, OwnerReference};
pub use object::{Object, PodParts, Untyped};
pub use proxy_annotation::PROXY_CONFIG;
pub use read::{read, read_beside, read_file};
pub use resources::{Outcome, Resources};
