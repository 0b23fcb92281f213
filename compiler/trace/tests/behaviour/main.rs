//! What the recordings do not cover, on a proxy written by hand. Where a test says so, its expectations
//! were recorded from Envoy 1.40 with the same configuration.

mod envoy;
mod random;
mod shapes;
mod world;
