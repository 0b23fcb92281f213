//! The recorded requests as `meshc up --proxy envoy --requests` sends them: a process, a whole mesh of real Envoys, real
//! sockets; every answer is the recorded one. More than 40 of the cases in every run, all with `cargo xtask agree`.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use common::{json, meshc};
use meshc_effective::model::{EffectiveMesh, ProxyKind};
use meshc_mesh::Mesh;
use meshc_source::SourceSet;
use meshc_syntax::Limits;
use meshc_testkit::headers::is_own;
use meshc_testkit::parts;
use serde_json::{Map, Value};

/// The header that the recorded service itself sends.
const OF_THE_SERVICE: &str = "server-timing";

/// The answer to a line that asks for a table which no listener serves.
const UNSERVED: &str = "serves the route table";

#[derive(Default)]
struct Tally {
    cases: u64,
    answers: u64,
    /// That a gateway of the mesh took on.
    taken_on: u64,
    unserved: u64,
    wrong: Vec<String>,
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut cases: Vec<_> = entries.filter(|path| path.join("requests.jsonl").is_file()).collect();
    cases.sort();
    cases
}

/// Whether the end of `up` is that of a run in which all went well: without a line that no listener serves it has nothing
/// to complain of.
fn ended_well(status: Option<i32>, unserved: bool) -> bool {
    status == Some(if unserved { 2 } else { 0 })
}

fn replay(case: &Path, tally: &mut Tally) {
    let label = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let requests = case.join("requests.jsonl");
    let recorded = fs::read_to_string(&requests).expect("requests");
    let output = meshc()
        .args(["up", "--once", "--allow-errors", "--proxy", "envoy", "--format", "json"])
        .arg("--requests")
        .args([requests, case.join("input.yaml")])
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text.lines().count(), recorded.lines().count(), "{label}: {said}");
    tally.cases += 1;
    let sources =
        SourceSet::of("input.yaml", &fs::read_to_string(case.join("input.yaml")).expect("an input"));
    let outcome = meshc_resources::read(&sources, &Limits::default());
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    let mut unserved = false;
    for (at, (recorded, answer)) in recorded.lines().map(json).zip(text.lines().map(json)).enumerate() {
        if answer["error"].as_str().is_some_and(|error| error.contains(UNSERVED)) {
            tally.unserved += 1;
            unserved = true;
            continue;
        }
        tally.answers += 1;
        if taken_on(&mesh, &recorded, &answer) {
            tally.taken_on += 1;
            continue;
        }
        let found = differences(&recorded["expect"], &answer);
        if !found.is_empty() {
            tally.wrong.push(format!("{label}.{at} {}: {}", recorded["request"], found.join("; ")));
        }
    }
    if !ended_well(output.status.code(), unserved) {
        let last: Vec<&str> = said.lines().rev().take(5).collect();
        tally.wrong.push(format!("{label} ended with {}: {}", output.status, last.join("\n")));
    }
}

/// Whether a gateway of the mesh got the request: here it answers as it is configured, where the recording had the same
/// service behind every cluster. `up` itself holds such an answer against what the compiler says of both proxies.
fn taken_on(mesh: &EffectiveMesh, recorded: &Value, answer: &Value) -> bool {
    let proxy = recorded["proxy"].as_str().and_then(|name| mesh.find(name).ok());
    let taken = answer["destinations"][0][0].as_str();
    let cluster = proxy.zip(taken).and_then(|(proxy, taken)| proxy.clusters.get(taken));
    let endpoints =
        cluster.into_iter().flat_map(|cluster| &cluster.endpoints).flat_map(|group| &group.endpoints);
    endpoints.into_iter().any(|endpoint| {
        mesh.proxies.iter().any(|proxy| {
            proxy.kind == ProxyKind::Gateway
                && endpoint.pod.as_ref() == Some(&proxy.id.name)
                && endpoint.namespace.as_ref() == Some(&proxy.id.namespace)
        })
    })
}

/// How an answer differs from the recorded one, as far as a client sees it.
fn differences(recorded: &Value, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut same = |what: &str, want: &Value, got: &Value| {
        if want != got {
            found.push(format!("{what}: {got}, not {want}"));
        }
    };
    same("status", &recorded["status"], &answer["status"]);
    same("location", &recorded["location"], &answer["location"]);
    if !answer["route"].is_null() {
        same("route", &recorded["route"], &answer["route"]);
    }
    if recorded.get("body").is_some() {
        same("body", &recorded["body"], &answer["body"]);
    }
    let destinations = recorded["destinations"].as_array().map(Vec::as_slice).unwrap_or_default();
    if let Some(taken) = answer["destinations"][0].get(0) {
        let may = destinations.iter().any(|one| one[0] == *taken && one[1] != 0);
        same(&format!("{taken} is a destination"), &true.into(), &may.into());
    }
    let varies = |side: &str| -> BTreeSet<&str> {
        recorded["varies"][side].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (want, got) = (&recorded["response_headers"], &answer["response_headers"]);
    let varying = varies("response");
    // A body that a proxy makes has a type that it chose.
    let skipped = |name: &str| {
        name == OF_THE_SERVICE
            || varying.contains(name)
            || (name == "content-type" && answer["upstream"].is_null())
    };
    for name in names(want, got).into_iter().filter(|name| !skipped(name)) {
        same(&format!("response header {name}"), &want[&name], &got[&name]);
    }
    let (Some(want), got) = (recorded.get("upstream"), &answer["upstream"]) else {
        same("arrives", &false.into(), &(!answer["upstream"].is_null()).into());
        return found;
    };
    if got.is_null() {
        same("arrives", &true.into(), &false.into());
        return found;
    }
    same("path", &want["path"], &got["path"]);
    same("authority", &want["authority"], &got["authority"]);
    same("timeout_ms", &recorded["timeout_ms"], &answer["timeout_ms"]);
    let varying = varies("upstream");
    let (want, got) = (&want["headers"], &got["headers"]);
    for name in names(want, got) {
        let is_asked = want.get(&name).is_some();
        if !varying.contains(name.as_str()) && (is_asked || !is_own(&name)) {
            same(&format!("header {name}"), &want[&name], &got[&name]);
        }
    }
    found
}

/// The names in either of two objects.
fn names(one: &Value, other: &Value) -> BTreeSet<String> {
    let of =
        |value: &Value| value.as_object().map(Map::keys).into_iter().flatten().cloned().collect::<Vec<_>>();
    of(one).into_iter().chain(of(other)).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the number is what this test is for")]
fn recorded_requests_by_up() {
    const TEST: &str = "recorded_requests_by_up";
    let Some(oracle) = meshc_testkit::shared(TEST, "oracle") else { return };
    if meshc_testkit::envoy(TEST).is_none() {
        return;
    }
    let oracle = oracle.canonicalize().expect("a directory");
    let all: Vec<PathBuf> =
        ["requests", "meshes"].into_iter().flat_map(|kind| cases(&oracle.join(kind))).collect();
    let some = parts::members(all, 6);
    let enough = some.is_empty() || some.len() >= 40 || std::env::var_os(parts::FROM).is_some();
    assert!(enough, "{} cases", some.len());
    let mut tally = Tally::default();
    for case in &some {
        replay(case, &mut tally);
    }
    for text in tally.wrong.iter().take(12) {
        println!("  {text}");
    }
    parts::found(&[
        ("cases", tally.cases),
        ("answers", tally.answers),
        ("that a gateway of the mesh took on", tally.taken_on),
        ("differing", tally.wrong.len() as u64),
        ("of tables that no listener serves", tally.unserved),
    ]);
    assert!(tally.wrong.is_empty(), "{} answers differ", tally.wrong.len());
}
