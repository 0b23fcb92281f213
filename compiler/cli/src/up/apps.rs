//! The conversation with the process of stand-ins.

use std::collections::BTreeMap;
use std::io;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

use super::error::UpError;
use super::processes::{Pipes, Processes};
use super::state::State;
use crate::standin::spec::{App, Command, Listening};

/// The name of the process.
const NAME: &str = "stand-ins";

/// The stand-ins that run.
#[derive(Debug)]
pub(super) struct Apps {
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Apps {
    /// Starts the process; it plays nothing yet.
    pub(super) fn start(processes: &mut Processes, state: &State) -> Result<Self, UpError> {
        let Pipes { to, from } = processes.start_apps(NAME, state.path(), &state.log(NAME))?;
        Ok(Self { to, from: BufReader::new(from).lines() })
    }

    /// Has exactly `apps` played, and says where they listen.
    pub(super) async fn play(&mut self, apps: &BTreeMap<String, App>) -> Result<Listening, UpError> {
        self.ask(&Command { apps: apps.clone() })
            .await
            .map_err(|e| UpError::io("the stand-in applications", e))
    }

    async fn ask(&mut self, command: &Command) -> io::Result<Listening> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        self.to.write_all(&line).await?;
        self.to.flush().await?;
        let answer = self.from.next_line().await?.ok_or_else(|| io::Error::other("they ended"))?;
        Ok(serde_json::from_str(&answer)?)
    }
}
