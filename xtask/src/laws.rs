//! `cargo xtask laws`: the laws of proofs, over as many cases as one likes.

use std::process::Command;

use meshc_testkit::workspace;

/// As many as the project promises.
const CASES: u64 = 100_000;

/// Runs the laws of reachability over so many small virtual hosts, against enumeration by the second implementation.
pub(crate) fn run(count: Option<&str>) -> Result<(), String> {
    let count = match count {
        None => CASES,
        Some(text) => text.parse().map_err(|_| format!("{text:?} is no number of cases"))?,
    };
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace())
        .args(["test", "--release", "-p", "meshc-analysis", "--test", "laws", "--", "--nocapture"])
        .env("MESHC_CASES", count.to_string())
        .status()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err("a law is broken".to_owned()) }
}
