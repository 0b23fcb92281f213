//! `cargo xtask check`: formatting, lints and generated files.

use std::process::Command;

use meshc_testkit::workspace;

/// Runs `cargo fmt --check`, `cargo clippy -D warnings`, sees whether the schemas are current, and runs `cargo deny
/// check` where it is installed.
pub(crate) fn run() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
    crate::schemas::run(&["--check".to_owned()])?;
    let deny = Command::new("cargo").args(["deny", "--version"]).output();
    if deny.is_ok_and(|out| out.status.success()) {
        cargo(&["deny", "check", "bans", "licenses", "sources"])?;
    } else {
        println!("cargo-deny is not installed: licences and advisories were not checked");
    }
    println!("formatting and lints are clean");
    Ok(())
}

fn cargo(args: &[&str]) -> Result<(), String> {
    println!("cargo {}", args.join(" "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).current_dir(workspace()).args(args).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("cargo {} failed", args.join(" "))),
        Err(e) => Err(format!("cargo cannot be started: {e}")),
    }
}
