//! `meshc graph` and `meshc query`: what is printed, and that it is what the published schemas say.

mod common;

use common::{bookshop, complaint, expect, json};
use serde_json::Value;

fn schema(name: &str) -> jsonschema::Validator {
    let path = meshc_testkit::workspace().join("schemas/output").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    jsonschema::validator_for(&json(&text)).expect("a schema")
}

fn assert_valid(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> =
        schema.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn answers_are_what_their_schema_says() {
    let valid = schema("query.schema.json");
    for args in [
        ["query", ".", "--to", "reviews", "--format", "json"],
        ["query", ".", "--from", "*.shop", "--format", "json"],
        ["query", ".", "--to", "isbn.publisher.example", "--format", "json"],
    ] {
        let out = json(&expect(&bookshop(), &args, 0));
        assert_valid(&valid, &out);
        assert!(!out["ways"].as_array().expect("a list").is_empty(), "{args:?}");
    }
}

#[test]
fn every_witness_of_an_answer_reaches_its_destination() {
    let out = json(&expect(&bookshop(), &["query", ".", "--to", "reviews", "--format", "json"], 0));
    let ways = out["ways"].as_array().expect("a list").clone();
    let lines: Vec<String> =
        ways.iter().filter(|way| way["verdict"] == "reaches").map(|way| way["witness"].to_string()).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("requests.jsonl");
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let requests = file.display().to_string();
    let text = expect(&bookshop(), &["trace", ".", "--requests", &requests], 0);
    let answers: Vec<Value> = text.lines().map(json).collect();
    assert_eq!(answers.len(), ways.len());
    for (way, answer) in ways.iter().zip(answers) {
        // What goes straight to a pod ends at its own cluster.
        let inbound = way["witness"]["direction"] == "inbound";
        let cluster = if inbound { "inbound|9080||" } else { way["cluster"].as_str().expect("a name") };
        assert!(answer["destinations"].to_string().contains(cluster), "{way}");
    }
}

#[test]
fn the_graph_is_what_its_schema_says() {
    let valid = schema("graph.schema.json");
    let whole = json(&expect(&bookshop(), &["graph", ".", "--format", "json"], 0));
    assert_valid(&valid, &whole);
    let part = ["graph", ".", "--from", "istio-ingressgateway", "--to", "orders", "--format", "json"];
    let part = json(&expect(&bookshop(), &part, 0));
    assert_valid(&valid, &part);
    let count = |graph: &Value| graph["nodes"].as_array().map_or(0, Vec::len);
    assert!(count(&part) >= 5 && count(&part) < count(&whole), "{part}");
    assert!(expect(&bookshop(), &["graph", ".", "--format", "dot"], 0).starts_with("digraph mesh {"));
    assert!(expect(&bookshop(), &["graph", ".", "--format", "mermaid"], 0).starts_with("flowchart LR"));
}

#[test]
fn a_name_that_nothing_has_is_told_with_the_one_that_was_meant() {
    let text = complaint(&bookshop(), &["query", ".", "--to", "reveiws"], 2);
    assert!(text.contains("did you mean `reviews`?"), "{text}");
    let text = complaint(&bookshop(), &["graph", ".", "--from", "storefrnt-v1"], 2);
    assert!(text.contains("did you mean `storefront-v1`?"), "{text}");
    assert!(complaint(&bookshop(), &["query", "."], 2).contains("--from"));
}
