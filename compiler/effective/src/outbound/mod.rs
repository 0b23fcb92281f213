//! What sidecars do with requests of their own workload: route tables by port, listeners.

mod domains;
mod listeners;
mod ports;
mod table;

pub(crate) use listeners::listeners;
pub(crate) use table::{Tables, tables};
