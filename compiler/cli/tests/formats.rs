//! The formats for machines: valid, whole, and the same every time.

mod common;

use std::fs;

use common::{bookshop, copy, edit, expect, json};
use serde_json::Value;

/// The bookshop with mistakes of several kinds, in several files.
fn broken() -> tempfile::TempDir {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    copy(&bookshop(), root);
    edit(&root.join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    edit(&root.join("shop/routes.yaml"), "host: ratings", "host: ratngs");
    fs::write(root.join("päth with blanks.yaml"), "kind: [\n").expect("a file");
    fs::write(root.join("latin.yaml"), b"a: \xe9\n").expect("a file");
    let entry = "apiVersion: networking.istio.io/v1\nkind: VirtualServce\nmetadata: {name: \"a<&>b\"}\n---\n\
                 apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\nspec: {hosts: [x], htp: []}\n";
    fs::write(root.join("kinds.yaml"), entry).expect("a file");
    tree
}

#[test]
fn sarif_is_valid_and_carries_fixes_and_help() {
    let tree = broken();
    let log = json(&expect(tree.path(), &["check", ".", "--format", "sarif"], 1));
    let schema: Value = json(include_str!("sarif.schema.json"));
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, [""; 0]);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert!(results.len() > 6, "{results:?}");
    for result in results {
        let rule = &rules[result["ruleIndex"].as_u64().expect("an index") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().is_some_and(|text| text.contains("## What it does")));
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(place.as_str().is_some_and(|uri| uri.is_ascii() && !uri.contains(' ')), "{place}");
    }
    assert!(results.iter().any(|result| result["fixes"][0]["artifactChanges"][0]["replacements"].is_array()));
}

#[test]
fn junit_is_well_formed_and_counts_what_it_lists() {
    let tree = broken();
    let xml = expect(tree.path(), &["check", ".", "--format", "junit"], 1);
    let mut open = Vec::new();
    let mut failures = 0;
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag that is closed");
        assert!(
            !text.contains(['&']) || ["&lt;", "&gt;", "&amp;", "&quot;"].iter().any(|e| text.contains(e)),
            "{text}"
        );
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        failures += usize::from(name == "failure" && !tag.starts_with('/'));
        if tag.starts_with('?') || tag.ends_with('/') {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0]);
    assert!(
        xml.contains(&format!("failures=\"{failures}\" errors=\"0\">\n  <testsuite")),
        "{failures} {xml}"
    );
}

#[test]
fn every_format_says_the_same_every_time() {
    let tree = broken();
    for format in ["human", "json", "sarif", "github", "junit"] {
        let first = expect(tree.path(), &["check", ".", "--format", format], 1);
        for _ in 0..4 {
            assert_eq!(expect(tree.path(), &["check", ".", "--format", format], 1), first, "{format}");
        }
    }
    let out = json(&expect(tree.path(), &["check", ".", "--format", "json"], 1));
    let list = out["diagnostics"].as_array().expect("a list");
    let places: Vec<(String, u64)> = list
        .iter()
        .map(|finding| {
            let file = finding["file"].as_str().expect("a file").to_owned();
            (file, finding["start"]["offset"].as_u64().expect("an offset"))
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}
