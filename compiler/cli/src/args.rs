//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use meshc_diagnostics::{Level, Severity};

use crate::commands::Alarm;
use crate::{standin, up};

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

#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// Where to write
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = BuildFormat::Oci)]
    pub(crate) format: BuildFormat,
    /// The proxy that a bootstrap is for: NAME or NAME.NAMESPACE of a pod or workload
    #[arg(long, value_name = "PROXY", required_if_eq("format", "envoy-bootstrap"))]
    pub(crate) proxy: Option<String>,
    /// Build although there are errors
    #[arg(long)]
    pub(crate) allow_errors: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BuildFormat {
    /// A bundle as an OCI image layout
    Oci,
    /// A bundle as a plain directory
    Dir,
    /// One proxy as one file that stock Envoy runs
    EnvoyBootstrap,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// Requests, one JSON object a line; `-` is standard input
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) requests: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// NAME or NAME.NAMESPACE of a pod or workload
    #[arg(value_name = "PROXY")]
    pub(crate) proxy: String,
    /// [METHOD] URL
    #[arg(value_name = "[METHOD] URL", required = true, num_args = 1..=2)]
    pub(crate) request: Vec<String>,
    /// A header
    #[arg(short = 'H', long = "header", value_name = "name: value")]
    pub(crate) headers: Vec<String>,
    /// Which way the request meets the proxy
    #[arg(long, value_enum)]
    pub(crate) direction: Option<DirectionArg>,
    /// How to tell
    #[arg(long, value_enum, default_value_t = TextFormat::Human)]
    pub(crate) format: TextFormat,
    /// Files and directories, read together
    #[arg(last = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) revision: RevisionArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DirectionArg {
    Outbound,
    Inbound,
    Gateway,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    Human,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// NAME or NAME.NAMESPACE of a pod or workload
    #[arg(value_name = "PROXY[.NAMESPACE]")]
    pub(crate) proxy: String,
    /// What of it
    #[arg(value_enum, default_value_t = ShowWhat::Routes)]
    pub(crate) what: ShowWhat,
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// How to show it
    #[arg(long, value_enum, default_value_t = ShowFormat::Human)]
    pub(crate) format: ShowFormat,
    /// Whose resources `--format envoy` gives
    #[arg(long, value_enum, default_value_t = Target::Envoy)]
    pub(crate) target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowWhat {
    Listeners,
    Routes,
    Clusters,
    Endpoints,
    Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    Human,
    Json,
    /// Envoy's resources as protojson
    Envoy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Istio's build of Envoy, with Istio's own filters
    IstioProxy,
    /// Stock Envoy and mesh-proxy
    Envoy,
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// Only what these callers can pass: NAME or NAME.NAMESPACE of a pod or workload, or *.NAMESPACE
    #[arg(long, value_name = "CALLER")]
    pub(crate) from: Option<String>,
    /// Only what leads there: a host (short or full), HOST/SUBSET, or a workload
    #[arg(long, value_name = "DESTINATION")]
    pub(crate) to: Option<String>,
    /// How to draw it
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub(crate) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Text,
    Json,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("ends").required(true).multiple(true).args(["from", "to"]))]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// Who sends: NAME or NAME.NAMESPACE of a pod or workload, or *.NAMESPACE [default: everyone]
    #[arg(long, value_name = "CALLER")]
    pub(crate) from: Option<String>,
    /// Where to: a host (short or full), HOST/SUBSET, or a workload [default: anywhere]
    #[arg(long, value_name = "DESTINATION")]
    pub(crate) to: Option<String>,
    /// Only requests of this method
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// Only requests for this path; for all that begin so if it ends in `*`
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// Only requests with this header
    #[arg(short = 'H', long = "header", value_name = "name: value")]
    pub(crate) headers: Vec<String>,
    /// How to tell
    #[arg(long, value_enum, default_value_t = TextFormat::Human)]
    pub(crate) format: TextFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Conditions {
    #[command(flatten)]
    pub(crate) tree: TreeArgs,
    /// How to tell
    #[arg(long, value_enum, default_value_t = TextFormat::Human)]
    pub(crate) format: TextFormat,
}

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
