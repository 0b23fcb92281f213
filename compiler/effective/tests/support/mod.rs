//! The effective configuration as protojson in the shape that Istio's recorded tables have.

mod checks;
pub(crate) mod json;
mod reports;
pub(crate) mod text;
mod upstream;

use std::path::{Path, PathBuf};

use meshc_effective::model::EffectiveMesh;
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;

/// The folder of recorded answers beside the workspace; none where a user has only the project.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle").join(folder);
    path.is_dir().then_some(path)
}

/// The mesh of some files, compiled, with the findings of its documents.
pub(crate) fn compile(files: Vec<(String, String)>) -> (EffectiveMesh, Vec<String>) {
    let sources = SourceSet::new(files.into_iter().map(|(path, text)| SourceFile::new(path, text)).collect());
    let outcome = meshc_resources::read(&sources, &Limits::default());
    let mesh = Mesh::new(&outcome.resources);
    // What a webhook refuses is compiled all the same, as for every tree with errors.
    let refusals = outcome.diagnostics.iter().filter(|d| meshc_resources::rules::is_refusal(d));
    let refused = refusals.map(|d| format!("{} {}", d.code, d.message)).collect();
    (meshc_effective::compile(&mesh), refused)
}

/// The cases of a folder, sorted.
pub(crate) fn cases(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut cases: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}
