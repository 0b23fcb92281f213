//! From the command line's words to meshes, their findings, and what they do.

mod ages;
mod compared;
mod examine;
mod kept;
mod kustomize;
mod origin;
mod paths;
mod policies;
mod program;
mod renders;
mod selected;
mod settings;
mod tree;
mod view;
mod workspace;

use std::fmt::Display;
use std::path::PathBuf;

use meshc_diagnostics::Rule;

pub(crate) use compared::Compared;
pub(crate) use kept::{Answer, Store};
pub(crate) use paths::{is_in, normal};
pub(crate) use policies::packs_here;
pub(crate) use selected::Selected;
pub(crate) use tree::Tree;
pub(crate) use workspace::Workspace;

/// Why a command could not do its job: exit status 2.
#[derive(Debug)]
pub(crate) struct Failure {
    /// One sentence that says what to do.
    pub(crate) message: String,
    /// Whether there was nothing to read, and nothing else was wrong.
    nothing: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Display) -> Self {
        Self { message: message.to_string(), nothing: false }
    }

    /// Whether there was nothing to read, and nothing else was wrong.
    pub(crate) fn is_nothing(&self) -> bool {
        self.nothing
    }
}

/// The directory that relative paths count from.
#[expect(clippy::disallowed_methods, reason = "the command line resolves the current directory, here alone")]
pub(crate) fn current_directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

/// Every rule, by code.
pub(crate) fn all_rules() -> Vec<&'static Rule> {
    let mut all: Vec<&'static Rule> = Vec::new();
    all.extend(meshc_syntax::rules::RULES);
    all.extend(meshc_resources::rules::RULES);
    all.extend(meshc_settings::rules::RULES);
    all.extend(meshc_mesh::rules::RULES);
    all.extend(meshc_effective::rules::RULES);
    all.extend(meshc_analysis::rules::RULES.iter());
    all.extend(meshc_xds::rules::RULES);
    all.extend(meshc_policies::rules::RULES.iter());
    all.sort_by_key(|rule| rule.code);
    all
}
