//! The subcommands, one file each.

mod bisect;
mod build;
mod check;
mod completions;
mod conditions;
mod diff;
mod explain;
mod graph;
mod init;
mod log;
mod man;
mod policies;
mod query;
mod rules;
mod show;
mod test;
mod trace;
mod why;

use std::process::ExitCode;

pub(crate) use diff::Alarm;

use crate::args::{Cli, Command};
use crate::load::Failure;
use crate::{output, standin, up};

/// Done, nothing found.
pub(crate) const DONE: u8 = 0;
/// Findings, or differences.
pub(crate) const FINDINGS: u8 = 1;
/// Usage, input or output, internal failure.
pub(crate) const FAILED: u8 = 2;

/// Runs one command; a failure is told on standard error.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Up(args) => return up::run(args),
        Command::Proxy(args) => {
            return mesh_proxy::cli::main(std::iter::once("mesh-proxy".into()).chain(args.args));
        }
        Command::Standin(args) => return standin::run(args),
        Command::Check(args) => check::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Trace(args) => trace::run(&args),
        Command::Why(args) => why::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Graph(args) => graph::run(&args),
        Command::Query(args) => query::run(&args),
        Command::Conditions(args) => conditions::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Policies(args) => policies::run(&args),
        Command::Bisect(args) => bisect::run(&args),
        Command::Log(args) => log::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Rules(args) => Ok(rules::run(&args)),
        Command::Init(args) => init::run(&args),
        Command::Completions(args) => Ok(completions::run(&args)),
        Command::Man(args) => man::run(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Failure { message, .. }) => {
            output::note(&format!("error: {message}"));
            ExitCode::from(FAILED)
        }
    }
}
