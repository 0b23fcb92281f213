//! Of the commands that hold a tree against another one, or against what is wanted of it: `diff`, `test`, `policies`,
//! `bisect`, `log`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{TextFormat, TreeArgs};
use crate::commands::Alarm;
use crate::up;

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The revision to compare with
    pub(crate) base: String,
    /// The revision that is compared [default: the worktree]
    pub(crate) head: Option<String>,
    /// Files and directories, read together
    #[arg(last = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub(crate) format: DiffFormat,
    /// Exit with 1 when anything behaves differently, or may
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Exit with 1 when this changed, or may have: unreachable, exposure, security, traffic, reachable, resilience,
    /// answers, capacity, telemetry; high, medium or low risk; or a kind of the JSON. May be repeated
    #[arg(long, value_name = "WHAT")]
    pub(crate) fail_on: Vec<Alarm>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// Send the requests of RouteTests through real proxies too, in a mesh that is brought up for them
    #[arg(long)]
    pub(crate) live: bool,
    /// The proxies of --live: the bundled one, or real Envoy from PATH or target/envoy-venv
    #[arg(long, value_name = "PROXY", value_enum, default_value_t, requires = "live")]
    pub(crate) proxy: up::ProxyProgram,
    /// How results are written
    #[arg(long, value_enum, default_value_t = TestFormat::Human)]
    pub(crate) format: TestFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    Human,
    Json,
    Junit,
}

#[derive(Debug, Args)]
pub(crate) struct Policies {
    /// What to do with them
    #[command(subcommand)]
    pub(crate) command: PoliciesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PoliciesCommand {
    /// Tell what each policy asks, and why
    List {
        /// How to list them
        #[arg(long, value_enum, default_value_t = TextFormat::Human)]
        format: TextFormat,
    },
    /// Try each policy with what it must let pass and what it must refuse (tests/NAME.pass.yaml, tests/NAME.fail.yaml)
    Test {
        /// Packs, or directories of packs [default: the bundled ones]
        #[arg(value_name = "DIR")]
        directories: Vec<PathBuf>,
        /// How results are written
        #[arg(long, value_enum, default_value_t = TextFormat::Human)]
        format: TextFormat,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Bisect {
    /// A revision before the change
    pub(crate) good: String,
    /// A revision after it
    #[arg(default_value = "HEAD")]
    pub(crate) bad: String,
    /// Who sends the request: NAME or NAME.NAMESPACE of a pod or workload
    #[arg(long, value_name = "PROXY")]
    pub(crate) from: String,
    /// The request
    #[arg(long, value_name = "[METHOD] URL", num_args = 1..=2, required = true)]
    pub(crate) request: Vec<String>,
    /// A header
    #[arg(short = 'H', long = "header", value_name = "name: value")]
    pub(crate) headers: Vec<String>,
    /// The predicate: it is sent to this service, or to its subset alone [default: the answer as it was before]
    #[arg(long, value_name = "HOST[/SUBSET]")]
    pub(crate) reaches: Option<String>,
    /// The predicate: the client gets this status
    #[arg(long, value_name = "CODE")]
    pub(crate) status: Option<u16>,
    /// Files and directories, read together
    #[arg(last = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// The host whose behaviour counts: short or full
    #[arg(long, value_name = "HOST")]
    pub(crate) effective: String,
    /// Where to begin
    #[arg(default_value = "HEAD")]
    pub(crate) rev: String,
    /// How many commits are looked at
    #[arg(short = 'n', long, default_value_t = 100)]
    pub(crate) count: usize,
    /// Files and directories, read together
    #[arg(last = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}
