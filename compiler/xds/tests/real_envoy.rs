//! What `trace` says beside what real Envoy does under the configuration that is written for it: the recorded worlds, and
//! meshes and requests made by chance. A part in every run, all with `MESHC_AGREE=all` (`cargo xtask agree`; `MESHC_MESHES`
//! meshes, 200, of `MESHC_REQUESTS` requests, 100, from `MESHC_SEED` on).

mod replay;

use std::fs;
use std::path::{Path, PathBuf};

use meshc_testkit::meshes::{Style, mesh, requests};
use replay::{World, compare};

fn everything() -> bool {
    std::env::var("MESHC_AGREE").is_ok_and(|what| what == "all")
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

fn cases(root: &Path, one_of: usize) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut cases: Vec<_> = entries.filter(|path| path.join("input.yaml").is_file()).collect();
    cases.sort();
    cases.into_iter().step_by(if everything() { 1 } else { one_of }).collect()
}

fn recorded(test: &str, kind: &str, one_of: usize) {
    let Some(oracle) = meshc_testkit::shared(test, "oracle") else { return };
    let world = |case: PathBuf| {
        let read = |name: &str| fs::read_to_string(case.join(name)).expect("the case is whole");
        let label = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        World {
            label,
            text: read("input.yaml"),
            lines: read("requests.jsonl").lines().map(ToOwned::to_owned).collect(),
        }
    };
    let worlds: Vec<World> = cases(&oracle.join(kind), one_of).into_iter().map(world).collect();
    compare(test, &worlds);
}

#[test]
fn recorded_requests() {
    recorded("recorded_requests", "requests", 7);
}

#[test]
fn recorded_meshes() {
    recorded("recorded_meshes", "meshes", 6);
}

#[test]
fn meshes_made_by_chance() {
    let (meshes, count) =
        if everything() { (number("MESHC_MESHES", 200), number("MESHC_REQUESTS", 100)) } else { (6, 40) };
    let start = number("MESHC_SEED", 0);
    let world = |seed: usize| {
        let seed = u64::try_from(seed).unwrap_or_default();
        let lines = requests(seed, Style::Requests, count).iter().map(ToString::to_string).collect();
        World { label: format!("seed {seed}"), text: mesh(seed, Style::Requests), lines }
    };
    let worlds: Vec<World> = (start..start + meshes).map(world).collect();
    compare("meshes_made_by_chance", &worlds);
}
