//! `mesh-proxy`: the data plane as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_proxy::cli::main(std::env::args_os())
}
