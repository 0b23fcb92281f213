//! The stand-in application of `meshc up`: one process that plays every workload of the YAML, and the guard
//! that ends a child with the `meshc up` that started it. Both are hidden subcommands of this program.

mod calls;
mod guard;
mod server;
pub(crate) mod spec;
mod tcp;

pub(crate) use tcp::pod_of;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use spec::{Command, Listening};

use crate::output;

/// What a child of `meshc up` is.
#[derive(Debug, clap::Args)]
pub(crate) struct StandinArgs {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Play the workloads that standard input names, a JSON line for each set of them, until it ends
    Apps {
        /// The directory of the run, which is removed when its owner was killed and could not
        #[arg(long)]
        run: PathBuf,
    },
    /// Become PROGRAM, and end when the parent ends
    Exec {
        /// The program and its arguments
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

/// Runs a child of `meshc up`.
pub(crate) fn run(args: StandinArgs) -> ExitCode {
    let outcome = match args.role {
        Role::Apps { run } => {
            let outcome = apps();
            // Its owner may have removed it.
            let _ = fs::remove_dir_all(run);
            outcome
        }
        Role::Exec { command } => guard::become_program(&command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Plays the workloads until standard input ends.
fn apps() -> io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let mut out = tokio::io::stdout();
        let mut apps = server::Apps::default();
        while let Some(line) = lines.next_line().await? {
            let command: Command = serde_json::from_str(&line)?;
            let listening: Listening = apps.become_these(command.apps).await?;
            let mut answer = serde_json::to_vec(&listening)?;
            answer.push(b'\n');
            out.write_all(&answer).await?;
            out.flush().await?;
        }
        Ok(())
    })
}
