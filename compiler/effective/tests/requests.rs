//! Route tables against those that Istio's control plane made for the same YAML.

#![allow(dead_code, reason = "the support files serve other tests too")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use support::{cases, compile, json, shared};

/// What became of the tables of a folder.
#[derive(Debug, Default)]
struct Tally {
    equal: usize,
    different: Vec<(String, String)>,
    /// Of cases that use something that is not implemented yet.
    equal_all_the_same: usize,
    not_yet: usize,
}

/// Kinds and settings that this version refuses or leaves to a later one; a case with one of them counts apart.
const NOT_YET: [&str; 1] = ["credentialName:"];

fn compare(tally: &mut Tally, case: &Path) {
    let text = fs::read_to_string(case.join("input.yaml")).expect("the case has an input");
    let not_yet = NOT_YET.iter().any(|feature| text.contains(feature));
    let (mesh, _) = compile(vec![("input.yaml".to_owned(), text)]);
    let mut files: Vec<_> =
        fs::read_dir(case).expect("the case is a folder").flatten().map(|e| e.path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(of) = name.strip_suffix(".route_table.json") else { continue };
        let recorded: Value =
            serde_json::from_str(&fs::read_to_string(&file).expect("readable")).expect("JSON");
        let proxy = of.split('@').next().unwrap_or(of);
        let table = recorded["name"].as_str().unwrap_or_default().to_owned();
        let made = mesh.find(proxy).ok().and_then(|proxy| proxy.tables.get(&table));
        let label = format!("{}/{of}", case.file_name().unwrap_or_default().to_string_lossy());
        let Some(made) = made else {
            if not_yet {
                tally.not_yet += 1;
                continue;
            }
            tally.different.push((label, format!("there is no table {table}")));
            continue;
        };
        let (expected, made) = (json::recorded(recorded), json::recorded(json::table(made)));
        match difference("", &expected, &made) {
            None if not_yet => tally.equal_all_the_same += 1,
            None => tally.equal += 1,
            Some(_) if not_yet => tally.not_yet += 1,
            Some(difference) => tally.different.push((label, difference)),
        }
    }
}

/// The first place at which two values differ.
fn difference(path: &str, expected: &Value, made: &Value) -> Option<String> {
    match (expected, made) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter().find_map(|key| {
                let null = Value::Null;
                difference(&format!("{path}.{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            (0..).zip(a.iter().zip(b)).find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        (Value::Array(a), Value::Array(b)) => {
            let names = |values: &[Value]| {
                values.iter().map(|v| v.get("name").unwrap_or(v).to_string()).collect::<Vec<_>>().join(" ")
            };
            Some(format!(
                "{path}: {} instead of {}:\n  recorded {}\n  made     {}",
                b.len(),
                a.len(),
                names(a),
                names(b)
            ))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{path}: recorded {a}, made {b}")),
    }
}

fn report(what: &str, tally: &Tally) {
    let mut classes: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (case, difference) in &tally.different {
        let class: String =
            difference.chars().take_while(|c| *c != ':').filter(|c| !c.is_ascii_digit()).collect();
        let entry = classes.entry(class).or_insert_with(|| (0, format!("{case}: {difference}")));
        entry.0 += 1;
    }
    let mut out = std::io::stderr().lock();
    let (equal, different) = (tally.equal, tally.different.len());
    let _ = writeln!(out, "{what}: {equal} tables equal, {different} different");
    let (equal, different) = (tally.equal_all_the_same, tally.not_yet);
    let _ = writeln!(
        out,
        "{what}, with what is not implemented yet: {equal} tables equal, {different} different"
    );
    let mut classes: Vec<_> = classes.into_values().collect();
    classes.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    for (count, example) in classes {
        let _ = writeln!(out, "{count} × {example}");
    }
}

fn skipped() {
    let _ = writeln!(std::io::stderr().lock(), "skipped: no ../shared");
}

#[test]
fn route_tables_of_requests_are_istios() {
    let Some(folder) = shared("requests") else { return skipped() };
    let mut tally = Tally::default();
    for case in cases(&folder) {
        compare(&mut tally, &case);
    }
    report("requests", &tally);
    assert!(tally.equal >= 280, "{} of 280 route tables are Istio's", tally.equal);
}

#[test]
fn route_tables_of_the_gateway_api_are_istios() {
    let Some(folder) = shared("meshes") else { return skipped() };
    let mut tally = Tally::default();
    let of_gateway_api = |case: &&std::path::PathBuf| {
        case.file_name().is_some_and(|name| name.to_string_lossy().starts_with('g'))
    };
    for case in cases(&folder).iter().filter(of_gateway_api) {
        compare(&mut tally, case);
    }
    report("Gateway API", &tally);
    assert!(tally.different.is_empty(), "{} tables differ from Istio's", tally.different.len());
    assert!(tally.equal >= 351, "{} of 351 route tables are Istio's", tally.equal);
}

#[test]
fn route_tables_of_richer_meshes_are_istios() {
    let Some(folder) = shared("meshes") else { return skipped() };
    let mut tally = Tally::default();
    let of_istios_api = |case: &&std::path::PathBuf| {
        case.file_name().is_some_and(|name| name.to_string_lossy().starts_with('m'))
    };
    for case in cases(&folder).iter().filter(of_istios_api) {
        compare(&mut tally, case);
    }
    report("meshes", &tally);
    assert!(tally.different.is_empty(), "{} tables differ from Istio's", tally.different.len());
    assert!(tally.equal >= 504, "{} of 504 route tables are Istio's", tally.equal);
    assert!(tally.equal_all_the_same >= 245, "{} of 245 tables of later cases", tally.equal_all_the_same);
}
