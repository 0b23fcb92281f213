//! The rules that resolving names can break, one file each.

mod conflicting_delegate;
mod hidden_delegate;
mod several_mesh_configs;
mod unknown_delegate;

use meshc_diagnostics::Rule;

pub use conflicting_delegate::CONFLICTING_DELEGATE;
pub(crate) use conflicting_delegate::conflicting_delegate;
pub use hidden_delegate::HIDDEN_DELEGATE;
pub(crate) use hidden_delegate::hidden_delegate;
pub use several_mesh_configs::SEVERAL_MESH_CONFIGS;
pub(crate) use several_mesh_configs::several_mesh_configs;
pub use unknown_delegate::UNKNOWN_DELEGATE;
pub(crate) use unknown_delegate::unknown_delegate;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] =
    &[&UNKNOWN_DELEGATE, &HIDDEN_DELEGATE, &CONFLICTING_DELEGATE, &SEVERAL_MESH_CONFIGS];
