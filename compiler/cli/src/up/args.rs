//! The flags of `meshc up`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::TreeArgs;

/// The flags of `meshc up`.
#[derive(Debug, Clone, Args)]
pub(crate) struct UpArgs {
    /// The mesh; with `--rev BRANCH` it is followed commit by commit
    #[command(flatten)]
    pub(crate) tree: TreeArgs,

    /// Exit after the table of requests: 0 when every one arrived where the compiler said, 1 otherwise
    #[arg(long)]
    pub(crate) once: bool,

    /// The data plane: the bundled proxy, or real Envoy from PATH or target/envoy-venv
    #[arg(long, value_name = "PROXY", value_enum, default_value_t)]
    pub(crate) proxy: ProxyProgram,

    /// Send these requests (a line each, as `meshc trace` reads them; - is standard input) in place of the samples
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) requests: Option<PathBuf>,

    /// How to print
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: UpFormat,

    /// Run a mesh with errors as Istio would treat it
    #[arg(long)]
    pub(crate) allow_errors: bool,

    /// Pods of one workload that are run at most
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) replicas_cap: u16,

    /// Add N to every port, where other programs have the mesh's own
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port_offset: u16,

    /// Rows in the table of sample requests
    #[arg(long, value_name = "N", default_value_t = 24)]
    pub(crate) samples: usize,
}

/// Which proxy is run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProxyProgram {
    /// The bundled data plane
    #[default]
    MeshProxy,
    /// Real Envoy
    Envoy,
}

impl ProxyProgram {
    /// As people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MeshProxy => "mesh-proxy",
            Self::Envoy => "Envoy",
        }
    }
}

/// How the run is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum UpFormat {
    /// For people
    #[default]
    Human,
    /// One JSON object; with --requests, one line an answer
    Json,
}
