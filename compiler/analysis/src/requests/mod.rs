//! Requests as the routes of a virtual host see them, as a space of the pure algebra: path, method, authority,
//! headers and query parameters, with Envoy's reading of each condition.

mod builder;
pub(crate) mod checks;
mod conditions;
mod envoy;
pub(crate) mod hosts;
mod model;
mod partition;
mod rules;

pub(crate) use builder::ModelBuilder;
pub(crate) use conditions::looks_at_authority;
pub(crate) use model::{Caller, Model};
pub(crate) use partition::{Partition, Taker};
pub(crate) use rules::{Peer, Place, holds};
