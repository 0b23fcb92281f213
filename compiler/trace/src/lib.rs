//! The interpreter: one request through the effective configuration, with its reasons.
