//! Runs a program that renders: found on the path, ended when it takes too long.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What became of running a program.
pub(super) enum Ran {
    /// What it wrote to its standard output.
    Done(Vec<u8>),
    /// There is no such program.
    Absent,
    /// It failed: what it said.
    Failed(String),
}

/// Runs `words` with `more` behind them in a directory.
pub(super) fn run(words: &[String], more: &[OsString], directory: &Path) -> Ran {
    let Some((program, rest)) = words.split_first() else { return Ran::Absent };
    let spawned = Command::new(program)
        .args(rest)
        .args(more)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ran::Absent,
        Err(error) => return Ran::Failed(error.to_string()),
    };
    // Both pipes are read side by side, so that none of them fills up.
    let out = child.stdout.take().map(|pipe| std::thread::spawn(move || drain(pipe)));
    let err = child.stderr.take().map(|pipe| std::thread::spawn(move || drain(pipe)));
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Ran::Failed(format!("it took longer than {} s and was ended", PATIENCE.as_secs()));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
            Err(error) => return Ran::Failed(error.to_string()),
        }
    };
    let text = |thread: Option<std::thread::JoinHandle<Vec<u8>>>| {
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    };
    let (out, err) = (text(out), text(err));
    if status.success() {
        return Ran::Done(out);
    }
    let said = String::from_utf8_lossy(&err).trim().to_owned();
    Ran::Failed(if said.is_empty() { format!("it ended with {status}") } else { said })
}

fn drain(mut pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    bytes
}
