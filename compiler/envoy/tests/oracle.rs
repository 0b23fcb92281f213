//! Reads what a real control plane sent real proxies, and writes it back unchanged.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};

use meshc_envoy::{Cluster, ClusterLoadAssignment, Listener, RouteConfiguration, protojson};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn oracle() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle/xds");
    if root.is_dir() {
        return Some(root);
    }
    eprintln!("skipped: no ../shared");
    None
}

/// Reads every resource of a file and compares what is written with what was read.
fn round_trip<T: DeserializeOwned + Serialize>(file: &Path, refused: &mut Vec<String>) -> usize {
    let Ok(bytes) = std::fs::read(file) else { return 0 };
    let Ok(Value::Array(resources)) = protojson::value_from_slice(&bytes) else {
        panic!("{} is not a list", file.display())
    };
    let mut read = 0;
    for resource in resources {
        match protojson::from_value::<T>(resource.clone()) {
            Ok(typed) => {
                read += 1;
                let written = serde_json::to_value(&typed).unwrap();
                if let Some(difference) = difference(&written, &resource) {
                    refused.push(format!("{}: {difference}", file.display()));
                }
            }
            Err(error) => refused.push(format!("{}: {error}", file.display())),
        }
    }
    read
}

/// The first place where two trees differ; whole numbers are equal with and without a decimal point.
fn difference(written: &Value, read: &Value) -> Option<String> {
    match (written, read) {
        (Value::Object(a), Value::Object(b)) => a.keys().chain(b.keys()).find_map(|key| {
            let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            difference(a, b).map(|deeper| format!(".{key}{deeper}"))
        }),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .enumerate()
            .find_map(|(i, (a, b))| difference(a, b).map(|deeper| format!("[{i}]{deeper}"))),
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (a, b) if a == b => None,
        (a, b) => Some(format!(": wrote {a} for {b}")),
    }
}

#[test]
fn what_istiod_sends_is_read_and_written_unchanged() {
    let Some(root) = oracle() else { return };
    let (mut refused, mut read) = (Vec::new(), 0);
    let mut cases: Vec<_> = std::fs::read_dir(root).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    for case in cases {
        // The other cases hold every extension that Istio can configure.
        if !case.file_name().unwrap().to_string_lossy().starts_with('r') {
            continue;
        }
        let proxies = std::fs::read_dir(&case).unwrap().map(|proxy| proxy.unwrap().path());
        for proxy in proxies.filter(|proxy| proxy.is_dir()) {
            read += round_trip::<Listener>(&proxy.join("lds.json"), &mut refused);
            read += round_trip::<RouteConfiguration>(&proxy.join("rds.json"), &mut refused);
            read += round_trip::<Cluster>(&proxy.join("cds.json"), &mut refused);
            read += round_trip::<ClusterLoadAssignment>(&proxy.join("eds.json"), &mut refused);
        }
    }
    let shown: Vec<_> =
        refused.iter().take(3).map(|text| text.chars().take(2000).collect::<String>()).collect();
    assert!(refused.is_empty(), "{} of {read}: {shown:#?}", refused.len());
    assert!(read > 100, "only {read} resources were there");
}
