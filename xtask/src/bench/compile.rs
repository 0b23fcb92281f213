//! `cargo xtask bench compile`: the effective mesh, from YAML to a bundle.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_testkit::workspace;

use super::measure::{Job, median, run, table};
use super::trees::Shape;
use super::{machine, release};

/// Requests of which the cost of one is the mean.
const REQUESTS: usize = 20_000;

pub(super) fn bench(rounds: usize) -> Result<(), String> {
    let meshc = release(&workspace().join("target"))?;
    machine();
    let with_pods = |services, sidecars| Shape { pods: 2, sidecars, ..Shape::plain(services) };
    let mut jobs = vec![
        build(&meshc, "build, N=1000", with_pods(1000, false), (1.0, Some(400)))?,
        build(&meshc, "build, N=5000, Sidecars", with_pods(5000, true), (3.0, Some(1500)))?,
        build(&meshc, "build, N=10000, Sidecars", with_pods(10_000, true), (6.0, Some(3000)))?,
    ];
    for job in &mut jobs {
        job.prepare = Box::new(|| match std::fs::remove_dir_all(out()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        });
    }
    table(&jobs, rounds)?;
    requests(&meshc, rounds)?;
    edits("N=5000", with_pods(5000, false))?;
    edits("N=5000, Sidecars", with_pods(5000, true))
}

/// What it takes to follow edits in memory; the example prints it.
fn edits(name: &str, shape: Shape) -> Result<(), String> {
    println!("\n{name}, in memory; median (least, most):");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(workspace());
    command.args(["run", "--quiet", "--release", "--package", "meshc-xds", "--example", "edits", "--"]);
    let status = command.arg(shape.tree()?).status().map_err(|e| format!("cargo cannot be started: {e}"))?;
    if status.success() { Ok(()) } else { Err("the edits were not followed to their end".to_owned()) }
}

fn out() -> PathBuf {
    workspace().join("target/bench-trees/bundle")
}

fn build(meshc: &Path, name: &str, shape: Shape, target: (f64, Option<u64>)) -> Result<Job, String> {
    let (meshc, tree) = (meshc.to_path_buf(), shape.tree()?);
    Ok(Job::new(name, target, move || {
        let mut command = Command::new(&meshc);
        command.current_dir(&tree).args(["build", ".", "-o"]).arg(out());
        command
    }))
}

/// The cost of one request of `meshc trace`: what many cost more than one, by their number.
fn requests(meshc: &Path, rounds: usize) -> Result<(), String> {
    let tree = Shape { pods: 2, ..Shape::plain(1000) }.tree()?;
    let folder = workspace().join("target/bench-trees");
    let write = |name: &str, count: usize| {
        let mut lines = String::new();
        for request in 0..count {
            let to = request % 1000;
            let namespace = to / 50;
            let _ = writeln!(
                lines,
                "{{\"proxy\":\"svc-00003-0.team-0000\",\"route_table\":\"8080\",\"request\":{{\"method\":\"GET\",\"authority\":\
                 \"svc-{to:05}.team-{namespace:04}.svc.cluster.local:8080\",\"path\":\"/api/v2/{request}\",\"headers\":{{}}}}}}"
            );
        }
        let file = folder.join(name);
        std::fs::write(&file, lines).map(|()| file).map_err(|e| e.to_string())
    };
    let (one, many) = (write("one.jsonl", 1)?, write("many.jsonl", REQUESTS)?);
    let mut costs = Vec::new();
    for _ in 0..rounds {
        let of = |file: &Path| {
            let mut command = Command::new(meshc);
            command.current_dir(&tree).args(["trace", ".", "--requests"]).arg(file);
            run(&mut command).map(|cost| cost.cpu.as_secs_f64())
        };
        costs.push((of(&many)? - of(&one)?) / REQUESTS as f64 * 1e6);
    }
    println!("\n`meshc trace`, N=1000, each request after loading: {:.1} µs (target 20 µs)", median(costs));
    Ok(())
}
