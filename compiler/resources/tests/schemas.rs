//! The JSON Schemas in `schemas/`: they are those of the types, and say what the types' own check says as far as JSON
//! Schema can. `MESHC_UPDATE=1` writes them (`cargo xtask schemas`).

#![expect(clippy::print_stdout, reason = "the numbers are what the test is read for")]

use std::collections::BTreeMap;
use std::fs;

use meshc_resources::{Kind, schema};
use meshc_schema::{Nulls, Problem, Schema};
use meshc_source::FileId;
use meshc_syntax::Limits;
use serde_json::Value;

/// Every file of `schemas/` that this crate makes, with its text.
fn files() -> BTreeMap<String, String> {
    let text = |schema: &Value| {
        format!("{}\n", serde_json::to_string_pretty(&sorted(schema)).expect("a schema is JSON"))
    };
    let own = |kind| (schema::file_name(kind), text(&schema::published(kind)));
    let mut files: BTreeMap<String, String> = Kind::all().map(own).collect();
    files.insert("meshc.json".to_owned(), text(&schema::combined()));
    files
}

/// With keys in alphabetical order, whether serde's maps keep the order of insertion or not.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries: BTreeMap<&String, Value> =
                entries.iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.into_iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = meshc_testkit::workspace().join("schemas");
    let update = std::env::var_os("MESHC_UPDATE").is_some();
    let mut stale = Vec::new();
    for (name, text) in files() {
        let path = folder.join(&name);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if update {
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
            fs::write(&path, text).expect("the schema");
        } else {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "run `cargo xtask schemas`: {stale:?}");
}

/// Each schema with the check by which documents are judged.
fn both() -> BTreeMap<&'static str, (jsonschema::Validator, Schema, Kind)> {
    Kind::all()
        .filter(|kind| *kind != Kind::KubernetesGateway)
        .map(|kind| {
            let published = jsonschema::draft202012::new(&schema::published(kind)).expect("a schema");
            (kind.as_str(), (published, Schema::compile(&schema::structural(kind)), kind))
        })
        .collect()
}

/// Whether JSON Schema can say it.
fn is_sayable(problem: &Problem) -> bool {
    match problem {
        Problem::Rule { .. } | Problem::Format { .. } => false,
        Problem::Duplicate { keys, .. } => keys.is_empty(),
        Problem::Bounds { message, .. } => !message.contains("32 bits"),
        _ => true,
    }
}

#[test]
fn schemas_and_types_agree_about_each_document() {
    let both = both();
    assert!(both.len() > 40, "{} kinds have a schema", both.len());
    let Some(folder) = meshc_testkit::shared("schemas and types agree", "oracle/validation") else { return };
    let (mut documents, mut refused) = (0, 0);
    for file in ["istio-repository", "istio-unit-tests", "generated-from-schema", "generated-mutations"] {
        let lines = fs::read_to_string(folder.join(format!("{file}.jsonl"))).expect(file);
        for line in lines.lines() {
            let case: Value = serde_json::from_str(line).expect("a case");
            let text = case["yaml"].as_str().expect("its YAML");
            let parsed = meshc_syntax::parse(FileId(0), text, &Limits::default());
            let Some(document) = parsed.documents.first() else { continue };
            let Some((published, own, kind)) = case["kind"].as_str().and_then(|kind| both.get(kind)) else {
                continue;
            };
            let mut root = document.root.to_json();
            // What a schema says of names and versions is not what is compared here.
            root["metadata"] = serde_json::json!({});
            root["apiVersion"] = format!("{}/{}", kind.group().0, kind.group().1[0]).into();
            let violations = own.validate(&document.root, Nulls::Refused);
            let sayable: Vec<_> = violations.iter().filter(|v| is_sayable(&v.problem)).collect();
            documents += 1;
            refused += usize::from(!sayable.is_empty());
            let errors: Vec<String> = published.iter_errors(&root).map(|error| error.to_string()).collect();
            assert_eq!(errors.is_empty(), sayable.is_empty(), "{sayable:?}\n{errors:?}\n{text}");
        }
    }
    println!("{documents} documents, {refused} of them refused by both");
    assert!(refused > 500, "{refused}");
}

#[test]
fn the_combined_schema_chooses_by_kind() {
    let combined = schema::combined();
    let choices = combined["allOf"].as_array().expect("choices");
    let files = files();
    for choice in choices {
        let name = choice["then"]["$ref"].as_str().expect("a reference");
        assert!(files.contains_key(name), "{name}");
        let own: Value = serde_json::from_str(&files[name]).expect("a schema");
        assert_eq!(choice["if"]["properties"]["kind"], own["properties"]["kind"], "{name}");
        assert_eq!(choice["if"]["properties"]["apiVersion"], own["properties"]["apiVersion"], "{name}");
    }
}
