//! Every recorded request of real Envoy under real Istio, answered from the YAML alone: compiler and interpreter
//! together, in this process.

#[path = "../../trace/tests/oracle/compare.rs"]
mod compare;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_trace::{Query, Tracer};
use serde_json::Value;

/// Right answers and all requests of one family of cases.
#[derive(Debug, Default)]
struct Tally {
    right: usize,
    total: usize,
    /// For each kind of difference how often, and the first.
    wrong: BTreeMap<String, (usize, String)>,
}

fn recordings(kind: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle").join(kind);
    folder.is_dir().then_some(folder)
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("readable").flatten();
    let mut cases: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

fn replay(case: &Path, tally: &mut Tally) {
    let label = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(case.join("input.yaml")).expect("the case has an input");
    let sources = SourceSet::new(vec![SourceFile::new("input.yaml", text)]);
    let outcome = meshc_resources::read(&sources, &Limits::default());
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    let tracer = Tracer::new(&mesh, &sources);
    let lines = fs::read_to_string(case.join("requests.jsonl")).expect("requests");
    for (at, line) in lines.lines().enumerate() {
        let recorded: Value = serde_json::from_str(line).expect("JSON");
        let query = Query::from_line(line).unwrap_or_else(|e| panic!("{e}"));
        tally.total += 1;
        let differences = match tracer.trace(&query) {
            Ok(answer) => compare::differences(&recorded, &answer),
            Err(error) => vec![error.to_string()],
        };
        let Some(first) = differences.first() else {
            tally.right += 1;
            continue;
        };
        let kind: String = first.chars().take_while(|c| !matches!(c, ' ' | '`')).collect();
        let all = differences.join("; ");
        let entry = tally.wrong.entry(kind);
        entry.or_insert_with(|| (0, format!("{label}.{at} {}: {all}", recorded["request"]))).0 += 1;
    }
}

/// Replays the cases whose names begin so, and says how many answers are right.
fn family(folder: &str, start: char) -> Option<Tally> {
    let mut err = std::io::stderr().lock();
    let Some(root) = recordings(folder) else {
        let _ = writeln!(err, "skipped: no ../shared");
        return None;
    };
    let mut tally = Tally::default();
    let of_family =
        |case: &&PathBuf| case.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start));
    for case in cases(&root).iter().filter(of_family) {
        replay(case, &mut tally);
    }
    let _ = writeln!(err, "{start}: {} of {} answers are Envoy's", tally.right, tally.total);
    for (count, first) in tally.wrong.values() {
        let _ = writeln!(err, "  {count} × {first}");
    }
    Some(tally)
}

#[test]
fn one_gateway_and_one_sidecar() {
    let Some(tally) = family("requests", 'r') else { return };
    assert_eq!((tally.right, tally.total), (11_200, 11_200));
}

#[test]
fn istios_api_across_namespaces() {
    let Some(tally) = family("meshes", 'm') else { return };
    assert!(tally.right >= 5_951, "{} of {}", tally.right, tally.total);
}

#[test]
fn the_gateway_api() {
    let Some(tally) = family("meshes", 'g') else { return };
    assert_eq!((tally.right, tally.total), (2_783, 2_783));
}
