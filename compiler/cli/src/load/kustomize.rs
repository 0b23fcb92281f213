//! Directories with a `kustomization.yaml`: which are rendered, and which files are their inputs.

use std::collections::{BTreeMap, BTreeSet};

use meshc_source::{FileId, SourceSet};
use meshc_syntax::Node;

use super::paths::{is_in, join, normal, parent};
use super::{Failure, Selected};

/// One directory with a kustomization.
#[derive(Debug, Clone)]
pub(super) struct Kustomization {
    /// Its file.
    pub(super) file: FileId,
    /// Whether it is only ever a part of another one.
    pub(super) is_component: bool,
    /// The directories and files that it names, as normal paths.
    pub(super) names: Vec<String>,
}

/// All of a tree, by directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Kustomizations(pub(super) BTreeMap<String, Kustomization>);

/// Lists of paths, and of objects with a `path`.
const LISTS: [&str; 14] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "openapi",
    "helmCharts",
];

// === impl Kustomizations ===

impl Kustomizations {
    /// Those of the files, and those that they are made of: what lies outside of the paths that were asked for joins the
    /// sources.
    pub(super) fn complete(selected: &Selected, sources: &mut SourceSet) -> Result<Self, Failure> {
        let mut tried = BTreeSet::new();
        loop {
            let all = Self::of(sources);
            let has = |name: &str| sources.files().iter().any(|file| is_in(&normal(&file.path), name));
            let names = all.0.values().flat_map(|kustomization| &kustomization.names);
            let missing: Vec<String> = names.filter(|name| !has(name)).cloned().collect();
            let missing: Vec<String> =
                missing.into_iter().filter(|name| tried.insert(name.clone())).collect();
            if missing.is_empty() {
                return Ok(all);
            }
            for name in missing {
                let one = selected.only(&name);
                // What is not there Kustomize itself will tell.
                let Ok((more, _)) = meshc_source::load(&one.selection, &meshc_source::Limits::default())
                else {
                    continue;
                };
                for file in more.files() {
                    if super::settings::of_path(sources, &normal(&file.path)).is_none() {
                        sources.push(file.clone());
                    }
                }
            }
        }
    }

    /// Those of the files.
    fn of(sources: &SourceSet) -> Self {
        let mut all = BTreeMap::new();
        for (file, source) in sources.iter() {
            let name = source.path.rsplit('/').next().unwrap_or_default();
            if !matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization") {
                continue;
            }
            let directory = parent(&source.path);
            let parsed = meshc_syntax::parse(file, &source.text, &meshc_syntax::Limits::default());
            let Some(root) = parsed.documents.first().map(|document| &document.root) else { continue };
            let text = |key: &str| root.get(key).and_then(Node::as_str);
            let ours =
                text("apiVersion").is_none_or(|version| version.starts_with("kustomize.config.k8s.io/"));
            if !ours || text("kind").is_some_and(|kind| !matches!(kind, "Kustomization" | "Component")) {
                // Flux and others call their own objects so.
                continue;
            }
            let names = LISTS.iter().flat_map(|list| named(root.get(list)));
            let names = names.map(|name| join(&directory, name)).collect();
            let is_component = text("kind") == Some("Component");
            all.insert(directory, Kustomization { file, is_component, names });
        }
        Self(all)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of `within` that no other one of `within` is made of: what is deployed.
    pub(super) fn roots(&self, within: impl Fn(&str) -> bool) -> Vec<&str> {
        let here = || self.0.iter().filter(|(directory, _)| within(directory));
        let used: BTreeSet<&str> = here()
            .flat_map(|(_, kustomization)| &kustomization.names)
            .map(String::as_str)
            .filter(|name| self.0.contains_key(*name))
            .collect();
        here()
            .filter(|(directory, kustomization)| {
                !kustomization.is_component && !used.contains(directory.as_str())
            })
            .map(|(directory, _)| directory.as_str())
            .collect()
    }

    /// Whether a file is an input of Kustomize and no object of its own: it lies in a directory with a kustomization,
    /// or one names it.
    pub(super) fn is_input(&self, path: &str) -> bool {
        self.0.contains_key(&parent(path))
            || self.0.values().flat_map(|kustomization| &kustomization.names).any(|name| is_in(path, name))
    }

    /// The directories that one is made of, itself included.
    pub(super) fn closure<'a>(&'a self, root: &'a str) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        let mut left = vec![root];
        while let Some(directory) = left.pop() {
            if let Some(kustomization) = self.0.get(directory)
                && seen.insert(directory)
            {
                left.extend(kustomization.names.iter().map(String::as_str));
            }
        }
        seen
    }

    /// Whether a file is an input of one root.
    pub(super) fn is_input_of(&self, root: &str, path: &str) -> bool {
        self.closure(root).into_iter().any(|directory| {
            parent(path) == directory
                || self.0.get(directory).is_some_and(|kustomization| {
                    kustomization.names.iter().any(|name| !self.0.contains_key(name) && is_in(path, name))
                })
        })
    }
}

/// The paths of a list: strings, and the `path` of objects. What spans lines is inline YAML.
fn named(list: Option<&Node>) -> impl Iterator<Item = &str> {
    let items = list.map(Node::items).unwrap_or_default();
    let single = list.filter(|list| !list.entries().is_empty());
    items.iter().chain(single).filter_map(|item| {
        let text = item.as_str().or_else(|| item.get("path").and_then(Node::as_str))?;
        // Remote bases are none of the tree's files.
        (!text.contains('\n') && !text.contains("://")).then_some(text)
    })
}

/// The normal path of a directory of the tree, for messages.
pub(super) fn shown(directory: &str) -> String {
    if directory.is_empty() { ".".to_owned() } else { normal(directory) }
}
