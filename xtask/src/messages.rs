//! `cargo xtask messages ROOT…`: what fields Envoy's messages have, from the `.proto` files below the roots, in the
//! table that `meshc-protobuf` reads. A root is where imports start: Envoy's `data-plane-api` and its `contrib`,
//! `cncf/xds`, `istio/api`.

mod parse;
mod write;

use std::fs;
use std::path::{Path, PathBuf};

/// The table, from the root of the repository.
const TABLE: &str = "compiler/protobuf/src/messages.txt";

/// Packages whose messages can stand in an EnvoyFilter: Envoy's API of version 3, and what it and Istio refer to.
fn is_wanted(package: &str) -> bool {
    let is_envoy =
        package.starts_with("envoy.") && package.split('.').any(|part| part == "v3" || part == "v3alpha");
    is_envoy
        || package.starts_with("xds.core.v3")
        || package.starts_with("xds.type.")
        || package == "udpa.type.v1"
        || package.starts_with("istio.envoy.config.filter.")
        || package == "envoy.tcp.metadataexchange.config"
        || package == "stats"
}

/// Reads every file and writes the table.
pub(crate) fn run(roots: &[String]) -> Result<(), String> {
    if roots.is_empty() {
        return Err("usage: cargo xtask messages ROOT…, the folders that imports of .proto files start from"
            .to_owned());
    }
    let mut files = Vec::new();
    for root in roots {
        collect(Path::new(root), &mut files)?;
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let parsed = parse::file(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        if is_wanted(&parsed.package) {
            all.push(parsed);
        }
    }
    let table = write::table(&all)?;
    fs::write(TABLE, &table).map_err(|error| format!("{TABLE}: {error}"))?;
    println!("wrote {} lines to {TABLE}", table.lines().count());
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
