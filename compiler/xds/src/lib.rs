//! Effective configuration to Envoy resources.
