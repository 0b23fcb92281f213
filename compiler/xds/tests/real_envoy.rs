//! What `trace` says beside what real Envoy does under the configuration that is written for it: the recorded worlds, and
//! meshes and requests made by chance (`MESHC_REQUESTS` of each). A part in every run, all of them with `cargo xtask agree`.

mod replay;

use std::fs;
use std::path::{Path, PathBuf};

use meshc_testkit::meshes::{Style, mesh, requests};
use meshc_testkit::parts;
use replay::{World, compare};

fn cases(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut cases: Vec<_> = entries.filter(|path| path.join("input.yaml").is_file()).collect();
    cases.sort();
    cases
}

fn recorded(test: &str, kind: &str, one_of: usize) {
    let Some(oracle) = meshc_testkit::shared(test, "oracle") else { return };
    let world = |case: PathBuf| {
        let read = |name: &str| fs::read_to_string(case.join(name)).expect("the case is whole");
        let label = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lines: Vec<String> = read("requests.jsonl").lines().map(ToOwned::to_owned).collect();
        World::new(label, vec![("input.yaml".to_owned(), read("input.yaml"))]).asked(lines)
    };
    let worlds: Vec<World> =
        parts::members(cases(&oracle.join(kind)), one_of).into_iter().map(world).collect();
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
    let count = std::env::var("MESHC_REQUESTS").ok().and_then(|number| number.parse().ok()).unwrap_or(40);
    let world = |seed| {
        let lines = requests(seed, Style::Requests, count).into_iter().map(|line| line.to_string());
        let text = mesh(seed, Style::Requests);
        World::new(format!("seed {seed}"), vec![("mesh.yaml".to_owned(), text)]).asked(lines)
    };
    let worlds: Vec<World> = parts::cases(6).map(world).collect();
    compare("meshes_made_by_chance", &worlds);
}
