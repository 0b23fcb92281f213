//! `cargo xtask bench check`: the whole of `meshc check`, from the start of the process to its end.

use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_testkit::workspace;

use super::measure::{Job, median, run, table};
use super::trees::Shape;
use super::{machine, release};

/// Services, seconds, MB.
const SIZES: [(usize, f64, u64); 4] =
    [(100, 0.025, 40), (1000, 0.12, 100), (5000, 0.5, 300), (20_000, 2.0, 1200)];

pub(super) fn bench(rounds: usize) -> Result<(), String> {
    let meshc = release(&workspace().join("target"))?;
    machine();
    let mut jobs = Vec::new();
    for (services, wall, peak) in SIZES {
        let tree = Shape::plain(services).tree()?;
        let aim = (wall, Some(peak));
        jobs.push(Job::new(format!("N={services}"), aim, check(&meshc, &tree, &[".", "--no-cache"])));
        jobs.push(Job::new(format!("N={services}, the same tree again"), aim, check(&meshc, &tree, &["."])));
    }
    let staged = staged(5000)?;
    jobs.push(Job::new(
        "N=5000, one staged file",
        (0.3, Some(300)),
        check(&meshc, &staged, &["--staged", "--no-cache"]),
    ));
    let noisy = Shape { noise: 200_000, ..Shape::plain(100) }.tree()?;
    jobs.push(Job::new(
        "N=100, 200,000 foreign lines",
        (0.15, Some(120)),
        check(&meshc, &noisy, &[".", "--no-cache"]),
    ));
    table(&jobs, rounds)?;
    beside_istioctl(&meshc)
}

fn check(meshc: &Path, tree: &Path, args: &'static [&'static str]) -> impl Fn() -> Command + 'static {
    let (meshc, tree) = (meshc.to_path_buf(), tree.to_path_buf());
    move || {
        let mut command = Command::new(&meshc);
        command.current_dir(&tree).arg("check").args(args);
        command
    }
}

/// A repository with a mesh, in which one file is staged.
fn staged(services: usize) -> Result<PathBuf, String> {
    let tree = repository(services)?;
    let file = tree.join("team-0000/svc-00007.yaml");
    let old = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    std::fs::write(&file, old.replace("timeout: 5s", "timeout: 6s")).map_err(|e| e.to_string())?;
    git(&tree, &["add", "-A"])?;
    Ok(tree)
}

/// A repository of its own with a mesh, everything committed.
pub(super) fn repository(services: usize) -> Result<PathBuf, String> {
    let of = Shape::plain(services).tree()?;
    let tree = workspace().join("target/bench-trees").join(format!("git-{services}"));
    if !tree.join(".git").exists() {
        super::quiet(Command::new("cp").arg("-r").arg(&of).arg(&tree))?;
        git(&tree, &["init", "-q", "-b", "main"])?;
        git(&tree, &["add", "-A"])?;
        git(&tree, &["commit", "-q", "-m", "All of it"])?;
    }
    git(&tree, &["reset", "-q", "--hard", "main"])?;
    Ok(tree)
}

/// Runs Git in a repository, with an author of its own.
pub(super) fn git(tree: &Path, args: &[&str]) -> Result<(), String> {
    let mut command = Command::new("git");
    command
        .current_dir(tree)
        .args(["-c", "user.name=bench", "-c", "user.email=bench@example.invalid"])
        .args(args);
    super::quiet(&mut command)
}

/// The ratio to `istioctl analyze`, where that is on PATH.
fn beside_istioctl(meshc: &Path) -> Result<(), String> {
    if Command::new("istioctl").arg("version").arg("--remote=false").output().is_err() {
        println!("\nistioctl is not on PATH: no ratio");
        return Ok(());
    }
    for (services, ..) in SIZES.into_iter().take(3) {
        let tree = Shape::plain(services).tree()?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            ours.push(run(&mut check(meshc, &tree, &[".", "--no-cache"])())?.wall.as_secs_f64());
            let mut analyze = Command::new("istioctl");
            analyze.current_dir(&tree).args(["analyze", "-A", "--use-kube=false", "--recursive", "."]);
            theirs.push(run(&mut analyze)?.wall.as_secs_f64());
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!("N={services}: istioctl analyze {theirs:.2} s, {:.0} times as long", theirs / ours);
    }
    Ok(())
}
