//! The filters of security policies as Istio wrote them, beside ours: 60 recorded cases.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_xds::{Target, Writer};
use serde_json::Value;

/// What all proxies of a recorded case do.
fn compiled(case: &Path) -> EffectiveMesh {
    let text = fs::read_to_string(case.join("input.yaml")).expect("the case has an input");
    let sources = SourceSet::new(vec![SourceFile::new("input.yaml", text)]);
    let outcome = meshc_resources::read(&sources, &Limits::default());
    meshc_effective::compile(&Mesh::new(&outcome.resources))
}

#[test]
#[expect(clippy::print_stdout, reason = "the number is what this test is for")]
fn the_filters_are_those_that_istio_writes() {
    let Some(folder) = meshc_testkit::shared("authz filters", "oracle/authz") else { return };
    let (mut equal, mut total, mut wrong) = (0, 0, Vec::new());
    for case in folders(&folder) {
        let mesh = compiled(&case);
        let proxy = mesh.find("reviews-v2-0").expect("the case has this pod");
        let node = Writer::for_target(Target::IstioProxy).node(proxy);
        let listeners = serde_json::to_value(&node.listeners).expect("resources are JSON");
        let recorded = fs::read_to_string(case.join("http_filters.json")).expect("the case has filters");
        let recorded: Value = serde_json::from_str(&recorded).expect("they are JSON");
        let (theirs, ours) = (checks(&recorded), checks(&inbound(&listeners)));
        total += 1;
        if theirs == ours {
            equal += 1;
        } else {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = |filters: &[Value]| serde_json::to_string(filters).expect("JSON");
            wrong.push(format!("{name}\n- {}\n+ {}", text(&theirs), text(&ours)));
        }
    }
    println!("authz filters: {equal} of {total} equal");
    assert!(wrong.is_empty(), "{}", wrong.iter().take(2).cloned().collect::<Vec<_>>().join("\n"));
}

/// Of every recorded proxy: the different filters that check, wherever they stand, those of TCP included.
#[test]
#[expect(clippy::print_stdout, reason = "the number is what this test is for")]
fn every_recorded_filter_is_written() {
    let Some(folder) = meshc_testkit::shared("security filters", "oracle/xds") else { return };
    let (mut equal, mut total, mut wrong) = (0, 0, Vec::new());
    for case in folders(&folder) {
        let mesh = compiled(&case);
        let mut writer = Writer::for_target(Target::IstioProxy);
        for proxy in folders(&case) {
            let name = proxy.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let recorded = fs::read_to_string(proxy.join("lds.json")).expect("the proxy has listeners");
            let recorded: Value = serde_json::from_str(&recorded).expect("they are JSON");
            let theirs = all_checks(&recorded);
            let Ok(found) = mesh.find(&name) else { continue };
            let ours =
                all_checks(&serde_json::to_value(&writer.node(found).listeners).expect("resources are JSON"));
            total += 1;
            if theirs == ours {
                equal += 1;
            } else {
                let missing: Vec<_> = theirs.difference(&ours).collect();
                let extra: Vec<_> = ours.difference(&theirs).collect();
                wrong.push(format!("{}/{name}\n- {missing:?}\n+ {extra:?}", case.display()));
            }
        }
    }
    println!("security filters: {equal} of {total} proxies equal");
    assert!(equal * 100 >= total * 96, "{}", wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n"));
}

/// Every different filter that checks, anywhere.
fn all_checks(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match value {
        Value::Object(fields) => {
            let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
            let is_check = ["jwt_authn", "rbac", "ext_authz"].iter().any(|end| name.ends_with(end));
            if is_check && fields.contains_key("typed_config") {
                found.insert(value.to_string());
            }
            found.extend(fields.values().flat_map(all_checks));
        }
        Value::Array(items) => found.extend(items.iter().flat_map(all_checks)),
        _ => {}
    }
    found
}

/// The HTTP filters of the chain for the port 9080.
fn inbound(listeners: &Value) -> Value {
    let of = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let listeners = listeners.as_array().cloned().unwrap_or_default();
    let inbound =
        listeners.iter().find(|listener| listener["name"] == "virtualInbound").expect("it is there");
    let chains = of(inbound, "filter_chains");
    let managers = chains
        .iter()
        .filter(|chain| chain["filter_chain_match"]["destination_port"] == 9080)
        .flat_map(|chain| of(chain, "filters"));
    let filters = managers.map(|manager| manager["typed_config"]["http_filters"].clone());
    filters.into_iter().find(Value::is_array).unwrap_or_default()
}

/// Those that check.
fn checks(filters: &Value) -> Vec<Value> {
    let names = ["envoy.filters.http.jwt_authn", "envoy.filters.http.rbac", "envoy.filters.http.ext_authz"];
    let is_check = |filter: &&Value| filter["name"].as_str().is_some_and(|name| names.contains(&name));
    filters.as_array().into_iter().flatten().filter(is_check).cloned().collect()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
