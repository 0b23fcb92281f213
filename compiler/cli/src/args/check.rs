//! Of `meshc check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use meshc_diagnostics::{Level, Severity};

use super::TreeArgs;

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// Run these rules only; may be repeated [default: all]
    #[arg(long, value_enum)]
    pub(crate) only: Vec<OnlyLevel>,
    /// The lowest severity that makes the command fail
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub(crate) fail_on: FailOn,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
    /// Report findings in these files and directories only; everything is read all the same
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(crate) report: Vec<PathBuf>,
    /// Report only what was not found at this revision
    #[arg(long, value_name = "REV")]
    pub(crate) changed_since: Option<String>,
    /// Report only what FILE does not record; it is written where there is none
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Record all that is found now in the file of --baseline
    #[arg(long, requires = "baseline")]
    pub(crate) write_baseline: bool,
    /// Write the fixes that are certain into the files
    #[arg(long, conflicts_with = "diff")]
    pub(crate) fix: bool,
    /// Show what --fix would change, as a patch
    #[arg(long)]
    pub(crate) diff: bool,
    /// Judge the tree anew, whatever was found in it the last time
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Show every finding, and list what was assumed and what was left alone
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnlyLevel {
    /// What one document alone can show
    Document,
    /// What the resources show together
    Mesh,
    /// What requests show
    Routes,
}

impl From<OnlyLevel> for Level {
    fn from(level: OnlyLevel) -> Self {
        match level {
            OnlyLevel::Document => Self::Document,
            OnlyLevel::Mesh => Self::Mesh,
            OnlyLevel::Routes => Self::Routes,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Error,
    Warning,
    Info,
}

impl From<FailOn> for Severity {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
            FailOn::Info => Self::Info,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    Human,
    Json,
    Sarif,
    Github,
    Junit,
}
