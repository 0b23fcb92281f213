//! Envoy's resources as Rust types in protojson: what the compiler writes and the proxy reads.
