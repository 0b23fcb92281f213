//! The command line of the mesh compiler.

#![forbid(unsafe_code)]

mod args;
mod clock;
mod commands;
mod fingerprint;
mod load;
mod output;
mod render;
mod standin;
mod up;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run(args::Cli::parse())
}
