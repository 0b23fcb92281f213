//! `check --fix` and `--diff`: what is certain is mended, and nothing else in the file changes.

mod common;

use std::fs;

use common::{complaint, expect, json, repository, run};

const BROKEN: &str = "\
# The way to the shop.\r
apiVersion: networking.istio.io/v1alpha2   # old\r
kind: VirtualService\r
metadata:\r
    name:   shop    # four blanks\r
    labels: {tier: 1, live: yes}\r
spec:\r
    hots: [\"shop\"]\r
    hosts: ['shop']\r
    http:\r
    -   name: all\r
        timout: 5s\r
        route:\r
        - destination: {host: \"shpo\", port: {number: 81}}   # not the right one\r
---\r
apiVersion: v1\r
kind: Service\r
metadata: {name: shop}\r
spec: {ports: [{name: http, port: 80}]}\r
";

const MENDED: &str = "\
# The way to the shop.\r
apiVersion: networking.istio.io/v1   # old\r
kind: VirtualService\r
metadata:\r
    name:   shop    # four blanks\r
    labels: {tier: \"1\", live: \"yes\"}\r
spec:\r
    hots: [\"shop\"]\r
    hosts: ['shop']\r
    http:\r
    -   name: all\r
        timeout: 5s\r
        route:\r
        - destination: {host: \"shop\", port: {number: 80}}   # not the right one\r
---\r
apiVersion: v1\r
kind: Service\r
metadata: {name: shop}\r
spec: {ports: [{name: http, port: 80}]}\r
";

#[test]
fn what_is_certain_is_mended_and_all_else_is_kept() {
    let tree = tempfile::tempdir().expect("a directory");
    let file = tree.path().join("shop.yaml");
    fs::write(&file, BROKEN).expect("a file");
    let patch = expect(tree.path(), &["check", "--diff"], 1);
    assert!(patch.starts_with("--- a/shop.yaml\n+++ b/shop.yaml\n@@ "), "{patch}");
    assert!(patch.contains("+        timeout: 5s\r\n"), "{patch}");
    assert_eq!(fs::read_to_string(&file).expect("a file"), BROKEN, "--diff writes nothing");
    let mended = run(tree.path(), &["check", "--fix"]);
    let said = String::from_utf8_lossy(&mended.stderr).into_owned();
    assert!(said.contains("in 1 file"), "{said}");
    assert_eq!(fs::read_to_string(&file).expect("a file"), MENDED);
    // `hots` is not to be mended: `hosts` is there already.
    assert_eq!(mended.status.code(), Some(1));
    let again = run(tree.path(), &["check", "--fix"]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("fixed 0 findings"));
    assert_eq!(fs::read_to_string(&file).expect("a file"), MENDED, "mending is done once");
}

#[test]
fn a_name_that_several_are_near_to_is_left_to_a_person() {
    let tree = tempfile::tempdir().expect("a directory");
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{name: http, port: 80}}]}}\n---\n"
        )
    };
    let route = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [reviews]\n  http:\n  - route:\n    - destination: {host: review}\n";
    fs::write(tree.path().join("a.yaml"), service("reviews") + &service("preview") + route).expect("a file");
    let out = json(&expect(tree.path(), &["check", "--format", "json"], 1));
    assert_eq!(out["diagnostics"][0]["fixes"], serde_json::json!([]));
    assert!(out["diagnostics"][0]["help"].as_str().is_some_and(|help| help.contains("did you mean")));
    assert_eq!(expect(tree.path(), &["check", "--diff"], 1), "");
}

#[test]
fn only_what_is_reported_is_mended_and_only_in_the_worktree() {
    let tree = repository();
    let root = tree.path();
    common::edit(&root.join("shop/routes.yaml"), "host: ratings", "host: ratngs");
    common::edit(&root.join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    let patch = expect(root, &["check", ".", "--diff", "--report", "edge"], 1);
    assert!(patch.contains("edge/gateway.yaml") && !patch.contains("ratings"), "{patch}");
    assert!(complaint(root, &["check", "--staged", "--fix"], 2).contains("worktree"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = root.join("edge/gateway.yaml");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("permissions");
        std::os::unix::fs::symlink("edge/gateway.yaml", root.join("linked.yaml")).expect("a link");
        expect(root, &["check", "linked.yaml", "shop", "edge", "backoffice", "--fix"], 0);
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(root.join("linked.yaml")).expect("a link").is_symlink());
        assert!(fs::read_to_string(&file).expect("a file").contains("host: storefront"));
    }
}
