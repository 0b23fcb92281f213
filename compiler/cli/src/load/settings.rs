//! The `meshc.yaml` that governs a tree, and the files that it names.

use std::path::Path;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use meshc_policies::Pack;
use meshc_settings::rules::UNKNOWN_PATH;
use meshc_settings::{Levels, Settings};
use meshc_source::{FileId, SourceSet};
use meshc_syntax::de::Spanned;

use super::ages::Ages;
use super::paths::{is_in, join, normal, parent};
use super::{Failure, Selected, all_rules};

/// The settings of a tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Governing {
    pub(crate) settings: Settings,
    pub(crate) levels: Levels,
    /// The directory that the settings' paths count from.
    pub(crate) base: String,
    /// The file; none where there is none.
    pub(crate) file: Option<FileId>,
    /// The snapshot of a cluster.
    pub(crate) snapshot: Option<FileId>,
    /// When resources came to the branch, where that orders them.
    pub(super) ages: Option<Arc<Ages>>,
    /// What is wrong with the settings.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The packs of policies that are switched on.
    pub(crate) packs: Arc<Vec<Pack>>,
    /// The normal paths of those that are the user's own, which are no part of the mesh.
    pub(super) of_policies: Vec<String>,
}

// === impl Governing ===

impl Governing {
    /// Finds and reads the settings; the file and the snapshot that it names join the sources.
    pub(super) fn find(selected: &Selected, sources: &mut SourceSet) -> Result<Self, Failure> {
        let found = match meshc_source::find_up(&selected.selection, meshc_settings::FILE) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(Self::default()),
            Err(error) => return Err(Failure::new(error)),
        };
        let path = normal(&found.path);
        let file = of_path(sources, &path).unwrap_or_else(|| sources.push(found));
        let mut governing = Self::of(file, sources);
        governing.add_snapshot(selected, sources)?;
        governing.add_keys(selected)?;
        governing.add_packs(selected)?;
        governing.add_ages(selected)?;
        Ok(governing)
    }

    /// The settings that a file of the sources says.
    pub(super) fn of(file: FileId, sources: &SourceSet) -> Self {
        let source = sources.file(file);
        let read = meshc_settings::read(file, &source.text);
        let (levels, more) = Levels::new(&read.settings, &all_rules());
        let mut diagnostics = read.diagnostics;
        diagnostics.extend(more);
        Self {
            settings: read.settings,
            levels,
            base: parent(&source.path),
            file: Some(file),
            snapshot: None,
            ages: None,
            diagnostics,
            packs: Arc::default(),
            of_policies: Vec::new(),
        }
    }

    fn add_snapshot(&mut self, selected: &Selected, sources: &mut SourceSet) -> Result<(), Failure> {
        let Some(snapshot) = self.settings.external.snapshot.clone() else { return Ok(()) };
        let path = join(&self.base, &snapshot);
        self.snapshot = match of_path(sources, &path) {
            Some(file) => Some(file),
            None => meshc_source::read_file(&selected.selection, Path::new(&path))
                .map_err(Failure::new)?
                .map(|file| sources.push(file)),
        };
        if self.snapshot.is_none() {
            self.diagnostics.push(absent(&snapshot, "file"));
        }
        Ok(())
    }

    /// Puts the keys in the place of the names of files that hold them.
    fn add_keys(&mut self, selected: &Selected) -> Result<(), Failure> {
        let is_file = |keys: &&mut Spanned<String>| !keys.trim_start().starts_with('{');
        for keys in self.settings.external.keys.values_mut().filter(is_file) {
            let path = join(&self.base, keys);
            match meshc_source::read_file(&selected.selection, Path::new(&path)).map_err(Failure::new)? {
                Some(file) => keys.value = file.text.to_string(),
                None => self.diagnostics.push(absent(keys, "file")),
            }
        }
        Ok(())
    }

    /// The normal paths of a list of the settings; each that leads to nothing is a finding.
    pub(super) fn paths(&mut self, written: &[Spanned<String>], sources: &SourceSet) -> Vec<String> {
        let mut paths = Vec::new();
        for path in written {
            let full = join(&self.base, path);
            if sources.files().iter().any(|file| is_in(&normal(&file.path), &full)) {
                paths.push(full);
            } else {
                self.diagnostics.push(absent(path, "file that is read"));
            }
        }
        paths
    }
}

/// A path of the settings that leads to nothing.
pub(super) fn absent(path: &Spanned<String>, what: &str) -> Diagnostic {
    Diagnostic::new(&UNKNOWN_PATH, path.span, format!("there is no {what} at `{}`", path.value))
        .help("paths count from the directory of meshc.yaml")
}

/// The file of the sources at a normal path.
pub(super) fn of_path(sources: &SourceSet, path: &str) -> Option<FileId> {
    sources.iter().find(|(_, file)| normal(&file.path) == path).map(|(id, _)| id)
}
