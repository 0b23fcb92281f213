//! The data plane: listeners, routing, pools, administration, atomic swap.
//! Threads: one for each worker (traffic), one for loading configuration, the first for administration and signals.
//!
//! A worker shares nothing that it writes: it has its own sockets (`SO_REUSEPORT`), pools, counters and its own copy
//! of the snapshot. A new configuration is read, verified and compiled by the loading thread, then handed to each
//! worker, which swaps one pointer between two requests.

#![forbid(unsafe_code)]

mod access_log;
mod admin;
mod balance;
pub mod cli;
mod control;
mod error;
mod http;
mod inspect;
mod log;
mod pool;
mod random;
mod replay;
mod server;
mod sockets;
mod source;
mod stats;
mod tcp;
mod view;
mod watch;
mod worker;
mod yaml;

pub use error::ProxyError;
