//! Carries a bundle to proxies: files for mesh-proxy, watched files for Envoy.
