//! The views of a tree: which files together are one mesh.

use meshc_source::{FileId, SourceSet};

use super::kustomize::{Kustomizations, shown};
use super::paths::{is_in, normal};
use super::renders::{Origin, Renders, is_of_chart};
use super::settings::Governing;
use super::{Failure, Selected};

/// One mesh of a tree.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Its name; none where the whole tree is one mesh.
    pub(super) name: Option<String>,
    /// The files and directories that it is made of; empty for all.
    paths: Vec<String>,
    /// The directories with a kustomization that are deployed in it.
    pub(super) roots: Vec<String>,
}

// === impl View ===

impl View {
    /// The views that the settings name; of a tree whose overlays share a base, each overlay; else the whole tree.
    pub(super) fn all(
        selected: &Selected,
        governing: &mut Governing,
        sources: &SourceSet,
        kustomizations: &Kustomizations,
    ) -> Result<Vec<Self>, Failure> {
        let owned = |roots: Vec<&str>| roots.into_iter().map(str::to_owned).collect::<Vec<String>>();
        let mut views = Vec::new();
        if selected.paths.is_empty() {
            for (name, view) in governing.settings.views.clone() {
                let paths = governing.paths(&view.paths, sources);
                let within = |directory: &str| paths.iter().any(|path| is_in(directory, path));
                let roots = owned(kustomizations.roots(within));
                views.push(Self { name: Some(name.value), paths, roots });
            }
        }
        if views.is_empty() {
            let roots = owned(kustomizations.roots(|_| true));
            if share_a_base(&roots, kustomizations) {
                // Overlays of one base are environments: together they would be nothing but doubles.
                views.extend(roots.into_iter().map(|root| Self {
                    name: Some(shown(&root)),
                    paths: Vec::new(),
                    roots: vec![root],
                }));
            } else {
                views.push(Self { name: None, paths: Vec::new(), roots });
            }
        }
        let Some(wanted) = &selected.view else { return Ok(views) };
        let names: Vec<String> = views.iter().filter_map(|view| view.name.clone()).collect();
        views.retain(|view| view.name.as_ref() == Some(wanted));
        if views.is_empty() {
            let there = if names.is_empty() {
                "the tree has none".to_owned()
            } else {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("there are {}", meshc_syntax::suggest::list(&names).replace(" or ", " and "))
            };
            return Err(Failure::new(format!("there is no view `{wanted}`: {there}")));
        }
        Ok(views)
    }

    /// Whether a file belongs to the mesh.
    pub(super) fn has(
        &self,
        file: FileId,
        sources: &SourceSet,
        selected: &Selected,
        governing: &Governing,
        renders: &Renders,
    ) -> bool {
        if governing.file == Some(file) {
            return false;
        }
        if governing.snapshot == Some(file) {
            return true;
        }
        let within = |path: &str| self.paths.is_empty() || self.paths.iter().any(|of| is_in(path, of));
        if let Some(origin) = renders.files.get(&file) {
            return match origin {
                Origin::Kustomize { directory } => self.roots.contains(directory),
                Origin::Helm { chart } => within(chart),
            };
        }
        let path = normal(&sources.file(file).path);
        let named = || selected.paths.iter().any(|given| normal(&given.to_string_lossy()) == path);
        if renders.kustomizations.is_input(&path) || is_of_chart(&renders.charts, &path) {
            return named();
        }
        // Policies are asked about the mesh, and what they are tried with is none of it.
        if governing.of_policies.iter().any(|of| is_in(&path, of)) {
            return named();
        }
        within(&path)
    }
}

/// Whether two overlays are made of one directory.
fn share_a_base(roots: &[String], kustomizations: &Kustomizations) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    roots.iter().any(|root| {
        let closure = kustomizations.closure(root);
        let fresh = closure.iter().all(|directory| !seen.contains(*directory));
        seen.extend(closure.into_iter().map(str::to_owned));
        !fresh
    })
}
