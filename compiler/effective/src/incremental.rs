//! From files to the effective mesh, in memory, again and again.

use meshc_diagnostics::Diagnostic;
use meshc_mesh::Mesh;
use meshc_resources::{Edit, Resources, may_be_edit, read_file};
use meshc_settings::Settings;
use meshc_source::{FileId, SourceSet};
use meshc_syntax::{Limits, Suppression};

use crate::kept::{Change, Kept};
use crate::model::EffectiveMesh;

/// What a tree says at one time; what follows from it is [`Kept`].
pub struct Read<'a> {
    /// All objects.
    pub resources: &'a mut Resources,
    /// What documents alone show, in the order of files.
    pub diagnostics: &'a mut Vec<Diagnostic>,
    /// The comments that silence findings, likewise.
    pub suppressions: &'a mut Vec<Suppression>,
    /// The names, resolved.
    pub mesh: &'a mut Mesh,
}

/// Follows the step from `before` to `after`, whose files have the same names. None where more follows from it than can be
/// followed: then everything is to be read and compiled anew, and what is here until then means nothing.
pub fn follow(
    read: Read<'_>,
    kept: &mut Kept,
    (before, after): (&SourceSet, &SourceSet),
    limits: &Limits,
) -> Option<Change> {
    // Definitions say what documents of other files may be.
    if !read.resources.custom_resource_definitions.is_empty() {
        return None;
    }
    let mut edit = Edit::default();
    for file in changed(before, after)? {
        let (was, is) = (read_file(before, file, limits)?, read_file(after, file, limits)?);
        splice(read.diagnostics, is.diagnostics, |of| of.span.file, file);
        splice(read.suppressions, is.suppressions, |of| of.span.file, file);
        edit.add(read.resources.edit(file, was.resources, is.resources)?);
    }
    kept.follow(read.mesh, read.resources, &edit)
}

/// Whether it is worth trying to [`follow`] this step: single files tell nothing that speaks against it.
pub fn may_follow(before: &SourceSet, after: &SourceSet, limits: &Limits) -> bool {
    let of_file = |file: FileId| {
        let (was, is) = (read_file(before, file, limits)?, read_file(after, file, limits)?);
        Some(may_be_edit(was.resources, is.resources))
    };
    // Where much changed, reading it twice would cost more than can be won.
    changed(before, after).is_some_and(|changed| {
        changed.len() <= before.files().len() / 10
            && changed.into_iter().all(|file| of_file(file) == Some(true))
    })
}

/// The files whose text is another; none where there are not the same files.
fn changed(before: &SourceSet, after: &SourceSet) -> Option<Vec<FileId>> {
    let (old, new) = (before.files(), after.files());
    let same_names = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.path == b.path);
    let changed = (0..).map(FileId).zip(old.iter().zip(new)).filter(|(_, (a, b))| a.sha256 != b.sha256);
    same_names.then(|| changed.map(|(file, _)| file).collect())
}

/// Puts what one file has in the place of what it had.
fn splice<T>(all: &mut Vec<T>, new: Vec<T>, of: impl Fn(&T) -> FileId, file: FileId) {
    all.retain(|item| of(item) != file);
    let place = all.iter().position(|item| of(item) > file).unwrap_or(all.len());
    all.splice(place..place, new);
}

/// A tree in memory, compiled, that takes in what its files say now.
#[derive(Debug)]
pub struct Incremental {
    sources: SourceSet,
    settings: Settings,
    resources: Resources,
    diagnostics: Vec<Diagnostic>,
    suppressions: Vec<Suppression>,
    mesh: Mesh,
    kept: Kept,
}

impl Incremental {
    /// Reads and compiles a tree.
    pub fn new(sources: SourceSet, settings: Settings) -> Self {
        let outcome = meshc_resources::read(&sources, &Limits::default());
        let mesh = Mesh::within(&outcome.resources, &settings);
        Self {
            kept: Kept::new(&mesh),
            mesh,
            resources: outcome.resources,
            diagnostics: outcome.diagnostics,
            suppressions: outcome.suppressions,
            settings,
            sources,
        }
    }

    /// Takes in what the files say now; what that changed. None where everything was compiled anew.
    pub fn update(&mut self, sources: SourceSet) -> Option<Change> {
        let read = Read {
            resources: &mut self.resources,
            diagnostics: &mut self.diagnostics,
            suppressions: &mut self.suppressions,
            mesh: &mut self.mesh,
        };
        let change = follow(read, &mut self.kept, (&self.sources, &sources), &Limits::default());
        if change.is_some() {
            self.sources = sources;
        } else {
            *self = Self::new(sources, std::mem::take(&mut self.settings));
        }
        change
    }

    /// The files.
    pub fn sources(&self) -> &SourceSet {
        &self.sources
    }

    /// What documents alone show.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The names, resolved.
    pub fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// What each proxy does.
    pub fn effective(&self) -> &EffectiveMesh {
        self.kept.mesh()
    }
}
