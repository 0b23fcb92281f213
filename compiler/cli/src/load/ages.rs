//! When each resource came to the branch, where the settings ask for it (`creationOrder: git`).

use std::collections::{BTreeMap, HashMap};

use meshc_diagnostics::Diagnostic;
use meshc_resources::Named;
use meshc_settings::CreationOrder;
use meshc_settings::rules::SHORT_HISTORY;
use meshc_source::{Change, FileId, State, Tree};
use meshc_syntax::{Limits, Node};
use rayon::prelude::*;

use super::paths::normal;
use super::settings::Governing;
use super::{Failure, Selected};

/// What is in no commit yet comes last.
const NOT_COMMITTED: i64 = i64::MAX;

/// Kind, namespace and name.
type Identity = (String, String, String);

/// The times at which resources came to the branch, in seconds since 1970.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ages {
    by_file: HashMap<String, HashMap<Identity, i64>>,
    /// The earliest of each, for what was rendered from files.
    anywhere: HashMap<Identity, i64>,
}

// === impl Ages ===

impl Ages {
    /// When a resource came; `path` is the file that it stands in.
    pub(super) fn of(&self, named: Named<'_>, path: &str) -> i64 {
        let key = (named.kind.to_owned(), named.namespace.to_owned(), named.name.to_owned());
        let own = self.by_file.get(&normal(path)).and_then(|file| file.get(&key));
        own.or_else(|| self.anywhere.get(&key)).copied().unwrap_or(NOT_COMMITTED)
    }

    fn follow(&mut self, state: State) {
        let read: Vec<(String, Option<Vec<Identity>>)> = state
            .changes
            .into_par_iter()
            .map(|Change { path, text }| (normal(&path), text.map(|text| identities(&text))))
            .collect();
        // What goes from one file to another in one commit keeps its age.
        let mut moving: BTreeMap<Identity, i64> = BTreeMap::new();
        for (path, now) in &read {
            let before = self.by_file.get_mut(path);
            let stays = |key: &Identity| now.as_ref().is_some_and(|now| now.contains(key));
            for (key, since) in before.into_iter().flat_map(|file| file.extract_if(|key, _| !stays(key))) {
                let earliest = moving.entry(key).or_insert(since);
                *earliest = since.min(*earliest);
            }
        }
        for (path, now) in read {
            match now {
                None => drop(self.by_file.remove(&path)),
                Some(now) => {
                    let file = self.by_file.entry(path).or_default();
                    for key in now {
                        let since = moving.get(&key).copied().unwrap_or(state.seconds);
                        file.entry(key).or_insert(since);
                    }
                }
            }
        }
    }

    fn finish(mut self) -> Self {
        for (key, since) in self.by_file.values().flatten() {
            let earliest = self.anywhere.entry(key.clone()).or_insert(*since);
            *earliest = (*since).min(*earliest);
        }
        self
    }
}

impl Governing {
    /// Reads the history, where the settings want it.
    pub(super) fn add_ages(&mut self, selected: &Selected) -> Result<(), Failure> {
        let Some(order) = self.settings.creation_order else { return Ok(()) };
        if order.value == CreationOrder::Name {
            return Ok(());
        }
        let rev = match &selected.selection.tree {
            Tree::Rev { rev, .. } => rev,
            _ => "HEAD",
        };
        let directory = &selected.selection.directory;
        let mut ages = Ages::default();
        let told = if meshc_source::is_unborn(directory) {
            Ok(true)
        } else {
            meshc_source::states(directory, rev, &mut |state| ages.follow(state))
        };
        let message = match told {
            Ok(true) => None,
            Ok(false) => {
                Some("the clone is shallow: what its first commit holds counts as equally old".to_owned())
            }
            Err(meshc_source::SourceError::NoRepository { .. }) => {
                Some("there is no Git repository here: all resources count as equally old".to_owned())
            }
            Err(error) => return Err(Failure::new(error)),
        };
        if let Some(message) = message {
            let finding = Diagnostic::new(&SHORT_HISTORY, order.span, message);
            self.diagnostics.push(finding.help("the first by name decides; a full clone has the ages"));
        }
        self.ages = Some(ages.finish().into());
        Ok(())
    }
}

/// The objects that a text holds; what cannot be read holds none.
fn identities(text: &[u8]) -> Vec<Identity> {
    let text = String::from_utf8_lossy(text);
    let parsed = meshc_syntax::parse(FileId(0), &text, &Limits::default());
    let mut all = Vec::new();
    for document in &parsed.documents {
        add(&document.root, &mut all);
    }
    all
}

fn add(root: &Node, all: &mut Vec<Identity>) {
    let Some(kind) = root.get("kind").and_then(Node::as_str) else { return };
    if kind.ends_with("List") && root.get("items").is_some() {
        for item in root.get("items").map(Node::items).unwrap_or_default() {
            add(item, all);
        }
        return;
    }
    let text = |key: &str| root.at(&["metadata", key]).and_then(Node::as_str).filter(|text| !text.is_empty());
    if let Some(name) = text("name") {
        let namespace = text("namespace").unwrap_or(meshc_resources::DEFAULT_NAMESPACE);
        all.push((kind.to_owned(), namespace.to_owned(), name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Named<'_> {
        Named { kind: "VirtualService", namespace: "shop", name, file: FileId(0) }
    }

    fn text(names: &[&str]) -> Vec<u8> {
        let document =
            |name: &&str| format!("kind: VirtualService\nmetadata: {{namespace: shop, name: {name}}}\n");
        names.iter().map(document).collect::<Vec<_>>().join("---\n").into_bytes()
    }

    fn state(seconds: i64, changes: &[(&str, Option<Vec<u8>>)]) -> State {
        let change =
            |(path, text): &(&str, Option<Vec<u8>>)| Change { path: (*path).to_owned(), text: text.clone() };
        State { seconds, changes: changes.iter().map(change).collect() }
    }

    #[test]
    fn a_resource_is_as_old_as_its_last_coming() {
        let mut ages = Ages::default();
        ages.follow(state(1, &[("a.yaml", Some(text(&["one", "two"])))]));
        ages.follow(state(2, &[("a.yaml", Some(text(&["one"]))), ("b.yaml", Some(text(&["two", "three"])))]));
        ages.follow(state(3, &[("a.yaml", None)]));
        ages.follow(state(4, &[("a.yaml", Some(text(&["one"])))]));
        let ages = ages.finish();
        assert_eq!(ages.of(named("two"), "./b.yaml"), 1, "moved");
        assert_eq!(ages.of(named("three"), "b.yaml"), 2, "added to a file that was there");
        assert_eq!(ages.of(named("one"), "a.yaml"), 4, "taken away and made anew");
        assert_eq!(ages.of(named("three"), "rendered"), 2);
        assert_eq!(ages.of(named("new"), "a.yaml"), NOT_COMMITTED);
    }
}
