//! What a mesh does, told by small worlds: `semantics/SUBJECT.yaml` begins with what it shows, and its snapshot
//! beside it is the effective configuration. The bookshop is one of them.

#![allow(dead_code, reason = "the support files serve other tests too")]

mod support;

use std::fs;
use std::path::Path;

use support::{compile, text};

/// All YAML files below a folder, by their paths in it.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(&current).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap_or_default()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_bookshop() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/bookshop");
    let (mesh, refused) = compile(files(&folder));
    assert!(refused.is_empty(), "{refused:?}");
    insta::assert_snapshot!(text::mesh(&mesh));
}

#[test]
fn the_order_of_files_does_not_matter() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/bookshop");
    let mut files = files(&folder);
    let (first, _) = compile(files.clone());
    files.reverse();
    let (second, _) = compile(files);
    assert_eq!(text::mesh(&first), text::mesh(&second));
}

/// Each world of a folder against its snapshot.
fn worlds(folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    for (name, world) in files(&folder) {
        let (mesh, refused) = compile(vec![(name.clone(), world)]);
        assert!(refused.is_empty(), "{name}: {refused:?}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name.trim_end_matches(".yaml"), text::mesh(&mesh)));
    }
}

#[test]
fn small_worlds() {
    worlds("semantics");
}

/// What people set out to do, as Istio's tasks and samples have it: each begins with what the reference says of it.
#[test]
fn tasks() {
    worlds("tasks");
}

/// Every file of Istio's samples alone, and all of Bookinfo's routes with its services: nothing in them is refused.
#[test]
fn samples_compile() {
    let Some(root) = meshc_testkit::shared("Istio's samples compile", "samples/istio") else { return };
    let all = files(&root);
    assert!(all.len() > 60, "{}", all.len());
    let mut refused_of = Vec::new();
    for (name, text) in &all {
        let (mesh, refused) = compile(vec![(name.clone(), text.clone())]);
        refused_of.extend(refused.into_iter().map(|refusal| format!("{name}: {refusal}")));
        text::mesh(&mesh);
    }
    assert_eq!(refused_of, [""; 0]);
    let is_base = |name: &str| name == "bookinfo/platform/kube/bookinfo.yaml";
    let base = all.iter().find(|(name, _)| is_base(name)).expect("Bookinfo is there");
    for (name, text) in all.iter().filter(|(name, _)| {
        name.starts_with("bookinfo/networking") || name.starts_with("bookinfo/gateway-api")
    }) {
        let (mesh, refused) = compile(vec![base.clone(), (name.clone(), text.clone())]);
        assert!(refused.is_empty(), "{name}: {refused:?}");
        assert!(!mesh.proxies.is_empty() || !text::mesh(&mesh).is_empty(), "{name} has proxies");
    }
}
