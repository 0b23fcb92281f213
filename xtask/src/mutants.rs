//! `cargo xtask mutants`: mutation testing of the diff, over as many mutants as one likes.

use std::process::Command;

use meshc_testkit::workspace;

/// As many as the project promises.
const MUTANTS: u32 = 2_000;

/// Mutates generated meshes and judges what the diff says of each, of every fifth by the second implementation too.
pub(crate) fn run(count: Option<&str>) -> Result<(), String> {
    let count = match count {
        None => MUTANTS,
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number of mutants"))?,
    };
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace())
        .args(["test", "--release", "-p", "meshc-analysis", "--test", "mutants", "--", "--nocapture"])
        .env("MESHC_MUTANTS", count.to_string())
        .env("MESHC_BOOK", "5")
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err("a mutant is judged wrongly".to_owned()) }
}
