//! The diff of the bookshop and its mutants, through the whole compiler.

mod laws;
mod mutants;

use std::path::{Path, PathBuf};

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};

use super::{Diff, Side, diff};

/// A tree as files with their texts.
pub(super) type Tree = Vec<(String, String)>;

/// A tree that was compiled.
pub(super) struct World {
    sources: SourceSet,
    mesh: EffectiveMesh,
}

/// The bookshop.
pub(super) fn bookshop() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/bookshop");
    let mut files: Vec<PathBuf> = Vec::new();
    for directory in ["backoffice", "edge", "shop"] {
        let entries = std::fs::read_dir(root.join(directory)).expect("readable");
        files.extend(entries.map(|entry| entry.expect("readable").path()));
    }
    files.sort();
    let name = |path: &Path| path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("readable"))).collect()
}

/// The tree with a text of one file replaced, which must be there once.
pub(super) fn edited(tree: &Tree, file: &str, from: &str, to: &str) -> Tree {
    let mut tree = tree.clone();
    let (_, text) = tree.iter_mut().find(|(name, _)| name == file).unwrap_or_else(|| panic!("no {file}"));
    assert_eq!(text.matches(from).count(), 1, "{file}: {from:?}");
    *text = text.replace(from, to);
    tree
}

/// Compiles a tree.
pub(super) fn world(tree: &Tree) -> World {
    let files = tree.iter().map(|(name, text)| SourceFile::new(name.clone(), text.as_str()));
    let sources = SourceSet::new(files.collect());
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    let mesh = meshc_effective::compile(&Mesh::new(&outcome.resources));
    World { sources, mesh }
}

/// The diff of two worlds.
pub(super) fn compare(base: &World, head: &World) -> Diff {
    diff(
        Side { name: "base", mesh: &base.mesh, sources: &base.sources },
        Side { name: "head", mesh: &head.mesh, sources: &head.sources },
    )
}
