//! The engine against what an API server with Istio's definitions said, definition by definition.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use meshc_schema::{Nulls, Schema};
use meshc_source::FileId;
use meshc_syntax::{Limits, Node};
use serde_json::Value;

/// The schema of each version of each kind, by `apiVersion kind`.
fn definitions(path: &Path) -> BTreeMap<String, Schema> {
    let text = fs::read_to_string(path).expect("the definitions");
    let parsed = meshc_syntax::parse(FileId(0), &text, &Limits::default());
    let mut schemas = BTreeMap::new();
    for document in &parsed.documents {
        let definition = document.root.to_json();
        let (Some(group), Some(kind)) = (
            definition.pointer("/spec/group").and_then(Value::as_str),
            definition.pointer("/spec/names/kind").and_then(Value::as_str),
        ) else {
            continue;
        };
        for version in definition.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten() {
            let name = version["name"].as_str().expect("a version's name");
            let schema = Schema::compile(&version["schema"]["openAPIV3Schema"]);
            schemas.insert(format!("{group}/{name} {kind}"), schema);
        }
    }
    schemas
}

#[test]
fn definitions_are_applied_as_the_api_server_applies_them() {
    let Some(shared) = meshc_testkit::shared("definitions are applied", "") else { return };
    let schemas = definitions(&shared.join("samples/istio-crds.yaml"));
    let mut differences = Vec::new();
    let mut documents = 0;
    for file in ["istio-repository", "istio-unit-tests", "generated-from-schema", "generated-mutations"] {
        let lines = fs::read_to_string(shared.join(format!("oracle/validation/{file}.jsonl"))).expect(file);
        for line in lines.lines() {
            let case: Value = serde_json::from_str(line).expect("a case");
            let text = case["yaml"].as_str().expect("its YAML");
            let parsed = meshc_syntax::parse(FileId(0), text, &Limits::default());
            let Some(document) = parsed.documents.first() else { continue };
            let word = |key| document.root.get(key).and_then(Node::as_str).unwrap_or_default();
            let Some(schema) = schemas.get(&format!("{} {}", word("apiVersion"), word("kind"))) else {
                continue;
            };
            documents += 1;
            // The recording is of a later definition, which has this field of RequestAuthentication.
            if text.contains("presence:") {
                continue;
            }
            let found = schema.validate(&document.root, Nulls::Refused);
            let recorded = case["crd_error"].as_str();
            if found.is_empty() == recorded.is_some() {
                differences
                    .push(format!("{file} {}\n  recorded: {recorded:?}\n  ours: {found:?}", case["source"]));
            }
        }
    }
    let first = &differences[..differences.len().min(40)];
    assert!(differences.is_empty(), "{} of {documents}: {first:#?}", differences.len());
}
