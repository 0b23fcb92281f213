//! `meshc build`: the same tree gives the same digest, and what is written is what proxies read.

mod common;

use std::fs;
use std::process::Command;

use common::{bookshop, complaint, copy, edit, expect, git, json, meshc, repository};

#[test]
fn the_same_tree_gives_the_same_digest_with_any_number_of_threads_and_in_any_clone() {
    let tree = repository();
    let clone = tempfile::tempdir().expect("a directory");
    git(clone.path(), &["clone", "--quiet", &tree.path().display().to_string(), "clone"]);
    let digest = |directory: &std::path::Path, threads: &str, format: &str, args: &[&str]| {
        let out = tempfile::tempdir().expect("a directory");
        let output = meshc()
            .current_dir(directory)
            .env("RAYON_NUM_THREADS", threads)
            .args(["build", "--format", format, "--out"])
            .arg(out.path())
            .args(args)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{output:?}");
        let mut files: Vec<String> = Vec::new();
        for entry in fs::read_dir(out.path().join("blobs/sha256")).expect("blobs") {
            files.push(entry.expect("an entry").file_name().to_string_lossy().into_owned());
        }
        files.sort();
        (String::from_utf8_lossy(&output.stdout).into_owned(), files)
    };
    let first = digest(tree.path(), "1", "oci", &["."]);
    assert!(first.0.starts_with("sha256:"), "{first:?}");
    assert_eq!(first, digest(tree.path(), "16", "oci", &["."]));
    assert_eq!(first, digest(&clone.path().join("clone"), "3", "oci", &["."]));
    assert_eq!(first, digest(tree.path(), "4", "oci", &["--rev", "HEAD"]));
    assert_eq!(first.0, digest(tree.path(), "4", "dir", &["."]).0);
}

#[test]
fn pods_are_facts_and_do_not_change_the_digest() {
    let tree = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), tree.path());
    let build = || {
        let out = tempfile::tempdir().expect("a directory");
        let path = out.path().display().to_string();
        expect(tree.path(), &["build", ".", "--out", &path], 0);
        meshc_bundle::read(out.path()).expect("a bundle")
    };
    let before = build();
    let slice = "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: catalog-x\n  namespace: shop\n  \
                 labels: {kubernetes.io/service-name: catalog}\naddressType: IPv4\nports: [{name: http, port: 8080}]\n\
                 endpoints:\n- addresses: [10.9.9.9]\n  conditions: {ready: true}\n";
    fs::write(tree.path().join("slice.yaml"), slice).expect("a file");
    let after = build();
    assert_eq!(before.digest(), after.digest());
    assert_ne!(before.endpoints_digest(), after.endpoints_digest());
}

#[test]
fn errors_stop_a_build_unless_they_are_allowed() {
    let tree = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), tree.path());
    edit(&tree.path().join("shop/routes.yaml"), "            subset: v3", "            subset: v9");
    let out = tempfile::tempdir().expect("a directory");
    let path = out.path().display().to_string();
    assert!(complaint(tree.path(), &["build", ".", "--out", &path], 1).contains("v9"));
    assert!(fs::read_dir(out.path()).expect("a directory").next().is_none(), "nothing was written");
    expect(tree.path(), &["build", ".", "--out", &path, "--allow-errors"], 0);
}

#[test]
fn what_is_not_implemented_stops_every_command_by_name() {
    let tree = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), tree.path());
    let config = "apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {name: all, namespace: shop}\n\
                  spec: {environmentVariables: {ISTIO_META_GENERATOR: far}}\n";
    fs::write(tree.path().join("config.yaml"), config).expect("a file");
    fs::write(tree.path().join("requests.jsonl"), "{}").expect("a file");
    let commands: [&[&str]; 4] = [
        &["build", ".", "--out", "out", "--allow-errors"],
        &["trace", ".", "--requests", "requests.jsonl"],
        &["show", "storefront-v1", "routes", "."],
        &["why", "storefront-v1", "http://reviews:9080/", "--", "."],
    ];
    for command in commands {
        let output = common::run(tree.path(), command);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("ISTIO_META_GENERATOR"), "{command:?}: {said}");
        assert!(said.contains("config.yaml:4"), "{command:?} does not say where: {said}");
    }
}

#[test]
fn stock_envoy_takes_every_bootstrap() {
    let Some(envoy) = meshc_testkit::envoy("stock_envoy_takes_every_bootstrap") else { return };
    let out = tempfile::tempdir().expect("a directory");
    for proxy in ["storefront-v1", "reviews-v2", "ratings-v1", "orders-v1", "istio-ingressgateway"] {
        let file = out.path().join(format!("{proxy}.json")).display().to_string();
        expect(
            &bookshop(),
            &["build", ".", "--format", "envoy-bootstrap", "--proxy", proxy, "--out", &file],
            0,
        );
        json(&fs::read_to_string(&file).expect("a file"));
        let output =
            Command::new(&envoy).args(["--mode", "validate", "--log-level", "error", "-c", &file]).output();
        let output = output.expect("Envoy runs");
        assert!(output.status.success(), "{proxy}: {}", String::from_utf8_lossy(&output.stderr));
        let output =
            meshc().args(["proxy", "validate", "--bootstrap", &file]).output().expect("mesh-proxy runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{proxy}: {said}");
        // The mesh's own certificates come over SDS, which is said.
        assert_eq!(
            said.contains("wait for the certificate"),
            proxy != "istio-ingressgateway",
            "{proxy}: {said}"
        );
    }
}

#[test]
fn a_writer_that_is_killed_leaves_the_old_bundle_or_the_new_one() {
    let tree = tempfile::tempdir().expect("a directory");
    copy(&bookshop(), tree.path());
    let out = tempfile::tempdir().expect("a directory");
    let path = out.path().display().to_string();
    let routes = tree.path().join("shop/routes.yaml");
    let text = fs::read_to_string(&routes).expect("a file");
    let began = std::time::Instant::now();
    expect(tree.path(), &["build", ".", "--format", "dir", "--out", &path], 0);
    let whole = began.elapsed();
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..40u64 {
        let weight = 10 + round;
        fs::write(&routes, text.replace("weight: 75", &format!("weight: {weight}"))).expect("a file");
        let mut writer = meshc()
            .current_dir(tree.path())
            .args(["build", ".", "--format", "dir", "--out", &path])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("the program runs");
        // The moment is what is tried: from before anything is written to after all of it.
        std::thread::sleep(whole * round as u32 / 20);
        writer.kill().expect("a signal");
        writer.wait().expect("an end");
        let bundle = meshc_bundle::read(out.path()).unwrap_or_else(|e| panic!("round {round}: {e}"));
        for node in bundle.nodes() {
            bundle.node(node).unwrap_or_else(|e| panic!("round {round}, {node}: {e}"));
        }
        seen.insert(bundle.digest());
    }
    expect(tree.path(), &["build", ".", "--format", "dir", "--out", &path], 0);
    assert!(seen.len() > 1, "no writer was quick enough to finish");
}
