//! What the end-to-end tests share: running the real program, trees and repositories in temporary places.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The bundled example.
pub(crate) fn bookshop() -> PathBuf {
    meshc_testkit::workspace().join("testdata/bookshop")
}

/// The real program. It keeps no answers, so that each test sees its own work.
pub(crate) fn meshc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.env("MESHC_CACHE_DIR", "");
    command
}

/// Runs the program with `args` in `directory`.
pub(crate) fn run(directory: &Path, args: &[&str]) -> Output {
    meshc().current_dir(directory).args(args).output().expect("the program runs")
}

/// Runs it and gives what it wrote to standard output, after checking the exit status.
pub(crate) fn expect(directory: &Path, args: &[&str], status: i32) -> String {
    let output = run(directory, args);
    let err = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(status), "{args:?}\n--- stdout\n{out}\n--- stderr\n{err}");
    out.into_owned()
}

/// What it says on standard error when it ends with `status`.
pub(crate) fn complaint(directory: &Path, args: &[&str], status: i32) -> String {
    let output = run(directory, args);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{args:?}\n{err}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    err
}

/// Standard output as JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Copies a directory with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Runs Git with an identity of its own, whatever this machine's settings are.
pub(crate) fn git(directory: &Path, args: &[&str]) {
    let output = Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
        .args(args)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository with the bookshop as its first commit.
pub(crate) fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), directory.path());
    git(directory.path(), &["init", "--quiet", "--initial-branch=main"]);
    git(directory.path(), &["add", "."]);
    git(directory.path(), &["commit", "--quiet", "--message=Open the shop"]);
    directory
}

/// Replaces text in a file; the text must be there.
pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("a file");
    assert!(text.contains(from), "{from:?} is not in {}", file.display());
    fs::write(file, text.replace(from, to)).expect("a file");
}
