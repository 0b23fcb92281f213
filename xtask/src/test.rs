//! `cargo xtask test`: every test, with the real parts that can be had.

use std::process::Command;

use meshc_testkit::{ENVOY, SKIPPED, workspace};

use crate::envoy;

/// Runs `cargo test --workspace` with `args`. Tests that lack a real part are skipped and named in the last lines;
/// where `../shared` lies beside the project and `CI` is set, a skipped test is a failure.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let skipped = workspace().join("target/skipped-tests");
    // A record of an earlier run would be read as this run's.
    let _ = std::fs::remove_file(&skipped);
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(["test", "--workspace"]).args(args).env(SKIPPED, &skipped);
    // Fuzz targets run the same short way each time here; `cargo xtask fuzz` is the long one.
    command.env("BOLERO_RANDOM_SEED", "1").env("BOLERO_RANDOM_ITERATIONS", "200");
    match envoy::fetch() {
        Ok(path) => {
            command.env(ENVOY, path);
        }
        Err(why) => eprintln!("no Envoy, so the tests that need it are skipped: {why}"),
    }
    let status = command.status().map_err(|e| format!("cargo cannot be started: {e}"))?;
    let record = std::fs::read_to_string(&skipped).unwrap_or_default();
    let mut lines: Vec<&str> = record.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    if !lines.is_empty() {
        println!("\n{} skipped for want of a real part:", lines.len());
        for line in &lines {
            println!("  {line}");
        }
    }
    if !status.success() {
        return Err("tests failed".to_owned());
    }
    let strict = std::env::var_os("CI").is_some() && workspace().join("../shared").exists();
    if strict && !lines.is_empty() {
        return Err("../shared is here, so no test may be skipped".to_owned());
    }
    println!("\nall tests passed{}", if lines.is_empty() { ", none skipped" } else { "" });
    Ok(())
}
