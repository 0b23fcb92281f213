//! `meshc.yaml`: what lives elsewhere, how loud each rule is, which views there are, what is rendered.
//! The types are the file; [`read`] gives them with every finding at once, and [`Levels`] and [`External`] answer the
//! questions that the compiler asks of them.
#![forbid(unsafe_code)]

mod external;
mod levels;
mod pattern;
mod read;
pub mod rules;
mod settings;

pub use external::{External, WorkloadPattern, ways_out};
pub use levels::{LevelSetting, Levels, Override};
pub use read::{Found, read};
pub use settings::{Chart, CreationOrder, Installed, Istio, Kustomize, Settings, View};

/// The file's name.
pub const FILE: &str = "meshc.yaml";
