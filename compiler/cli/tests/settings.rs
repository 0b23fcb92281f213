//! `meshc.yaml` from the file to the findings: what lives elsewhere, levels, views, snapshots.

mod common;

use std::fs;
use std::path::Path;

use common::{bookshop, complaint, copy, edit, expect, git, json, repository, run};
use serde_json::Value;

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
    fs::write(file, text).expect("a file");
}

/// The findings as `CODE severity file:line`.
fn found(root: &Path, args: &[&str]) -> Vec<String> {
    let output = run(root, &[&["check", "--format", "json"], args].concat());
    let out = json(&String::from_utf8_lossy(&output.stdout));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let list = out["diagnostics"].as_array().expect("a list");
    list.iter()
        .map(|finding| {
            let (code, severity, file) =
                (text(finding, "code"), text(finding, "severity"), text(finding, "file"));
            format!("{code} {severity} {file}:{}", finding["start"]["line"])
        })
        .collect()
}

const SHOP: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: shop}\nspec:\n  ports: [{name: http, port: 80}]\n";

fn route(name: &str, host: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         hosts: [{name}.example.com]\n  http:\n    - route:\n        - destination:\n            host: {host}\n"
    )
}

#[test]
fn what_lives_elsewhere_is_not_missing() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    write(root, "mesh/shop.yaml", SHOP);
    write(root, "mesh/a.yaml", &route("a", "payments"));
    write(root, "mesh/b.yaml", &route("b", "x.platform.svc.cluster.local"));
    assert_eq!(found(root, &["mesh"]), ["MC1001 error mesh/a.yaml:9", "MC1001 info mesh/b.yaml:9"]);
    write(root, "meshc.yaml", "external:\n  services: [payments.shop]\n  namespaces: [plat*]\n");
    assert_eq!(found(root, &["mesh"]), [""; 0]);
    assert_eq!(found(root, &[]), [""; 0], "without paths it is the tree of meshc.yaml");
    let told = run(root, &["check", "-v"]);
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("elsewhere, as meshc.yaml says: services payments.shop"), "{told}");
}

#[test]
fn a_snapshot_of_a_cluster_belongs_to_the_mesh_and_is_not_judged() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    write(root, "shop.yaml", SHOP);
    write(root, "a.yaml", &route("a", "payments"));
    write(root, "b.yaml", &route("b", "nothing"));
    write(root, "meshc.yaml", "external: {snapshot: cluster.yaml}\n");
    assert_eq!(
        found(root, &[]),
        ["MC1001 error a.yaml:9", "MC1001 error b.yaml:9", "MC3002 error meshc.yaml:1"],
        "the snapshot is not there"
    );
    // As `kubectl get services,virtualservices -A -o yaml` writes it; a document that the tree has itself is left out.
    let broken = route("c", "gone").replace("apiVersion", "- apiVersion").replace('\n', "\n  ");
    let payments = SHOP
        .replace("name: shop,", "name: payments,")
        .replace("apiVersion", "- apiVersion")
        .replace('\n', "\n  ");
    let own = SHOP.replace("80", "81").replace("apiVersion", "- apiVersion").replace('\n', "\n  ");
    write(
        root,
        "cluster.yaml",
        &format!("apiVersion: v1\nkind: List\nitems:\n{broken}\n{payments}\n{own}\n"),
    );
    assert_eq!(found(root, &[]), ["MC1001 error b.yaml:9"]);
}

#[test]
fn levels_hold_everywhere_or_for_paths() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    write(root, "shop.yaml", SHOP);
    write(root, "new/a.yaml", &route("a", "gone"));
    write(root, "legacy/b.yaml", &route("b", "gone"));
    let with = |text: &str| {
        write(root, "meshc.yaml", text);
        found(root, &[])
    };
    assert_eq!(with("{}"), ["MC1001 error legacy/b.yaml:9", "MC1001 error new/a.yaml:9"]);
    assert_eq!(
        with("levels: {unknown-host: warning}\noverrides: [{paths: [legacy], levels: {MC1001: ignore}}]\n"),
        ["MC1001 warning new/a.yaml:9"]
    );
    assert_eq!(
        with("overrides: [{paths: ['*/b.yaml'], levels: {IST0101: info}}]\n"),
        ["MC1001 info legacy/b.yaml:9", "MC1001 error new/a.yaml:9"]
    );
    assert_eq!(with("levels: {unkown-host: info, MC1001: ignore}\n"), ["MC3001 error meshc.yaml:1"]);
    // From another directory the paths of the settings still count from theirs.
    write(root, "meshc.yaml", "overrides: [{paths: [legacy], levels: {MC1001: ignore}}]\n");
    assert_eq!(found(&root.join("new"), &[]), ["MC1001 error a.yaml:9"]);
    assert_eq!(found(&root.join("new"), &["..", "../legacy"]), ["MC1001 error ../new/a.yaml:9"]);
}

#[test]
fn each_view_is_a_mesh_of_its_own_and_what_several_have_is_told_once() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    write(root, "base/shop.yaml", SHOP);
    write(root, "base/a.yaml", &route("a", "gone"));
    write(root, "dev/b.yaml", &route("b", "payments"));
    write(root, "prod/b.yaml", &route("b", "payments"));
    write(root, "prod/payments.yaml", &SHOP.replace("name: shop,", "name: payments,"));
    write(root, "meshc.yaml", "views:\n  dev: {paths: [base, dev]}\n  prod: {paths: [base, prod]}\n");
    let out = json(&expect(root, &["check", "--format", "json"], 1));
    let list = out["diagnostics"].as_array().expect("a list");
    let told: Vec<String> = list
        .iter()
        .map(|finding| format!("{} {}", finding["file"], finding["labels"][0]["message"]))
        .collect();
    assert_eq!(told, ["\"base/a.yaml\" \"in all views\"", "\"dev/b.yaml\" \"in the view `dev`\""]);
    assert_eq!(found(root, &["--view", "prod"]), ["MC1001 error base/a.yaml:9"]);
    assert!(complaint(root, &["check", "--view", "test"], 2).contains("there are `dev` and `prod`"));
    let refused = complaint(root, &["build", "-o", "out"], 2);
    assert!(refused.contains("choose `dev` or `prod` with --view"), "{refused}");
}

#[test]
fn settings_are_those_of_the_version_that_is_read() {
    let tree = repository();
    let root = tree.path();
    edit(&root.join("edge/gateway.yaml"), "host: storefront", "host: storefrnt");
    git(root, &["commit", "--quiet", "--all", "--message=Break it"]);
    write(root, "meshc.yaml", "levels: {MC1001: warning}\n");
    expect(root, &["check"], 0);
    expect(root, &["check", "--staged"], 1);
    git(root, &["add", "."]);
    expect(root, &["check", "--staged"], 0);
    expect(root, &["check", "--staged", "edge", "shop"], 0);
    expect(root, &["check", "--rev", "HEAD"], 1);
}

#[test]
fn a_gateway_of_another_name_is_taken_from_the_settings() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    copy(&bookshop(), root);
    edit(&root.join("edge/gateway.yaml"), "istio: ingressgateway", "istio: public");
    let idle = found(root, &["."]);
    assert!(idle.iter().any(|finding| finding.starts_with("MC1005")), "{idle:?}");
    write(root, "meshc.yaml", "istio:\n  ingressgateway: {label: public, namespace: edge, name: public}\n");
    assert_eq!(found(root, &["."]), [""; 0]);
    write(root, "meshc.yaml", "istio:\n  ingressgateway: {label: public, present: false}\n");
    assert_eq!(found(root, &["."]), idle);
}

/// What an `istio` ConfigMap would hold.
#[test]
fn the_settings_of_the_mesh_may_stand_in_meshc_yaml() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    write(root, "shop.yaml", SHOP);
    let telemetry = "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {name: shop, namespace: shop}\nspec:\n  \
                     tracing: [{providers: [{name: zipkin}]}]\n";
    write(root, "telemetry.yaml", telemetry);
    write(root, "meshc.yaml", "levels: {}\n");
    assert!(found(root, &[]).contains(&"MC1569 info telemetry.yaml:5".to_owned()), "{:?}", found(root, &[]));
    let config = "meshConfig:\n  extensionProviders:\n    - name: zipkin\n      zipkin: {service: zipkin.shop.svc.cluster.local, port: 9411}\n";
    write(root, "meshc.yaml", config);
    assert!(found(root, &[]).iter().all(|finding| !finding.starts_with("MC1569")), "{:?}", found(root, &[]));
    write(root, "meshc.yaml", &config.replace("zipkin\n      zipkin", "jaeger\n      zipkin"));
    assert!(
        found(root, &[]).contains(&"MC1569 warning telemetry.yaml:5".to_owned()),
        "{:?}",
        found(root, &[])
    );
    // What istiod would not read is found where it stands.
    write(root, "meshc.yaml", "meshConfig:\n  enableAutoMtls: perhaps\nmeshNetworks:\n  netwroks: {}\n");
    let told = found(root, &[]);
    assert!(told.iter().any(|finding| finding.ends_with("error meshc.yaml:2")), "{told:?}");
    assert!(told.iter().any(|finding| finding.ends_with("warning meshc.yaml:4")), "{told:?}");
}

/// A VirtualService for the shop in the mesh.
fn of_shop(name: &str, timeout: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         hosts: [shop]\n  http: [{{timeout: {timeout}, route: [{{destination: {{host: shop}}}}]}}]\n"
    )
}

const CALLER: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\n\
                      apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  \
                      containers: [{name: a, image: a}]\n";

/// Commits everything at a time.
fn commit(root: &Path, time: &str) {
    git(root, &["add", "."]);
    let committed = std::process::Command::new("git")
        .current_dir(root)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"])
        .args(["commit", "--quiet", "--message=Go on"])
        .env("GIT_COMMITTER_DATE", time)
        .status();
    assert!(committed.expect("git runs").success());
}

#[test]
fn the_older_decides_by_name_or_by_git() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    write(root, "shop.yaml", &SHOP.replace("spec:", "spec:\n  selector: {app: web}"));
    write(root, "web.yaml", &CALLER.replace("{name: web,", "{name: web, labels: {app: web},"));
    write(root, "z.yaml", &of_shop("second", "1s"));
    commit(root, "2026-01-01T00:00:00Z");
    write(root, "a.yaml", &of_shop("first", "2s"));
    commit(root, "2026-02-01T00:00:00Z");
    let contested = |args: &[&str]| {
        let found = found(root, args);
        found.into_iter().filter(|finding| finding.starts_with("MC0395")).collect::<Vec<_>>()
    };
    let request = r#"{"proxy":"web.shop","route_table":"80","request":{"method":"GET","authority":"shop","path":"/","headers":{}}}"#;
    write(root, "requests.jsonl", request);
    let timeout = || json(&expect(root, &["trace", "--requests", "requests.jsonl"], 0))["timeout_ms"].clone();
    assert_eq!(contested(&[]), ["MC0395 info z.yaml:3"]);
    assert_eq!(timeout(), 2000, "by name");

    write(root, "meshc.yaml", "creationOrder: git\n");
    assert_eq!(contested(&[]), [""; 0]);
    assert_eq!(timeout(), 1000, "the one that was committed first");
    assert_eq!(contested(&["--rev", "HEAD"]), ["MC0395 info z.yaml:3"], "as the settings of that commit say");
    // Moved it keeps its age; what is not committed is the youngest.
    fs::rename(root.join("z.yaml"), root.join("b.yaml")).expect("moved");
    commit(root, "2026-03-01T00:00:00Z");
    assert_eq!(timeout(), 1000);
    write(root, "b.yaml", &of_shop("third", "3s"));
    assert_eq!(timeout(), 2000, "`third` is not committed yet");
    assert_eq!(contested(&[]), [""; 0]);
}

#[test]
fn a_tree_without_a_history_says_that_it_has_none() {
    let tree = tempfile::tempdir().expect("a directory");
    write(tree.path(), "shop.yaml", SHOP);
    write(tree.path(), "meshc.yaml", "creationOrder: git\n");
    assert_eq!(found(tree.path(), &[]), ["MC0396 warning meshc.yaml:1"]);
    write(tree.path(), "meshc.yaml", "creationOrder: gti\n");
    let told = json(&expect(tree.path(), &["check", "--format", "json"], 1));
    assert!(told["diagnostics"][0]["help"].as_str().is_some_and(|help| help.contains("`git`")), "{told}");
}

/// A token of an issuer, with a signature that is nobody's.
const TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsInN1YiI6ImEiLCJleHAiOjQxMDI0NDQ4MDB9.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ";

/// A public key of P-256: its generator.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "a",
    "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]}"#;

#[test]
fn keys_that_istiod_fetches_may_be_told() {
    let tree = tempfile::tempdir().expect("a directory");
    let root = tree.path();
    write(root, "shop.yaml", &SHOP.replace("spec:", "spec:\n  selector: {app: web}"));
    write(root, "web.yaml", &CALLER.replace("{name: web,", "{name: web, labels: {app: web},"));
    let tokens = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: tokens, namespace: shop}\n\
                  spec:\n  jwtRules: [{issuer: 'https://issuer.example.com', jwksUri: 'https://issuer.example.com/keys'}]\n";
    write(root, "tokens.yaml", tokens);
    let request = format!(
        r#"{{"proxy":"web.shop","port":80,"request":{{"method":"GET","authority":"shop","path":"/","headers":{{"authorization":"Bearer {TOKEN}"}}}}}}"#
    );
    write(root, "requests.jsonl", &request);
    let trace = |status| json(&expect(root, &["trace", "--requests", "requests.jsonl"], status));
    let unknown = trace(2)["error"].as_str().unwrap_or_default().to_owned();
    assert!(unknown.contains("`external.keys` in meshc.yaml takes them"), "{unknown}");
    write(root, "keys/issuer.json", KEYS);
    write(root, "meshc.yaml", "external:\n  keys: {'https://issuer.example.com/keys': keys/issuer.json}\n");
    assert_eq!(trace(0)["status"], 401, "the keys are there, and none of them signed it");
    write(root, "meshc.yaml", "external:\n  keys: {'https://issuer.example.com': '{\"keys\": []}'}\n");
    assert_eq!(trace(0)["status"], 401, "by the issuer, and written in place");
    write(root, "meshc.yaml", "external:\n  keys: {'https://issuer.example.com/keys': keys/gone.json}\n");
    assert!(found(root, &[]).iter().any(|finding| finding.starts_with("MC3002")), "a file that is not there");
}
