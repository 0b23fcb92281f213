//! What is reported of what is found: baselines, changes, the staged files' part.

mod common;

use std::fs;
use std::process::Output;

use common::{edit, expect, git, json, repository, run};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_baseline_hides_what_was_there_and_survives_moved_lines() {
    let tree = repository();
    let root = tree.path();
    edit(&root.join("shop/routes.yaml"), "host: ratings", "host: ratngs");
    expect(root, &["check", "."], 1);
    let first = run(root, &["check", ".", "--baseline", "known.json"]);
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(stderr(&first).contains("recorded 3 findings in known.json"), "{}", stderr(&first));
    edit(&root.join("shop/routes.yaml"), "spec:", "# a line more\nspec:");
    edit(&root.join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    let second = run(root, &["check", ".", "--baseline", "known.json", "--format", "json"]);
    assert_eq!(second.status.code(), Some(1));
    let out = json(&String::from_utf8_lossy(&second.stdout));
    let list = out["diagnostics"].as_array().expect("a list");
    assert_eq!((list.len(), &list[0]["file"]), (1, &"edge/gateway.yaml".into()));
    assert!(stderr(&second).contains("3 of 3 findings in known.json hidden"), "{}", stderr(&second));
    // The same mistake once more is one more.
    let text = fs::read_to_string(root.join("shop/routes.yaml")).expect("a file");
    fs::write(root.join("shop/again.yaml"), text.replace("  name: ratings\n", "  name: again\n"))
        .expect("a file");
    let third = json(&expect(root, &["check", ".", "--baseline", "known.json", "--format", "json"], 1));
    assert!(third["diagnostics"].as_array().expect("a list").len() > 1, "{third}");
    fs::remove_file(root.join("shop/again.yaml")).expect("removed");
    edit(&root.join("shop/routes.yaml"), "host: ratngs", "host: ratings");
    let fourth = run(root, &["check", ".", "--baseline", "known.json", "--write-baseline"]);
    assert!(stderr(&fourth).contains("recorded 1 findings"), "{}", stderr(&fourth));
    expect(root, &["check", ".", "--baseline", "known.json"], 0);
    fs::write(root.join("known.json"), "{}").expect("a file");
    let broken = run(root, &["check", ".", "--baseline", "known.json"]);
    assert_eq!(broken.status.code(), Some(2), "{}", stderr(&broken));
}

#[test]
fn a_change_answers_for_what_it_breaks_elsewhere() {
    let tree = repository();
    let root = tree.path();
    edit(&root.join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    git(root, &["commit", "--quiet", "--all", "--message=An old fault"]);
    expect(root, &["check", "--staged", "--changed-since", "HEAD"], 0);
    // The Service goes, and a route in a file that did not change leads nowhere.
    edit(
        &root.join("shop/ratings.yaml"),
        "kind: Service\nmetadata:\n  name: ratings",
        "kind: Service\nmetadata:\n  name: stars",
    );
    expect(root, &["check", "--staged", "--changed-since", "HEAD"], 0);
    git(root, &["add", "."]);
    let out = json(&expect(root, &["check", "--staged", "--changed-since", "HEAD", "--format", "json"], 1));
    let list = out["diagnostics"].as_array().expect("a list");
    assert!(list.iter().any(|finding| finding["file"] == "shop/routes.yaml"), "{out}");
    assert!(list.iter().all(|finding| finding["file"] != "edge/gateway.yaml"), "{out}");
    // Names that a hook is given narrow what is reported, not what is read.
    expect(
        root,
        &["check", "--staged", "--changed-since", "HEAD", "--report", "edge/gateway.yaml", "backoffice"],
        0,
    );
}

#[test]
fn the_first_commit_is_compared_with_nothing() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    git(root, &["init", "--quiet"]);
    let route = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec: {hosts: [a], htp: []}\n";
    fs::write(root.join("a.yaml"), route).expect("a file");
    git(root, &["add", "."]);
    assert!(expect(root, &["check", "--staged", "--changed-since", "HEAD"], 1).contains("htp"));
}

#[test]
fn linked_worktrees_bare_clones_and_sparse_checkouts_are_read_whole() {
    let tree = repository();
    let root = tree.path();
    edit(&root.join("shop/routes.yaml"), "host: ratings", "host: ratngs");
    git(root, &["commit", "--quiet", "--all", "--message=A fault"]);
    let other = tempfile::tempdir().expect("a directory");
    let (linked, bare) = (other.path().join("linked"), other.path().join("bare.git"));
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    git(root, &["worktree", "add", "--quiet", "-b", "side", &text(&linked)]);
    assert!(expect(&linked, &["check", "--staged"], 1).contains("ratngs"));
    expect(&linked, &["check", "--staged", "--changed-since", "HEAD"], 0);
    git(other.path(), &["clone", "--quiet", "--bare", &text(root), &text(&bare)]);
    assert!(expect(&bare, &["check", "--rev", "main"], 1).contains("ratngs"));
    expect(&bare, &["check", "--rev", "main", "--changed-since", "main~1"], 1);
    let sparse = other.path().join("sparse");
    git(other.path(), &["clone", "--quiet", "--no-checkout", &text(root), &text(&sparse)]);
    git(&sparse, &["sparse-checkout", "set", "--sparse-index", "edge"]);
    git(&sparse, &["checkout", "--quiet", "main"]);
    assert!(!sparse.join("shop").exists());
    assert!(expect(&sparse, &["check", "--staged"], 1).contains("ratngs"));
    expect(&sparse, &["check", "--staged", "--changed-since", "HEAD~1"], 1);
}

#[test]
fn submodules_are_named_and_not_followed() {
    let (tree, part) = (repository(), repository());
    let root = tree.path();
    let path = part.path().to_str().expect("UTF-8").to_owned();
    git(root, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &path, "part"]);
    git(root, &["commit", "--quiet", "--message=A part"]);
    for args in [&["check", "--staged"][..], &["check", "--rev", "HEAD"]] {
        let told = expect(root, args, 0);
        assert!(told.contains("MC0014") && told.contains("part"), "{told}");
    }
}
