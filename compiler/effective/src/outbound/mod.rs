//! What sidecars do with requests of their own workload: route tables by port, listeners.

mod base;
mod domains;
mod listeners;
pub(crate) mod policy;
mod shared;
mod table;

pub(crate) use listeners::draft::PLAINTEXT_HTTP;
pub(crate) use listeners::{Caller, Listeners};
pub(crate) use shared::{Shared, depends_on_caller};
pub(crate) use table::{Tables, tables};
