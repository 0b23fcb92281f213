//! Clusters and endpoints against what Istio's control plane sent for the same YAML.

#![allow(dead_code, reason = "the support files serve other tests too")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use meshc_effective::model::{Address, Cluster, Proxy};
use serde_json::Value;
use support::{cases, compile, shared};

/// Kinds and settings that this version refuses or leaves to a later one.
const NOT_YET: [&str; 3] = ["kind: Sidecar", "kind: ConfigMap", "credentialName:"];

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("the file is there")).expect("it is JSON")
}

fn skipped() {
    let _ = writeln!(std::io::stderr().lock(), "skipped: no ../shared");
}

/// The proxies of a case, compiled, if all of it is implemented.
fn proxies(case: &Path) -> Option<meshc_effective::model::EffectiveMesh> {
    let text = fs::read_to_string(case.join("input.yaml")).ok()?;
    if NOT_YET.iter().any(|feature| text.contains(feature)) {
        return None;
    }
    Some(compile(vec![("input.yaml".to_owned(), text)]).0)
}

fn of_name(case: &Path, starts: &[char]) -> bool {
    case.file_name().is_some_and(|name| name.to_string_lossy().starts_with(starts))
}

/// Lines that only one side has.
fn assert_same(what: &str, recorded: &BTreeSet<String>, made: &BTreeSet<String>) {
    let missing: Vec<_> = recorded.difference(made).collect();
    let extra: Vec<_> = made.difference(recorded).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{what}:\nmissing {missing:#?}\nextra {extra:#?}");
}

#[test]
fn clusters_and_whether_they_have_endpoints_are_istios() {
    let Some(folder) = shared("meshes") else { return skipped() };
    let mut compared = 0;
    for case in cases(&folder).iter().filter(|case| of_name(case, &['m'])) {
        let Some(mesh) = proxies(case) else { continue };
        for entry in fs::read_dir(case).expect("the case is a folder").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(name) = name.strip_suffix(".clusters.json") else { continue };
            let proxy = mesh.find(name).expect("the proxy is there");
            let recorded = read(&entry.path());
            let recorded =
                recorded.as_object().expect("an object").iter().map(|(name, has)| format!("{name} {has}"));
            let made = proxy.clusters.values().map(|cluster| {
                // The black hole has none by design, and the capture points are recorded as having some.
                format!("{} {}", cluster.name, cluster.has_endpoints())
            });
            assert_same(&format!("{case:?} {name}"), &recorded.collect(), &made.collect());
            compared += 1;
        }
    }
    assert!(compared >= 40, "{compared} proxies compared");
}

#[test]
fn clusters_and_endpoints_are_istios() {
    let Some(folder) = shared("xds") else { return skipped() };
    let mut compared = 0;
    for case in cases(&folder).iter().filter(|case| of_name(case, &['r', 'm'])) {
        let Some(mesh) = proxies(case) else { continue };
        for proxy_folder in cases(case) {
            let name = proxy_folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let proxy = mesh.find(&name).expect("the proxy is there");
            let label = format!("{case:?} {name}");
            let clusters = read(&proxy_folder.join("cds.json"));
            assert_same(&label, &recorded_clusters(&clusters), &made_clusters(proxy));
            let endpoints = read(&proxy_folder.join("eds.json"));
            assert_same(&label, &recorded_endpoints(&endpoints), &made_endpoints(proxy));
            compared += 1;
        }
    }
    assert!(compared >= 20, "{compared} proxies compared");
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn recorded_clusters(clusters: &Value) -> BTreeSet<String> {
    let line = |cluster: &Value| {
        let policy = cluster.get("lb_policy").and_then(Value::as_str).unwrap_or("ROUND_ROBIN");
        let kind = cluster.get("type").and_then(Value::as_str).unwrap_or("STATIC");
        format!("{} {kind} {policy} {}", text(cluster, "name"), text(cluster, "connect_timeout"))
    };
    items(clusters).map(line).collect()
}

fn made_clusters(proxy: &Proxy) -> BTreeSet<String> {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let line = |cluster: &std::sync::Arc<Cluster>| {
        let kind = word(serde_json::to_value(cluster.kind).expect("a word"));
        let policy = word(serde_json::to_value(cluster.load_balancer).expect("a word"));
        format!("{} {kind} {policy} {}s", cluster.name, cluster.connect_timeout.as_secs())
    };
    proxy.clusters.values().map(line).collect()
}

fn recorded_endpoints(assignments: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for assignment in items(assignments) {
        for group in items(&assignment["endpoints"]) {
            for endpoint in items(&group["lb_endpoints"]) {
                let socket = &endpoint["endpoint"]["address"]["socket_address"];
                let (address, port) = (text(socket, "address"), &socket["port_value"]);
                let weight = &endpoint["load_balancing_weight"];
                lines.insert(format!("{} {address}:{port} × {weight}", text(assignment, "cluster_name")));
            }
        }
    }
    lines
}

fn made_endpoints(proxy: &Proxy) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let discovered =
        |cluster: &&std::sync::Arc<Cluster>| cluster.kind == meshc_effective::model::ClusterKind::Eds;
    for cluster in proxy.clusters.values().filter(discovered) {
        for endpoint in cluster.endpoints.iter().flat_map(|group| &group.endpoints) {
            let Address::Socket { address, port } = &endpoint.address else { continue };
            lines.insert(format!("{} {address}:{port} × {}", cluster.name, endpoint.share()));
        }
    }
    lines
}
