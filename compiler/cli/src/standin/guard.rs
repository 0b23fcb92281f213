//! Ties a child's life to its parent's, also when the parent is killed.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, parent_id};
use std::process::Command;

use rustix::process::{Signal, set_parent_process_death_signal};

/// Asks the kernel to kill this process when its parent dies, then becomes `command`. The request survives `exec`,
/// so programs that know nothing of it (Envoy) are covered too. Returns only when it fails.
pub(super) fn become_program(command: &[OsString]) -> io::Result<()> {
    let parent = parent_id();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A parent that died before the request was made sends no signal any more: we have another parent then.
    if parent_id() != parent {
        return Ok(());
    }
    let Some((program, args)) = command.split_first() else {
        return Err(io::Error::other("no program to become"));
    };
    Err(Command::new(program).args(args).exec())
}
