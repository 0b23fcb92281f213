//! Envoy's messages by their fields. A patch of an EnvoyFilter can name any message of Envoy's API; here stands what
//! each of them consists of, so that a patch is read as Istio reads it and merged as protobuf merges it, without a
//! Rust type for each.
//!
//! Values are JSON with proto field names in the one form that [`read`] gives: what is unknown is left out, and so is
//! what is the same as absence (a `false` of a plain `bool`, an empty list); enums are their names, durations have the
//! digits that Go writes.

#![forbid(unsafe_code)]

mod duration;
mod merge;
mod read;
mod scalar;
mod table;

pub use merge::{AnyMismatch, Lists, merge, merge_any};
pub use read::{Path, Problem, Reading, Step, read};
pub use table::{Message, message};
