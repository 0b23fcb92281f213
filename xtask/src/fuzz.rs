//! `cargo xtask fuzz`: the fuzz targets for longer than a test run may take.

use std::process::Command;

use meshc_testkit::workspace;

/// Runs every target for `seconds`, optimised, one after the other.
pub(crate) fn run(seconds: Option<&str>) -> Result<(), String> {
    let seconds: u64 =
        seconds.unwrap_or("60").parse().map_err(|_| "the time is a number of seconds".to_owned())?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(workspace())
        .args(["test", "--release", "--package", "meshc-fuzz", "--", "--test-threads=1"])
        .env("BOLERO_RANDOM_TEST_TIME_MS", (seconds * 1000).to_string())
        .env("BOLERO_RANDOM_ITERATIONS", usize::MAX.to_string())
        .status()
        .map_err(|e| format!("cargo cannot be started: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err("a fuzz target failed; bolero printed how to replay it".to_owned())
    }
}
