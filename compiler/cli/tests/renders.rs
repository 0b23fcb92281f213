//! Kustomize and Helm: directories are rendered before they are checked, and findings point at their sources. Scripts
//! stand in for the programs, so that the tests run where neither is.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::{git, json, meshc};
use serde_json::Value;

/// `kustomize build DIR`: the resources of a kustomization one after the other, directories by themselves; of each patch,
/// which names its target by its file's name, the lines behind its first are put at the target's end.
const KUSTOMIZE: &str = r#"#!/bin/sh
[ "$1" = build ] || exit 1
build() (
  cd "$1" || { echo "no such directory: $1" >&2; exit 1; }
  sed -n 's/^- //p' kustomization.yaml | while read -r part; do
    if [ -d "$part" ]; then build "$part" || exit 1
    elif [ -f "$part" ]; then echo ---; sed '/^ *#/d' "$part"
    else echo "accumulating resources: $part: no such file" >&2; exit 1; fi
  done || exit 1
  tail=$(sed -n 's/^tail: //p' kustomization.yaml)
  [ -z "$tail" ] || sed -n '/^    -/,$p' "$tail"
)
build "$2"
"#;

/// `helm template RELEASE CHART [--namespace N] [--values FILE]`
const HELM: &str = r##"#!/bin/sh
[ "$1" = template ] || exit 1
release=$2 chart=$3 values=$3/values.yaml
while [ $# -gt 0 ]; do [ "$1" = --values ] && values=$2; shift; done
host=$(sed -n 's/^host: //p' "$values")
name=$(sed -n 's/^name: //p' "$chart/Chart.yaml")
for template in "$chart"/templates/*.yaml; do
  echo ---
  echo "# Source: $name/templates/$(basename "$template")"
  sed "s/{{ .Values.host }}/$host/; s/{{ .Release.Name }}/$release/" "$template"
done
"##;

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
    fs::write(file, text).expect("a file");
}

/// A directory of programs with these scripts.
fn programs(scripts: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in scripts {
        let file = directory.path().join(name);
        fs::write(&file, text).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    // What the scripts themselves need.
    for tool in ["sh", "sed", "basename", "git"] {
        let real =
            ["/bin", "/usr/bin"].map(|bin| Path::new(bin).join(tool)).into_iter().find(|path| path.exists());
        std::os::unix::fs::symlink(real.expect("a tool"), directory.path().join(tool)).expect("a link");
    }
    directory
}

/// The findings as `CODE file:line`, sorted by the program.
fn found(root: &Path, programs: &Path, args: &[&str]) -> Vec<String> {
    let output = meshc()
        .current_dir(root)
        .env("PATH", programs)
        .args(["check", "--format", "json"])
        .args(args)
        .output()
        .expect("the program runs");
    let out = json(&String::from_utf8_lossy(&output.stdout));
    let list = out["diagnostics"].as_array().expect("a list");
    let line = |finding: &Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}:{}", text("code"), text("file"), finding["start"]["line"])
    };
    list.iter().map(line).collect()
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: shop}\nspec:\n  ports: [{name: http, port: 80}]\n";

const ROUTE: &str = "# Comments do not survive.\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop, namespace: shop}\nspec:\n  hosts: [shop]\n  http:\n    - route:\n        - destination:\n            host: shpo\n";

fn kustomized(root: &Path) {
    write(root, "base/kustomization.yaml", "resources:\n- service.yaml\n- route.yaml\n");
    write(root, "base/service.yaml", SERVICE);
    write(root, "base/route.yaml", ROUTE);
    write(root, "overlays/prod/kustomization.yaml", "resources:\n- ../../base\n");
}

#[test]
fn an_overlay_is_rendered_and_its_findings_are_those_of_the_base() {
    let (tree, bin) = (tempfile::tempdir().expect("a directory"), programs(&[("kustomize", KUSTOMIZE)]));
    let root = tree.path();
    kustomized(root);
    assert_eq!(found(root, bin.path(), &["."]), ["MC1001 base/route.yaml:10"]);
    assert_eq!(
        found(root, bin.path(), &["overlays/prod"]),
        ["MC1001 base/route.yaml:10"],
        "the base is outside"
    );
    assert_eq!(found(&root.join("base"), bin.path(), &[".."]), ["MC1001 ../base/route.yaml:10"]);
    git(root, &["init", "--quiet"]);
    assert_eq!(found(&root.join("base"), bin.path(), &[]), ["MC1001 route.yaml:10"]);
    assert_eq!(
        found(root, bin.path(), &["base/route.yaml"]),
        ["MC1001 base/route.yaml:10"],
        "named, as it is"
    );
    // A comment in the source silences.
    write(
        root,
        "base/route.yaml",
        &ROUTE.replace("host: shpo", "host: shpo # meshc: allow MC1001 because it comes"),
    );
    assert_eq!(found(root, bin.path(), &["."]), [""; 0]);
}

#[test]
fn what_the_render_made_is_shown_in_the_render() {
    let (tree, bin) = (tempfile::tempdir().expect("a directory"), programs(&[("kustomize", KUSTOMIZE)]));
    let root = tree.path();
    kustomized(root);
    write(root, "base/route.yaml", &ROUTE.replace("shpo", "shop"));
    write(root, "overlays/prod/kustomization.yaml", "resources:\n- ../../base\ntail: patch.yaml\n");
    write(
        root,
        "overlays/prod/patch.yaml",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: shop, namespace: shop}\nspec:\n  http:\n    - route:\n        - destination:\n            host: gone\n",
    );
    // The place in the list is another one in the patch.
    let found = found(root, bin.path(), &["."]);
    assert!(found.contains(&"MC1001 kustomize build overlays/prod:19".to_owned()), "{found:?}");
}

#[test]
fn overlays_of_one_base_are_meshes_of_their_own() {
    let (tree, bin) = (tempfile::tempdir().expect("a directory"), programs(&[("kustomize", KUSTOMIZE)]));
    let root = tree.path();
    kustomized(root);
    write(root, "overlays/dev/kustomization.yaml", "resources:\n- ../../base\n");
    assert_eq!(found(root, bin.path(), &["."]), ["MC1001 base/route.yaml:10"], "told once");
    assert_eq!(found(root, bin.path(), &["--view", "overlays/dev"]), ["MC1001 base/route.yaml:10"]);
}

#[test]
fn git_versions_are_rendered_as_they_are_in_git() {
    let (tree, bin) = (tempfile::tempdir().expect("a directory"), programs(&[("kustomize", KUSTOMIZE)]));
    let root = tree.path();
    kustomized(root);
    git(root, &["init", "--quiet"]);
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message=One"]);
    write(root, "base/route.yaml", &ROUTE.replace("shpo", "shop"));
    assert_eq!(found(root, bin.path(), &[]), [""; 0]);
    assert_eq!(found(root, bin.path(), &["--staged"]), ["MC1001 base/route.yaml:10"]);
    assert_eq!(found(root, bin.path(), &["--rev", "HEAD"]), ["MC1001 base/route.yaml:10"]);
    assert_eq!(found(&root.join("overlays"), bin.path(), &["--staged"]), ["MC1001 ../base/route.yaml:10"]);
}

#[test]
fn without_the_program_the_directory_is_said_to_be_unchecked_once() {
    let (tree, bin) = (tempfile::tempdir().expect("a directory"), programs(&[]));
    let root = tree.path();
    kustomized(root);
    assert_eq!(found(root, bin.path(), &["."]), ["MC3005 overlays/prod/kustomization.yaml:1"]);
    write(root, "meshc.yaml", "kustomize: {render: false}\n");
    assert_eq!(found(root, bin.path(), &["."]), ["MC1001 base/route.yaml:10"]);
    let own = programs(&[("our-kustomize", KUSTOMIZE)]);
    write(root, "meshc.yaml", "kustomize: {command: [our-kustomize, build]}\n");
    assert_eq!(found(root, own.path(), &["."]), ["MC1001 base/route.yaml:10"]);
    write(root, "overlays/prod/kustomization.yaml", "resources:\n- ../../gone\n");
    // No overlay is made of the base any more, so that it is what is deployed.
    assert_eq!(
        found(root, own.path(), &["."]),
        ["MC1001 base/route.yaml:10", "MC3006 overlays/prod/kustomization.yaml:1"]
    );
}

#[test]
fn charts_are_rendered_with_the_values_of_the_settings() {
    let (tree, bin) = (tempfile::tempdir().expect("a directory"), programs(&[("helm", HELM)]));
    let root = tree.path();
    write(root, "charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
    write(root, "charts/shop/values.yaml", "host: shop\n");
    write(root, "charts/shop/templates/service.yaml", SERVICE);
    write(
        root,
        "charts/shop/templates/route.yaml",
        &ROUTE
            .replace("host: shpo", "host: {{ .Values.host }}")
            .replace("    - route:", "    - nmae: all\n      route:"),
    );
    write(root, "prod.yaml", "host: shpo\n");
    assert_eq!(found(root, bin.path(), &["."]), ["MC0012 charts/shop/templates:1"]);
    write(root, "meshc.yaml", "helm:\n  - {chart: charts/shop, namespace: shop, values: [prod.yaml]}\n");
    assert_eq!(
        found(root, bin.path(), &["."]),
        ["MC0101 charts/shop/templates/route.yaml:8", "MC1001 helm template shop charts/shop:13"],
        "the host is a value, the misspelt field stands in the template"
    );
    write(
        root,
        "meshc.yaml",
        "helm:\n  - {chart: charts/shop, values: [gone.yaml]}\n  - {chart: charts/none}\n",
    );
    assert_eq!(
        found(root, bin.path(), &["."]).iter().filter(|finding| finding.starts_with("MC3002")).count(),
        2
    );
    let none = programs(&[]);
    write(root, "meshc.yaml", "helm:\n  - {chart: charts/shop}\n");
    assert_eq!(found(root, none.path(), &["."]), ["MC3005 meshc.yaml:2"]);
}
