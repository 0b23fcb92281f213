//! Findings as people and machines read them: one file a format, each a function to text.

mod excerpt;
mod explain;
mod github;
mod human;
mod json;
mod junit;
pub(crate) mod promises;
mod routes;
mod sarif;
mod summary;

pub(crate) use explain::explain;
pub(crate) use github::github;
pub(crate) use human::{Look, human};
pub(crate) use json::json;
pub(crate) use junit::junit;
pub(crate) use routes::routes;
pub(crate) use sarif::sarif;
pub(crate) use summary::Summary;

#[cfg(test)]
mod tests;
