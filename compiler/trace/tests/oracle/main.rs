//! Every recorded request of real Envoy, answered by the interpreter from the route tables that real Istio
//! generated: independent of the compiler, because the tables are read from the recording.

mod compare;
mod convert;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use meshc_effective::model::{EffectiveMesh, Origin, Proxy, ProxyId, ProxyKind};
use meshc_source::{FileId, SourceSet, Span};
use meshc_trace::{Query, Tracer};
use serde_json::Value;

/// The folder beside the workspace that holds the recordings.
fn recordings(kind: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle").join(kind);
    folder.is_dir().then_some(folder)
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A proxy for each recorded table, called by its file.
fn proxy(case: &Path, stem: &str) -> Arc<Proxy> {
    let table = convert::table(&read(&case.join(format!("{stem}.route_table.json"))));
    let node = stem.split('@').next().unwrap_or(stem);
    let clusters = case.join(format!("{node}.clusters.json"));
    let clusters = if clusters.exists() {
        let known = read(&clusters);
        let known = known.as_object().expect("an object");
        convert::clusters(known.iter().map(|(name, up)| (name.as_str(), up.as_bool().unwrap_or_default())))
    } else {
        convert::clusters(convert::cluster_names(&table).iter().map(|name| (name.as_str(), true)))
    };
    Arc::new(Proxy {
        id: ProxyId { name: stem.to_owned(), namespace: "recorded".to_owned() },
        kind: if node.contains("gateway") || node.starts_with("edge") {
            ProxyKind::Gateway
        } else {
            ProxyKind::Sidecar
        },
        workload: stem.to_owned(),
        labels: BTreeMap::new().into(),
        service_account: String::new(),
        security: Arc::default(),
        settings: Arc::default(),
        reading: meshc_effective::model::Reading::default(),
        telemetry: Arc::default(),
        extensions: Arc::default(),
        patches: Arc::default(),
        ip: "10.0.0.1".to_owned(),
        listeners: Vec::new(),
        tables: BTreeMap::from([(table.name.clone(), Arc::new(table))]).into(),
        clusters,
        origin: Origin::new(Span::start_of(FileId(0)), "recorded"),
    })
}

struct Tally {
    right: usize,
    total: usize,
    wrong: Vec<String>,
}

fn replay(root: &Path) -> Tally {
    let mut tally = Tally { right: 0, total: 0, wrong: Vec::new() };
    let mut cases: Vec<_> =
        std::fs::read_dir(root).expect("readable").map(|e| e.expect("entry").path()).collect();
    cases.sort();
    for case in cases {
        let mut stems: Vec<String> = std::fs::read_dir(&case)
            .expect("readable")
            .filter_map(|e| {
                e.ok()?.file_name().to_str()?.strip_suffix(".route_table.json").map(str::to_owned)
            })
            .collect();
        stems.sort();
        let mesh = EffectiveMesh {
            proxies: stems.iter().map(|s| proxy(&case, s)).collect(),
            ..EffectiveMesh::default()
        };
        let sources = SourceSet::of("recorded.yaml", "");
        let tracer = Tracer::new(&mesh, &sources);
        let lines = std::fs::read_to_string(case.join("requests.jsonl")).expect("requests");
        for (at, line) in lines.lines().enumerate() {
            let recorded: Value = serde_json::from_str(line).expect("json");
            let mut query = Query::from_line(line).unwrap_or_else(|e| panic!("{e}"));
            if let Some(file) = recorded["table_file"].as_str() {
                file.clone_into(&mut query.proxy);
            }
            tally.total += 1;
            let differences = match tracer.why(&query) {
                Ok(story) => {
                    assert!(!meshc_trace::render_story(&story).is_empty());
                    compare::differences(&recorded, &story.answer)
                }
                Err(error) => vec![error.to_string()],
            };
            if differences.is_empty() {
                tally.right += 1;
            } else {
                let name = case.file_name().unwrap_or_default().to_string_lossy();
                tally.wrong.push(format!("{name}.{at} {}: {}", recorded["request"], differences.join("; ")));
            }
        }
    }
    tally
}

fn all_as_recorded(kind: &str, count: usize) {
    let Some(root) = recordings(kind) else {
        #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            eprintln!("skipped: no ../shared");
        }
        return;
    };
    let tally = replay(&root);
    let shown: Vec<_> = tally.wrong.iter().take(10).map(String::as_str).collect();
    assert_eq!((tally.right, tally.total), (count, count), "\n{}", shown.join("\n"));
}

#[test]
fn every_recorded_request_of_one_gateway_and_one_sidecar() {
    all_as_recorded("requests", 11_200);
}

#[test]
fn every_recorded_request_of_the_richer_worlds() {
    all_as_recorded("meshes", 8_734);
}
