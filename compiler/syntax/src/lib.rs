//! YAML text to a spanned tree, and that tree to typed values.
//! [`parse`] never fails and never panics; what is wrong is in its diagnostics. [`de::read`] turns a
//! tree to any type that derives serde's `Deserialize`, with all findings at once.
#![forbid(unsafe_code)]

mod blame;
mod build;
pub mod de;
mod extent;
mod flow;
mod head;
mod limits;
mod mapping;
mod nested;
mod node;
mod offsets;
mod parse;
mod resolve;
pub mod rules;
mod simple;
mod split;
pub mod suggest;
mod suppress;

pub use head::Head;
pub use limits::Limits;
pub use nested::parse_nested;
pub use node::{Document, Entry, Key, Kind, Node, Style};
pub use parse::{Parsed, Skipped, parse, parse_again, parse_wanted};
pub use suppress::{Suppression, apply as apply_suppressions};
