//! The command line of the proxy, for its own program and for `meshc`, which starts proxies as processes of itself.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::admin::AdminAddress;
use crate::server::{self, Options};
use crate::source::Source;

/// The bundled data plane of meshc.
#[derive(Debug, Parser)]
#[command(name = "mesh-proxy", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve traffic until SIGTERM or SIGINT.
    Run(Run),
    /// Read, verify and compile the configuration, and say what is wrong with it.
    Validate(From),
}

#[derive(Debug, Args)]
struct Run {
    #[command(flatten)]
    from: From,
    /// Workers; one a core by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: Option<u16>,
    /// Where the administration listens: IP:PORT or unix:PATH.
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<AdminAddress>,
    /// Seconds that requests under way may take after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    drain_time_s: u64,
}

#[derive(Debug, Args)]
struct From {
    /// A bundle that `meshc build` wrote; it is watched for new ones.
    #[arg(long, value_name = "BUNDLE", requires = "node", conflicts_with_all = ["bootstrap", "xds"])]
    bundle: Option<PathBuf>,
    /// Which proxy of the bundle this is.
    #[arg(long, value_name = "NAME")]
    node: Option<String>,
    /// An Envoy v3 bootstrap with static resources, JSON or YAML.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["xds", "node"])]
    bootstrap: Option<PathBuf>,
    /// A control plane that speaks ADS.
    #[arg(long, value_name = "ADDRESS", requires = "node")]
    xds: Option<String>,
}

impl From {
    fn source(self) -> Result<Source, &'static str> {
        match (self.bundle, self.node, self.bootstrap, self.xds) {
            (Some(path), Some(node), None, None) => Ok(Source::Bundle { path, node }),
            (None, None, Some(path), None) => Ok(Source::Bootstrap { path }),
            (None, _, None, Some(_)) => {
                Err("--xds is not implemented yet; give --bundle BUNDLE --node NAME or --bootstrap FILE")
            }
            _ => Err("give --bundle BUNDLE --node NAME or --bootstrap FILE"),
        }
    }
}

/// Runs the command line; `args` begins with the program's name. Exit codes: 0 done, 2 usage, I/O or a configuration
/// that cannot be used.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal is no reason to fail differently.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    let result = match cli.command {
        Command::Run(run) => run_proxy(run),
        Command::Validate(from) => validate(from),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr().lock(), "mesh-proxy: error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run_proxy(run: Run) -> Result<(), String> {
    let source = run.from.source()?;
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let options = Options {
        source,
        concurrency: run.concurrency.map_or_else(cores, usize::from),
        admin: run.admin,
        grace: Duration::from_secs(run.drain_time_s.min(86_400)),
    };
    server::run(options).map_err(|error| error.to_string())
}

fn validate(from: From) -> Result<(), String> {
    let loaded = from.source()?.load().map_err(|error| error.to_string())?;
    let (listeners, clusters) = (loaded.snapshot.listeners.len(), loaded.snapshot.clusters.len());
    for line in loaded.snapshot.awaited_secrets() {
        crate::log::warn(line);
    }
    crate::log::info(format_args!("the configuration is valid: {listeners} listeners, {clusters} clusters"));
    Ok(())
}
