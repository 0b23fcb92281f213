//! `meshc policies`, and the packs that meshc.yaml switches on.

mod common;

use std::fs;
use std::path::Path;

use common::{bookshop, complaint, copy, expect, json};

/// The bookshop under a meshc.yaml.
fn tree(settings: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), directory.path());
    fs::write(directory.path().join("meshc.yaml"), settings).expect("written");
    directory
}

/// Code, severity and message of each finding of policies.
fn found(directory: &Path, status: i32) -> Vec<(String, String, String)> {
    let out = json(&expect(directory, &["check", "--format", "json"], status));
    let of = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let all = out["diagnostics"].as_array().expect("a list");
    all.iter()
        .map(|finding| (of(finding, "code"), of(finding, "severity"), of(finding, "message")))
        .filter(|(code, ..)| code.starts_with("MC195"))
        .collect()
}

#[test]
fn every_policy_lets_pass_and_refuses_what_its_fixtures_say() {
    let out = expect(&bookshop(), &["policies", "test"], 0);
    assert!(out.ends_with("48 passed, 0 failed\n"), "{out}");
    let out = json(&expect(&bookshop(), &["policies", "list", "--format", "json"], 0));
    let names: Vec<&str> =
        out.as_array().expect("packs").iter().filter_map(|pack| pack["name"].as_str()).collect();
    assert_eq!(names, ["baseline", "strict-security", "resilience", "multi-tenancy"]);
    assert_eq!(out[0]["on"], false);
    let text = expect(&bookshop(), &["policies", "list"], 0);
    assert!(
        text.contains("  routes-have-timeouts (error)\n      A route without a timeout waits for ever"),
        "{text}"
    );
}

#[test]
fn what_a_pack_refuses_is_a_finding_with_the_name_of_its_policy() {
    let quiet = tree("policies: []\n");
    assert_eq!(found(quiet.path(), 0), []);
    let strict = tree("policies: [resilience]\n");
    let all = found(strict.path(), 1);
    let timeouts: Vec<_> =
        all.iter().filter(|(.., message)| message.contains("`routes-have-timeouts`")).collect();
    assert_eq!(timeouts.len(), 4, "one for each VirtualService: {all:?}");
    assert!(timeouts.iter().all(|(code, severity, _)| code == "MC1950" && severity == "error"));
    let promised: Vec<_> = all.iter().filter(|(code, ..)| code == "MC1951").collect();
    assert_eq!(promised.len(), 1, "{all:?}");
    assert!(
        promised[0].2.starts_with("invariant `entries-have-timeouts` of pack `resilience`"),
        "{promised:?}"
    );
}

#[test]
fn levels_take_the_name_of_a_policy() {
    let tree = tree(
        "policies: [resilience]\nlevels:\n  routes-have-timeouts: warning\n  retries-are-bounded: ignore\n  \
         endpoints-are-ejected: ignore\n  pools-are-bounded: info\n  entries-have-timeouts: info\n",
    );
    let all = found(tree.path(), 0);
    let levels: std::collections::BTreeSet<&str> =
        all.iter().map(|(_, severity, _)| severity.as_str()).collect();
    assert_eq!(levels, ["info", "warning"].into(), "{all:?}");
    assert!(!all.iter().any(|(.., message)| message.contains("endpoints-are-ejected")), "{all:?}");
}

#[test]
fn overrides_take_the_name_of_a_policy() {
    let all = "policies: [resilience]\nlevels: {routes-have-timeouts: warning, retries-are-bounded: ignore, \
               endpoints-are-ejected: ignore, pools-are-bounded: ignore, entries-have-timeouts: ignore}\n";
    assert!(!found(tree(all).path(), 0).is_empty());
    let nowhere = format!("{all}overrides: [{{paths: ['**'], levels: {{routes-have-timeouts: ignore}}}}]\n");
    assert_eq!(found(tree(&nowhere).path(), 0), []);
}

#[test]
fn a_pack_that_is_not_there_is_told() {
    let tree = tree("policies: [strict-securty, ./policies/ours]\n");
    let all = found(tree.path(), 1);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|(code, ..)| code == "MC1952"), "{all:?}");
    let text = expect(tree.path(), &["check"], 1);
    assert!(text.contains("did you mean `strict-security`?"), "{text}");
}

const OURS: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: no-storefront
  annotations: {meshc.dev/description: Nobody calls a service storefront any more.}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [services]}
  validations:
    - expression: object.metadata.name != 'storefront'
      messageExpression: \"'the name ' + object.metadata.name + ' is taken'\"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-storefront}
spec: {policyName: no-storefront, validationActions: [Warn]}
";

#[test]
fn a_pack_of_ones_own_is_asked_too_and_is_no_part_of_the_mesh() {
    let tree = tree("policies: [./policies/ours]\n");
    let pack = tree.path().join("policies/ours");
    fs::create_dir_all(pack.join("tests")).expect("a directory");
    fs::write(pack.join("names.yaml"), OURS).expect("written");
    let service = |name: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{ports: [{{port: 1}}]}}\n")
    };
    fs::write(pack.join("tests/no-storefront.pass.yaml"), service("shop")).expect("written");
    fs::write(pack.join("tests/no-storefront.fail.yaml"), service("storefront")).expect("written");
    let all = found(tree.path(), 0);
    assert_eq!(
        all,
        [(
            "MC1950".to_owned(),
            "warning".to_owned(),
            "policy `no-storefront` of pack `./policies/ours`: the name storefront is taken".to_owned()
        )]
    );
    let out = expect(tree.path(), &["policies", "test", "policies"], 0);
    assert!(out.contains("✓ ours/no-storefront (fail)"), "{out}");
    let out = expect(tree.path(), &["policies", "list"], 0);
    assert!(out.starts_with("./policies/ours (on)\n  no-storefront (warning)\n"), "{out}");
    fs::write(pack.join("tests/no-storefront.fail.yaml"), service("shop")).expect("written");
    let out = expect(tree.path(), &["policies", "test", "policies/ours"], 1);
    assert!(out.contains("✗ ours/no-storefront (fail): nothing of it is refused"), "{out}");
    fs::write(pack.join("names.yaml"), OURS.replace("object.metadata.name != ", "object.metadata.name !! "))
        .expect("written");
    let all = found(tree.path(), 0);
    assert!(all.len() == 1 && all[0].0 == "MC1953" && all[0].2.contains("does not compile"), "{all:?}");
    assert!(complaint(tree.path(), &["policies", "test", "nowhere"], 2).contains("nowhere"));
}

#[test]
fn a_policy_that_the_tree_puts_in_force_is_asked() {
    let tree = tree("{}\n");
    fs::write(tree.path().join("policy.yaml"), OURS).expect("written");
    let all = found(tree.path(), 0);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].2, "policy `no-storefront`: the name storefront is taken");
    // Without a binding it is in force nowhere.
    fs::write(tree.path().join("policy.yaml"), OURS.split("---").next().expect("the policy"))
        .expect("written");
    assert_eq!(found(tree.path(), 0), []);
}
