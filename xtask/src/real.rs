//! `cargo xtask validate` and `cargo xtask agree`: real Envoy beside what is written for it and said about it.

use std::process::Command;

use meshc_testkit::workspace;

/// Has stock Envoy validate every bootstrap of every recorded world, every sample, and meshes made by chance.
pub(crate) fn validate(meshes: Option<&str>) -> Result<(), String> {
    run("stock_envoy", "MESHC_VALIDATE", &[("MESHC_MESHES", meshes)])
}

/// Compares `trace` with real Envoy over every recorded world, and over meshes made by chance.
pub(crate) fn agree(meshes: Option<&str>, requests: Option<&str>) -> Result<(), String> {
    run("real_envoy", "MESHC_AGREE", &[("MESHC_MESHES", meshes), ("MESHC_REQUESTS", requests)])
}

fn run(test: &str, all: &str, numbers: &[(&str, Option<&str>)]) -> Result<(), String> {
    let envoy = crate::envoy::fetch()?;
    let mut command = Command::new("cargo");
    command.current_dir(workspace());
    command.args(["test", "--package", "meshc-xds", "--test", test, "--", "--nocapture", "--test-threads=1"]);
    command.env(meshc_testkit::ENVOY, envoy).env(all, "all");
    for (name, number) in numbers {
        if let Some(number) = number {
            let number: u32 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
            command.env(name, number.to_string());
        }
    }
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("real Envoy does not agree: see above".to_owned()) }
}
