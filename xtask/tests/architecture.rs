//! The map of the crates in docs/architecture.md is the territory.

use std::collections::BTreeMap;
use std::fs;

use meshc_testkit::workspace;

/// The rows of the table: crate and folder.
fn map() -> BTreeMap<String, String> {
    let text = fs::read_to_string(workspace().join("docs/architecture.md")).expect("the page");
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split("` | `");
        let name = cells.next()?;
        let folder = cells.next()?.split('`').next()?;
        Some((name.to_owned(), folder.to_owned()))
    });
    rows.collect()
}

#[test]
fn every_crate_is_on_the_map_and_every_name_on_the_map_is_a_crate() {
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).expect("the manifest");
    let members =
        manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).expect("members");
    let folders: Vec<&str> = members.split('"').skip(1).step_by(2).collect();
    let map = map();
    for folder in &folders {
        let manifest = fs::read_to_string(workspace().join(folder).join("Cargo.toml")).expect("a manifest");
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")).expect("a name");
        let name = name.trim_end_matches('"');
        assert_eq!(map.get(name).map(String::as_str), Some(*folder), "{name} is not where the map says");
    }
    assert_eq!(map.len(), folders.len(), "{map:?}");
}

#[test]
fn the_compiler_depends_to_the_left_alone() {
    // In the order of the arrows; the proxy is its own half and never sees the compiler but for what both speak.
    let order = [
        "meshc-source",
        "meshc-diagnostics",
        "meshc-syntax",
        "meshc-resources",
        "meshc-settings",
        "meshc-mesh",
        "meshc-effective",
        "meshc-re2",
        "meshc-envoy",
        "meshc-predicate",
        "meshc-trace",
        "meshc-analysis",
        "meshc-xds",
        "meshc-bundle",
        "meshc-delivery",
        "mesh-proxy-config",
        "mesh-proxy",
        "meshc",
    ];
    let map = map();
    for (place, name) in order.iter().enumerate() {
        let manifest = workspace().join(&map[*name]).join("Cargo.toml");
        let text = fs::read_to_string(manifest).expect("a manifest");
        let dependencies =
            text.split("[dependencies]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap_or("");
        for line in dependencies.lines() {
            let dependency = line.split(['.', ' ']).next().unwrap_or_default();
            let Some(other) = order.iter().position(|known| *known == dependency) else { continue };
            // resources reads expressions as Envoy does, the one arrow to a pure crate of no place in the row.
            assert!(
                other < place || dependency == "meshc-re2",
                "{name} depends on {dependency}, to its right"
            );
        }
    }
    let proxy_sees = |name: &str| {
        let text = fs::read_to_string(workspace().join(&map[name]).join("Cargo.toml")).expect("a manifest");
        ["meshc-resources", "meshc-mesh", "meshc-effective", "meshc-xds"]
            .iter()
            .any(|istio| text.contains(istio))
    };
    assert!(!proxy_sees("mesh-proxy") && !proxy_sees("mesh-proxy-config"), "the proxy sees Istio's kinds");
}
