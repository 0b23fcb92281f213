//! Of the commands that answer questions about one tree: `build`, `trace`, `why`, `show`, `graph`, `query`, `conditions`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{RevisionArgs, TreeArgs};

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
