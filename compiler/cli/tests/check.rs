//! `meshc check`, from the command line to the exit status.

mod common;

use std::fs;

use common::{bookshop, complaint, copy, edit, expect, git, json, repository, run};

#[test]
fn the_bookshop_is_clean() {
    let out = json(&expect(&bookshop(), &["check", ".", "--format", "json"], 0));
    assert_eq!(out["diagnostics"], serde_json::json!([]));
    assert_eq!(out["version"], 1);
    assert!(out["summary"]["resources"].as_u64() > Some(20), "{out}");
}

#[test]
fn a_misspelt_host_is_found_where_it_stands() {
    let tree = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), tree.path());
    edit(
        &tree.path().join("shop/routes.yaml"),
        "            host: ratings\n          headers:",
        "            host: ratngs\n          headers:",
    );
    let out = json(&expect(tree.path(), &["check", "--format", "json", "."], 1));
    let found = out["diagnostics"].as_array().expect("a list");
    assert_eq!(found.len(), 1, "{out}");
    let finding = &found[0];
    let keys = [
        "code", "severity", "message", "resource", "file", "start", "end", "labels", "help", "witness",
        "aliases", "fixes",
    ];
    for key in keys {
        assert!(finding.get(key).is_some(), "{key} is missing in {finding}");
    }
    assert_eq!(finding["file"], "shop/routes.yaml");
    let text = fs::read_to_string(tree.path().join("shop/routes.yaml")).expect("a file");
    let (start, end) = (finding["start"]["offset"].as_u64(), finding["end"]["offset"].as_u64());
    let (start, end) = (start.expect("an offset") as usize, end.expect("an offset") as usize);
    assert_eq!(&text[start..end], "ratngs");
    assert!(finding["help"].as_str().is_some_and(|help| help.contains("ratings")), "{finding}");
}

#[test]
fn only_what_changed_is_reported_when_asked() {
    let tree = repository();
    edit(&tree.path().join("shop/routes.yaml"), "subset: v3", "subset: v4");
    git(tree.path(), &["commit", "--quiet", "--all", "--message=Break it"]);
    edit(&tree.path().join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    let all = json(&expect(tree.path(), &["check", "--format", "json"], 1));
    let new = json(&expect(tree.path(), &["check", "--format", "json", "--changed-since", "HEAD"], 1));
    let count = |out: &serde_json::Value| out["diagnostics"].as_array().map_or(0, Vec::len);
    assert!(count(&all) > count(&new), "{all}");
    assert!(new.to_string().contains("storefrnt") && !new.to_string().contains("v4"), "{new}");
}

#[test]
fn the_index_is_read_without_the_worktree() {
    let tree = repository();
    edit(&tree.path().join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    expect(tree.path(), &["check", "--staged"], 0);
    git(tree.path(), &["add", "."]);
    expect(tree.path(), &["check", "--staged"], 1);
    expect(tree.path(), &["check", "--rev", "HEAD"], 0);
}

#[test]
fn nothing_to_read_is_one_clear_message() {
    let empty = tempfile::tempdir().expect("a directory");
    assert!(complaint(empty.path(), &["check", "."], 2).contains("no YAML"));
    assert!(complaint(empty.path(), &["check", "absent.yaml"], 2).contains("absent.yaml"));
    assert!(complaint(empty.path(), &["check", "--rev", "HEAD"], 2).contains("not in a Git repository"));
}

#[test]
fn bad_files_are_findings_and_do_not_hide_their_neighbours() {
    let tree = tempfile::tempdir().expect("a directory");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {slector: {app: a}, ports: [{port: 80, name: http}]}\n";
    let laughs: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
        .chain((1..12).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "))))
        .collect();
    let files: [(&str, Vec<u8>, &str); 6] = [
        ("broken.yaml", format!("a: [\n---\n{service}").into_bytes(), "MC0"),
        ("laughs.yaml", laughs.into_bytes(), "MC0"),
        ("binary.yaml", vec![0, 159, 146, 150], "MC0"),
        (
            "template.yaml",
            b"apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n".to_vec(),
            "Helm",
        ),
        ("huge.yaml", vec![b'#'; 100 << 20], "MiB"),
        ("ours.yaml", service.as_bytes().to_vec(), "slector"),
    ];
    for (name, bytes, expected) in &files {
        fs::write(tree.path().join(name), bytes).expect("a file");
        let output = run(tree.path(), &["check", "--format", "json", name]);
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.code().is_some_and(|code| code <= 1), "{name}: {output:?}");
        assert!(out.contains(expected), "{name}: {out}");
    }
    let all = expect(tree.path(), &["check", "--format", "json", "."], 1);
    assert!(all.contains("slector"), "the broken files hide the others: {all}");
}

#[test]
fn every_format_is_written() {
    let tree = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), tree.path());
    edit(&tree.path().join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    assert!(expect(tree.path(), &["check", "."], 1).contains("storefrnt"));
    let sarif = json(&expect(tree.path(), &["check", "--format", "sarif", "."], 1));
    assert_eq!(sarif["version"], "2.1.0");
    assert!(expect(tree.path(), &["check", "--format", "github", "."], 1).starts_with("::error "));
    assert!(expect(tree.path(), &["check", "--format", "junit", "."], 1).contains("<testsuite"));
}

#[test]
fn every_rule_has_a_page() {
    let rules = json(&expect(&bookshop(), &["rules", "--format", "json"], 0));
    let rules = rules.as_array().expect("a list");
    assert!(rules.len() > 30);
    let mut codes: Vec<&str> = rules.iter().filter_map(|rule| rule["code"].as_str()).collect();
    for code in &codes {
        assert!(expect(&bookshop(), &["explain", code], 0).contains("What it does"), "{code}");
    }
    let count = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), count, "two rules share a code");
}
