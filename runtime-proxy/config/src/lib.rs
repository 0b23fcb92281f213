//! Envoy resources to one immutable, validated snapshot; pure, no I/O.
