//! `cargo xtask bench`: the times that docs/performance.md states, measured.

mod analysis;
mod check;
mod compile;
mod hostile;
mod measure;
mod trees;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use meshc_testkit::swap::{Plan, Report, run};
use meshc_testkit::workspace;

use crate::envoy;

/// Starts of each data plane.
const STARTS: usize = 5;

/// Runs of each line of a table.
const ROUNDS: usize = 5;

/// Measures what `what` names; `rounds` runs of each line of a table.
pub(crate) fn bench(what: Option<&str>, rounds: Option<&str>) -> Result<(), String> {
    let rounds = match rounds {
        None => ROUNDS,
        Some(text) => text.parse().map_err(|_| format!("`{text}` is no number of rounds"))?,
    };
    match what {
        Some("up") => up(),
        Some("build") => build(),
        Some("check") => check::bench(rounds),
        Some("compile") => compile::bench(rounds),
        Some("analysis") => analysis::bench(rounds),
        Some("hostile") => hostile::bench(rounds),
        _ => {
            Err("name what to measure: `cargo xtask bench check|compile|analysis|hostile|up|build`"
                .to_owned())
        }
    }
}

/// Start and swap of `meshc up testdata/bookshop`, mesh-proxy and Envoy in turn.
fn up() -> Result<(), String> {
    let meshc = release(&workspace().join("target"))?;
    machine();
    let envoy = envoy::fetch();
    let mut planes = vec!["mesh-proxy"];
    match &envoy {
        Ok(_) => planes.push("envoy"),
        Err(why) => println!("without Envoy: {why}"),
    }
    println!(
        "\nfrom the start of `meshc up testdata/bookshop --once` to its end, ms: median (least, most) of {STARTS}"
    );
    let mut starts: Vec<Vec<Duration>> = vec![Vec::new(); planes.len()];
    for _ in 0..STARTS {
        for (plane, starts) in planes.iter().zip(&mut starts) {
            let began = Instant::now();
            let mut command = Command::new(&meshc);
            command.current_dir(workspace()).args(["up", "testdata/bookshop", "--once", "--proxy", plane]);
            quiet(&mut command)?;
            starts.push(began.elapsed());
        }
    }
    for (plane, starts) in planes.iter().zip(starts) {
        println!("  {plane:<12} {}", spread(starts));
    }
    println!("\nedits of weights under load, from the save to the first answer that shows it, ms");
    for plane in &planes {
        let edits = 100;
        let report = run(&Plan { meshc: &meshc, proxy: plane, edits, corrupt: *plane == "mesh-proxy" })?;
        println!("  {plane:<12} {}", spread(report.live.clone()));
        println!("               {}", load(&report));
        if report.failed > 0 {
            return Err(format!("{} requests failed with {plane}", report.failed));
        }
    }
    Ok(())
}

fn load(report: &Report) -> String {
    format!(
        "{} edits, {} requests, {} failed, {} connections closed, {} answered while the bundle was corrupt",
        report.live.len(),
        report.requests,
        report.failed,
        report.closed,
        report.during_corruption
    )
}

/// Builds from an empty target directory.
fn build() -> Result<(), String> {
    machine();
    let target = workspace().join("target/bench-build");
    if target.exists() {
        std::fs::remove_dir_all(&target).map_err(|e| format!("{}: {e}", target.display()))?;
    }
    let began = Instant::now();
    release(&target)?;
    println!("\n`cargo build --release` from an empty target directory: {} s", began.elapsed().as_secs());
    std::fs::remove_dir_all(&target).map_err(|e| format!("{}: {e}", target.display()))
}

/// The program, built for release.
fn release(target: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .current_dir(workspace())
        .args(["build", "--release", "--package", "meshc", "--target-dir"])
        .arg(target)
        .status()
        .map_err(|e| format!("cargo cannot be started: {e}"))?;
    if status.success() { Ok(target.join("release/meshc")) } else { Err("the build failed".to_owned()) }
}

fn quiet(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// What this was measured on.
fn machine() {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores{}", model.replacen("\t:", ",", 1).trim_end());
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let ms = |time: Option<&Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    format!("{:.1} ({:.1}, {:.1})", ms(times.get(times.len() / 2)), ms(times.first()), ms(times.last()))
}
