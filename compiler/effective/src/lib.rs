//! What each proxy does: listeners, ordered route tables and destinations, exactly as Istio's control
//! plane would decide them, each part carrying the source line that it came from.
//!
//! [`model`] is the intermediate representation, [`compile`] makes it from the resolved mesh. `trace` interprets
//! it, `xds` writes it, `analysis` proves things about it; none of them sees a resource.

#![forbid(unsafe_code)]

mod clusters;
mod compile;
mod extensions;
mod gateway;
mod http;
mod inbound;
mod incremental;
mod kept;
mod l4;
pub mod model;
mod names;
mod outbound;
mod patches;
pub mod rules;
mod security;
mod settings;
mod telemetry;

pub use compile::compile;
pub use incremental::{Incremental, Read, follow, may_follow};
pub use kept::{Change, Kept};
