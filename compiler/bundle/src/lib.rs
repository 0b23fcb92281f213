//! The bundle format: content addresses, manifest, OCI image layout.
