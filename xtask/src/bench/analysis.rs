//! `cargo xtask bench analysis`: what is proved, from YAML to the answer.

use std::path::{Path, PathBuf};
use std::process::Command;

use meshc_testkit::workspace;

use super::check::{git, repository};
use super::measure::{Job, table};
use super::trees::{Shape, routes};
use super::{machine, release};

pub(super) fn bench(rounds: usize) -> Result<(), String> {
    let meshc = release(&workspace().join("target"))?;
    machine();
    let mut jobs = Vec::new();
    for (count, wall, peak) in [(1000, 0.2, 100), (10_000, 1.5, 250)] {
        let args = &["check", ".", "--no-cache", "--only", "routes"];
        let name = format!("{count} routes of one host");
        jobs.push(Job::new(name, (wall, Some(peak)), meshc_in(&meshc, &routes(count)?, args)));
    }
    for (services, wall, peak) in [(1000, 0.4, 200), (5000, 1.5, 700)] {
        let args = &["check", ".", "--no-cache", "--only", "mesh", "--only", "routes"];
        let name = format!("N={services}, routing and policy rules");
        jobs.push(Job::new(
            name,
            (wall, Some(peak)),
            meshc_in(&meshc, &Shape::plain(services).tree()?, args),
        ));
    }
    let tree = commits(5000)?;
    let name = "diff of a commit of 10 files, N=5000";
    jobs.push(Job::new(name, (1.0, Some(700)), meshc_in(&meshc, &tree, &["diff", "main", "edited"])));
    let name = "diff of equal trees, N=5000";
    jobs.push(Job::new(name, (0.3, None), meshc_in(&meshc, &tree, &["diff", "main", "empty"])));
    table(&jobs, rounds)
}

fn meshc_in(meshc: &Path, tree: &Path, args: &'static [&'static str]) -> impl Fn() -> Command + 'static {
    let (meshc, tree) = (meshc.to_path_buf(), tree.to_path_buf());
    move || {
        let mut command = Command::new(&meshc);
        command.current_dir(&tree).args(args);
        command
    }
}

/// A repository with a mesh, a commit of ten edited files (`edited`), and one that changes nothing (`empty`).
fn commits(services: usize) -> Result<PathBuf, String> {
    let tree = repository(services)?;
    git(&tree, &["checkout", "-q", "-B", "edited", "main"])?;
    for edit in 0..10 {
        let number = edit * services / 10;
        let file = tree.join(format!("team-{:04}/svc-{number:05}.yaml", number / 50));
        let old = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        let new = old.replace("weight: ", "weight: 1").replace("timeout: 5s", "timeout: 7s");
        std::fs::write(&file, new).map_err(|e| e.to_string())?;
    }
    git(&tree, &["commit", "-q", "-a", "-m", "Edit ten files"])?;
    git(&tree, &["checkout", "-q", "-B", "empty", "main"])?;
    git(&tree, &["commit", "-q", "--allow-empty", "-m", "Nothing"])?;
    git(&tree, &["checkout", "-q", "main"])?;
    Ok(tree)
}
