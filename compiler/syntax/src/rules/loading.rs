//! What could not be loaded, as diagnostics.
