//! Kubernetes's structural schemas: made from Rust types, compiled, and walked over spanned trees.
//!
//! # How a type states its schema
//! The type derives schemars's `JsonSchema`, and each constraint of the `CustomResourceDefinition` stands on it:
//!
//! - `length(min = , max = )`, `range(min = , max = )`, `regex(pattern = "…")` and `inner(…)` as schemars has them;
//!   for other keywords on the items of a list or the values of a map [`items`] and [`values`];
//! - what must be there: `#[schemars(required)]` on an `Option`; of lists and maps, whose type cannot tell,
//!   `#[schemars(extend("x-meshc-required" = true))]`;
//! - Kubernetes's own keywords through `extend`: `x-kubernetes-validations`, `x-kubernetes-list-type`,
//!   `nullable`, `default`, `format`, …;
//! - on a struct `extend("x-meshc-one-of" = [["exact", "prefix"]])` for each group of fields that exclude each
//!   other (a protobuf `oneof`).
#![forbid(unsafe_code)]
#![expect(clippy::cast_possible_wrap, reason = "lengths of what is in memory fit into CEL's integers")]

mod cel;
mod compile;
mod defaults;
mod go_regex;
pub mod names;
mod publish;
mod scalar;
mod schema;
mod structural;
mod transforms;
mod validate;
mod violation;

pub use cel::{Answer, Expression, Question, Variables};
pub use publish::publish;
pub use schema::Schema;
pub use structural::structural;
pub use transforms::{items, values};
pub use validate::Nulls;
pub use violation::{Problem, Violation};

/// What is wrong with a rule in CEL, if it is no expression.
pub fn rule_flaw(text: &str) -> Option<String> {
    cel::flaw(text)
}

/// Whether a text is a regular expression as Go reads it.
pub fn is_pattern(text: &str) -> bool {
    go_regex::is_valid(text)
}
