//! What can be said on the command line.

mod ask;
mod check;
mod compare;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{standin, up};

pub(crate) use ask::{
    Build, BuildFormat, Conditions, DirectionArg, Graph, GraphFormat, Query, Show, ShowFormat, ShowWhat,
    Target, TextFormat, Trace, Why,
};
pub(crate) use check::{Check, CheckFormat};
pub(crate) use compare::{Bisect, Diff, DiffFormat, Log, Policies, PoliciesCommand, Test, TestFormat};

/// Git is the control plane: check, explain, prove, build and run a service mesh from the YAML in a repository.
#[derive(Debug, Parser)]
#[command(name = "meshc", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring a whole mesh up on this machine, with no cluster
    Up(up::UpArgs),
    /// Find what is wrong in the YAML
    Check(Check),
    /// Write the bundle that proxies load
    Build(Build),
    /// Say what the mesh does with requests, without running it
    Trace(Trace),
    /// Tell why a request goes where it goes
    Why(Why),
    /// Show what a proxy does
    Show(Show),
    /// Draw what requests can pass: callers, routes, destinations, workloads
    Graph(Graph),
    /// Ask who can reach what, with which requests, and through which resources
    Query(Query),
    /// Tell the status conditions of the Gateway API's objects
    Conditions(Conditions),
    /// Show what behaves differently between two revisions
    Diff(Diff),
    /// Hold the mesh against what the tree promises: RouteTests and Invariants
    Test(Test),
    /// List the packs of policies, or try them with their fixtures
    Policies(Policies),
    /// Find the commit that changed what becomes of a request
    Bisect(Bisect),
    /// List the commits that changed how a host behaves, and how
    Log(Log),
    /// Explain a finding's code
    Explain(Explain),
    /// List the rules
    Rules(Rules),
    /// Write a first meshc.yaml and the pre-commit hook for this repository
    Init(Init),
    /// Print the completions of a shell
    Completions(Completions),
    /// Write the manual pages into a directory
    Man(Man),
    /// Run the bundled proxy (as the program mesh-proxy does)
    #[command(hide = true)]
    Proxy(Proxy),
    /// Run a stand-in application for `up`
    #[command(hide = true)]
    Standin(standin::StandinArgs),
}

/// Which tree is read.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TreeArgs {
    /// Files and directories, read together; `-` is standard input [default: the tree around the current directory]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) revision: RevisionArgs,
}

/// Which version of it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RevisionArgs {
    /// Read a Git revision in place of the worktree
    #[arg(long, value_name = "REV", conflicts_with = "staged")]
    pub(crate) rev: Option<String>,
    /// Read Git's index in place of the worktree
    #[arg(long)]
    pub(crate) staged: bool,
    /// The view to take, of those that meshc.yaml names
    #[arg(long, value_name = "NAME")]
    pub(crate) view: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code: MC2103
    pub(crate) code: String,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// How to list them
    #[arg(long, value_enum, default_value_t = TextFormat::Human)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The root of the mesh [default: the root of the Git repository, else the current directory]
    #[arg(value_name = "DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,
    /// Print what would be written
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Where to write them
    #[arg(value_name = "DIRECTORY")]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Proxy {
    /// What mesh-proxy takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) args: Vec<std::ffi::OsString>,
}
