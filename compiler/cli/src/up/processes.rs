//! The children of a run: started, watched, ended. None of them outlives it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::rc::Rc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use super::error::UpError;

/// How long a child may take to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Lines of a log that are shown.
const LAST_LINES: usize = 12;

/// The hidden subcommand of this program under which [`crate::standin`] runs.
const STANDIN: &str = "standin";

/// The children.
#[derive(Debug)]
pub(super) struct Processes {
    program: PathBuf,
    running: Table,
    tell: mpsc::UnboundedSender<Ended>,
}

/// Tells of children that ended: apart from [`Processes`], so that it can be listened to while others start.
#[derive(Debug)]
pub(super) struct Ends {
    running: Table,
    ended: mpsc::UnboundedReceiver<Ended>,
}

/// Those that run and are meant to.
type Table = Rc<RefCell<BTreeMap<String, Running>>>;

#[derive(Debug)]
struct Running {
    pid: Option<Pid>,
    log: PathBuf,
}

/// A child that is no more.
#[derive(Debug)]
struct Ended {
    name: String,
    status: io::Result<ExitStatus>,
}

/// The two ends of a child that is talked to.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) to: ChildStdin,
    pub(super) from: ChildStdout,
}

impl Processes {
    /// No children yet. They are processes of the program that runs.
    pub(super) fn new() -> Result<(Self, Ends), UpError> {
        let program = std::env::current_exe().map_err(|e| UpError::io("this program's own path", e))?;
        let (tell, ended) = mpsc::unbounded_channel();
        let running = Table::default();
        Ok((Self { program, running: Rc::clone(&running), tell }, Ends { running, ended }))
    }

    /// Starts this program with `args`.
    pub(super) fn start_self(&mut self, name: &str, args: &[OsString], log: &Path) -> Result<(), UpError> {
        let program = self.program.clone();
        self.start(name, program.as_os_str(), args, log)
    }

    /// Starts `program` behind a guard that ends it with this process; its output goes to `log`.
    pub(super) fn start(
        &mut self,
        name: &str,
        program: &OsStr,
        args: &[OsString],
        log: &Path,
    ) -> Result<(), UpError> {
        let mut command = Self::own_group(&self.program, log)?;
        command.args([STANDIN, "exec", "--"]).arg(program).args(args).stdin(Stdio::null());
        command.stdout(Self::append(log)?);
        let child = Self::spawn(name, &mut command)?;
        self.watch(name, child, log);
        Ok(())
    }

    /// Starts the stand-ins. They need no guard: their input ends with this process, and then they clear `run` away,
    /// which a process that is killed cannot do itself.
    pub(super) fn start_apps(&mut self, name: &str, run: &Path, log: &Path) -> Result<Pipes, UpError> {
        let mut command = Self::own_group(&self.program, log)?;
        command.args([STANDIN, "apps", "--run"]).arg(run);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Self::spawn(name, &mut command)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        self.watch(name, child, log);
        let (to, from) = pipes.ok_or_else(|| UpError::io(name, io::Error::other("no pipe")))?;
        Ok(Pipes { to, from })
    }

    /// A program in a process group of its own: Ctrl-C is for `up`, which then ends its children in order.
    fn own_group(program: &Path, log: &Path) -> Result<Command, UpError> {
        let mut command = Command::new(program);
        command.process_group(0).kill_on_drop(true).stderr(Self::append(log)?);
        Ok(command)
    }

    fn append(log: &Path) -> Result<File, UpError> {
        File::options().create(true).append(true).open(log).map_err(|e| UpError::io(log.display(), e))
    }

    fn spawn(name: &str, command: &mut Command) -> Result<Child, UpError> {
        command.spawn().map_err(|e| UpError::io(format_args!("{name} cannot be started"), e))
    }

    fn watch(&mut self, name: &str, mut child: Child, log: &Path) {
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        self.running.borrow_mut().insert(name.to_owned(), Running { pid, log: log.to_owned() });
        let (tell, name) = (self.tell.clone(), name.to_owned());
        tokio::spawn(async move {
            let status = child.wait().await;
            // Nobody listens any more when the run ends.
            let _ = tell.send(Ended { name, status });
        });
    }

    /// Ends one child, now unneeded.
    pub(super) fn stop(&mut self, name: &str) {
        if let Some(pid) = self.running.borrow_mut().remove(name).and_then(|child| child.pid) {
            // One that is gone already needs no signal.
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// The end of a child's log.
    pub(super) fn last_words(&self, name: &str) -> Vec<String> {
        self.running.borrow().get(name).map(|child| last_lines(&child.log)).unwrap_or_default()
    }
}

impl Ends {
    /// Waits until a child ends that was not told to.
    pub(super) async fn unexpected(&mut self) -> UpError {
        loop {
            let Some(Ended { name, status }) = self.ended.recv().await else {
                return std::future::pending().await;
            };
            let Some(child) = self.running.borrow_mut().remove(&name) else { continue };
            let how = match status {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            return UpError::ChildEnded { name, how, last_lines: last_lines(&child.log) };
        }
    }

    /// Ends all children: asks them, waits a little, then kills.
    pub(super) async fn stop_all(&mut self) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(GRACE, self.all_gone()).await.is_err() {
            self.signal(Signal::KILL);
            // What the kernel ends now needs no second word; a child in the kernel's hands is waited for no longer.
            let _ = tokio::time::timeout(GRACE, self.all_gone()).await;
        }
    }

    async fn all_gone(&mut self) {
        while !self.running.borrow().is_empty() {
            let Some(ended) = self.ended.recv().await else { return };
            self.running.borrow_mut().remove(&ended.name);
        }
    }

    fn signal(&self, signal: Signal) {
        for pid in self.running.borrow().values().filter_map(|child| child.pid) {
            let _ = kill_process(pid, signal);
        }
    }
}

fn last_lines(log: &Path) -> Vec<String> {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(LAST_LINES)).map(|line| (*line).to_owned()).collect()
}
