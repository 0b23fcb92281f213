//! Pure algebra of request sets: a regular language per field, atoms that no condition
//! tells apart, and decision diagrams over them.
//!
//! A request is a value (or none) for each of some fields. Conditions on fields are
//! regular languages; sets of requests are Boolean combinations of conditions, and
//! every question about them (is it empty, is it part of that, are they equal) has an
//! exact answer with a request that shows it.
//!
//! ```
//! use meshc_predicate::{Field, Language, Limits, SpaceBuilder, Value};
//!
//! let mut builder = SpaceBuilder::new(Limits::default());
//! let path = builder.field(Field::required("path", Language::regex("/[!-~]*")?));
//! let version = builder.field(Field::optional("header x-version", Language::regex("[ -~]*")?));
//! let api = builder.condition(path, Language::prefix("/api"));
//! let numbered = builder.condition(path, Language::regex("/api/v[0-9]+")?);
//! let canary = builder.condition(version, Language::exact("v2"));
//! let mut space = builder.build()?;
//!
//! // Three routes: /api with the header, /api, /api/v[0-9]+.
//! let routes = [
//!     space.and(space.condition(api), space.condition(canary))?,
//!     space.condition(api),
//!     space.condition(numbered),
//! ];
//! let first = space.first_match(&routes)?;
//! assert!(first.reach(2).is_empty());
//! assert_eq!(first.hidden_by(&mut space, 2)?, [1]);
//!
//! let witness = space.witness(first.reach(1)).expect("reachable");
//! assert_eq!(witness[&path], Value::Text("/api".to_owned()));
//! assert_eq!(witness[&version], Value::Absent);
//! # Ok::<(), meshc_predicate::Error>(())
//! ```

mod atoms;
mod automaton;
mod block;
mod builder;
mod diagram;
mod error;
mod first_match;
mod forget;
mod language;
mod limits;
mod space;
mod witness;

pub use atoms::FieldAtoms;
pub use builder::{ConditionId, Field, FieldId, SpaceBuilder};
pub use diagram::Set;
pub use error::Error;
pub use first_match::FirstMatch;
pub use language::Language;
pub use limits::Limits;
pub use space::{Point, Request, Space, Value};
