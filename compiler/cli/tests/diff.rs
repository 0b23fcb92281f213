//! `meshc diff`: behaviour, never text, between two revisions in Git.

mod common;

use common::{edit, expect, git, json, repository};

#[test]
fn moved_weights_are_one_change_with_a_witness() {
    let tree = repository();
    edit(&tree.path().join("shop/routes.yaml"), "weight: 75", "weight: 50");
    edit(&tree.path().join("shop/routes.yaml"), "weight: 25", "weight: 50");
    git(tree.path(), &["commit", "--quiet", "--all", "--message=Half of it to v3"]);
    let out = json(&expect(tree.path(), &["diff", "HEAD~1", "HEAD", "--format", "json"], 0));
    assert_eq!(out["equal"], false, "{out}");
    let changes = out["changes"].as_array().expect("a list");
    assert_eq!(changes.len(), 1, "{out}");
    let change = &changes[0];
    for key in ["kind", "risk", "summary", "witness", "before", "after", "because"] {
        assert!(change.get(key).is_some(), "{key} is missing: {change}");
    }
    assert_ne!(change["before"], change["after"]);
    assert_eq!(
        change["witness"]["request"]["authority"].as_str().map(|a| a.starts_with("reviews")),
        Some(true),
        "{change}"
    );
    expect(tree.path(), &["diff", "HEAD~1", "HEAD", "--exit-code"], 1);
}

#[test]
fn what_changes_no_behaviour_is_no_difference() {
    let tree = repository();
    edit(&tree.path().join("shop/routes.yaml"), "name: testers", "name: those-who-test");
    edit(&tree.path().join("shop/routes.yaml"), "# Who gets which version of reviews.", "# A comment.");
    std::fs::rename(tree.path().join("edge/publisher.yaml"), tree.path().join("shop/outside.yaml"))
        .expect("a rename");
    let out = json(&expect(tree.path(), &["diff", "HEAD", "--format", "json", "--exit-code"], 0));
    assert_eq!(out["equal"], true, "{out}");
    assert_eq!(out["changes"], serde_json::json!([]));
    assert!(expect(tree.path(), &["diff", "HEAD"], 0).contains("no change in behaviour"));
}

#[test]
fn a_witness_can_be_replayed_on_both_sides() {
    let tree = repository();
    edit(&tree.path().join("shop/routes.yaml"), "prefix: /api/v2/", "prefix: /api/v3/");
    let out = json(&expect(tree.path(), &["diff", "HEAD", "--format", "json"], 0));
    let changes = out["changes"].as_array().expect("a list").clone();
    assert!(!changes.is_empty(), "{out}");
    for change in changes {
        let requests = tree.path().join("witness.jsonl");
        std::fs::write(&requests, change["witness"].to_string()).expect("a file");
        let requests = requests.display().to_string();
        let after = json(&expect(tree.path(), &["trace", ".", "--requests", &requests], 0));
        let before = json(&expect(tree.path(), &["trace", ".", "--rev", "HEAD", "--requests", &requests], 0));
        for key in ["status", "route", "destinations", "timeout_ms"] {
            assert_eq!(before[key], change["before"][key], "{key}: {change}");
            assert_eq!(after[key], change["after"][key], "{key}: {change}");
        }
        assert_ne!(before, after);
    }
}

#[test]
fn a_directory_that_one_side_lacks_was_added() {
    let tree = repository();
    std::fs::create_dir(tree.path().join("new")).expect("a directory");
    std::fs::rename(tree.path().join("edge/gateway.yaml"), tree.path().join("new/gateway.yaml"))
        .expect("a rename");
    let out = json(&expect(tree.path(), &["diff", "HEAD", "--format", "json", "--", "new"], 0));
    assert_eq!(out["equal"], false, "{out}");
    expect(tree.path(), &["diff", "HEAD", "--", "nowhere"], 2);
}

#[test]
fn a_build_fails_on_what_it_asks_for_alone() {
    let tree = repository();
    edit(&tree.path().join("shop/routes.yaml"), "timeout: 2s", "timeout: 3s");
    for (what, status) in [
        ("resilience", 1),
        ("timeout-changed", 1),
        ("medium", 1),
        ("low", 1),
        ("high", 0),
        ("exposure", 0),
        ("unreachable", 0),
        ("traffic-moved", 0),
    ] {
        expect(tree.path(), &["diff", "HEAD", "--fail-on", what], status);
    }
    expect(tree.path(), &["diff", "HEAD", "--fail-on", "exposure", "--fail-on", "resilience"], 1);
    let complaint = common::complaint(tree.path(), &["diff", "HEAD", "--fail-on", "exposre"], 2);
    assert!(complaint.contains("did you mean `exposure`?"), "{complaint}");
}

#[test]
fn its_json_is_what_the_published_schema_says() {
    let schema = meshc_testkit::workspace().join("schemas/output/diff.json");
    let schema = json(&std::fs::read_to_string(schema).expect("the schema"));
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let tree = repository();
    let routes = tree.path().join("shop/routes.yaml");
    let check = |more: &str| {
        let out = json(&expect(tree.path(), &["diff", "HEAD", "--format", "json"], 0));
        let errors: Vec<String> = validator.iter_errors(&out).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{more}: {errors:?}\n{out}");
        out["changes"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(check("nothing"), 0);
    edit(&routes, "timeout: 2s", "timeout: 3s");
    edit(&routes, "weight: 75", "weight: 50");
    edit(&routes, "weight: 25", "weight: 50");
    assert_eq!(check("routes"), 2);
    std::fs::remove_file(tree.path().join("shop/ratings.yaml")).expect("removed");
    assert!(check("a service that is gone") > 3);
    std::fs::write(
        tree.path().join("shop/strict.yaml"),
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: strict, namespace: shop}\n\
         spec: {mtls: {mode: STRICT}}\n",
    )
    .expect("written");
    assert!(check("a policy") > 6);
}

#[test]
fn markdown_begins_with_the_marker_of_its_comment() {
    let tree = repository();
    let first = |out: String| out.lines().take(2).map(str::to_owned).collect::<Vec<_>>();
    let equal = first(expect(tree.path(), &["diff", "HEAD", "--format", "markdown"], 0));
    assert_eq!(
        equal,
        ["<!-- meshc diff -->", "### meshc: no change in behaviour: proved for all requests of all proxies"]
    );
}
