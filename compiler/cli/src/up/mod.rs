//! `meshc up`: a whole mesh on this machine. Stand-ins for the workloads, a proxy for each, requests that show the
//! routing, and every edit swapped in.

mod apps;
mod args;
mod compare;
mod console;
mod envoy;
mod error;
mod example;
#[cfg(test)]
mod fixture;
mod fleet;
mod layout;
mod live;
mod localize;
mod marks;
mod observed;
mod overview;
mod processes;
mod report;
mod requests;
mod samples;
mod session;
mod site;
mod state;
mod subnet;
mod trial;
mod watch;
mod watchers;
mod world;

use std::process::ExitCode;

pub(crate) use args::{ProxyProgram, UpArgs};
pub(crate) use live::probe;

use crate::commands::FAILED;
use crate::output;

/// Runs `meshc up`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the command line hands a command its words, as it does to others"
)]
pub(crate) fn run(args: UpArgs) -> ExitCode {
    // One thread: it is this thread's end that ends the children, should the process be killed.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(session::run(&args)),
        Err(error) => Err(error::UpError::io("the asynchronous runtime", error)),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            output::note(&format!("error: {error}"));
            ExitCode::from(FAILED)
        }
    }
}
