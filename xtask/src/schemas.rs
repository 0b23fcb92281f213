//! `cargo xtask schemas`: the JSON Schemas that editors use, made from the types.

use std::process::Command;

/// Writes `schemas/`, or, with `--check`, says whether it is what the types state.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let check = match args {
        [] => false,
        [only] if only == "--check" => true,
        _ => return Err("usage: cargo xtask schemas [--check]".to_owned()),
    };
    let mut command = Command::new("cargo");
    command.args(["test", "--quiet", "-p", "meshc-resources", "--test", "schemas", "published"]);
    if !check {
        command.env("MESHC_UPDATE", "1");
    }
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("the schemas are not those of the types".to_owned()) }
}
