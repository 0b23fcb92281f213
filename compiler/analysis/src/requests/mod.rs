//! Requests as the routes of a virtual host see them, as a space of the pure algebra: path, method, authority,
//! headers and query parameters, with Envoy's reading of each condition.

mod builder;
mod conditions;
mod envoy;
pub(crate) mod hosts;
mod model;
mod rules;

pub(crate) use builder::ModelBuilder;
pub(crate) use conditions::looks_at_authority;
pub(crate) use model::{Caller, Model};
pub(crate) use rules::Place;
