//! `meshc completions`: what a shell completes.

use clap::CommandFactory as _;

use super::DONE;
use crate::args::{Cli, Completions};
use crate::output;

pub(crate) fn run(args: &Completions) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "meshc", &mut script);
    output::out(&String::from_utf8_lossy(&script));
    DONE
}
