//! What was found in a tree is kept beside the user's other caches, so that the same tree is not judged twice.
//!
//! An entry is called by a digest of everything that the findings follow from: this very program, the settings, the paths
//! and texts of all files, and which levels were asked for. It is written whole or not at all, closes with a digest of
//! itself, and may be deleted at any time.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use meshc_diagnostics::{Diagnostic, Level};
use meshc_source::SourceSet;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::fingerprint::hexadecimal;

/// Entries beyond this many are deleted, the oldest first.
const MAX_ENTRIES: usize = 32;

/// The answer to `meshc check` about one tree.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Documents in the tree; of several views, the sum.
    pub(crate) documents: usize,
    /// Resources of the mesh among those.
    pub(crate) resources: usize,
    /// All findings, sorted.
    pub(crate) found: Vec<Diagnostic>,
}

/// A place for entries.
#[derive(Debug)]
pub(crate) struct Store {
    directory: PathBuf,
}

/// The name of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

// === impl Key ===

impl Key {
    /// The key of what some settings say about some files; none where it would not tell two answers apart, since
    /// something else counts, too: the clock, where certificates are judged.
    pub(super) fn new(sources: &SourceSet, settings: &str, levels: &[Level]) -> Option<Self> {
        if sources.files().iter().any(|file| may_hold_certificates(&file.text)) {
            return None;
        }
        let program = std::env::current_exe().and_then(|path| path.metadata()).ok()?;
        let mut hasher = Sha256::new();
        let mut add = |part: &[u8]| {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        add(env!("CARGO_PKG_VERSION").as_bytes());
        add(format!("{} {:?}", program.len(), program.modified().ok()?).as_bytes());
        add(format!("{levels:?}").as_bytes());
        add(settings.as_bytes());
        for file in sources.files() {
            add(file.path.as_bytes());
            add(&file.sha256);
        }
        Some(Self(hexadecimal(&hasher.finalize())))
    }
}

/// Whether a text may hold a certificate, as it stands or in base64.
fn may_hold_certificates(text: &str) -> bool {
    text.contains("-----BEGIN") || text.contains("LS0tLS1CRUdJTi")
}

// === impl Store ===

impl Store {
    /// The user's: `$MESHC_CACHE_DIR`, else `meshc` in `$XDG_CACHE_HOME` or in `~/.cache`. None where the first is empty,
    /// or where there is no place.
    pub(crate) fn of_user() -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let of_desktop = || variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
        let of_home = || Some(variable("HOME")?.join(".cache"));
        let directory =
            variable("MESHC_CACHE_DIR").or_else(|| Some(of_desktop().or_else(of_home)?.join("meshc")))?;
        (!directory.as_os_str().is_empty()).then_some(Self { directory })
    }

    /// What was kept; nothing where it is not there, or is not what was written.
    pub(super) fn read(&self, key: &Key) -> Option<Answer> {
        let text = std::fs::read_to_string(self.path(key)).ok()?;
        let (body, digest) = text.rsplit_once('\n')?;
        (digest == hexadecimal(&Sha256::digest(body))).then_some(())?;
        serde_json::from_str(body).ok()
    }

    /// Keeps an answer. That it cannot be kept is no error: the next run finds the same again.
    pub(super) fn write(&self, key: &Key, answer: &Answer) {
        let Ok(mut text) = serde_json::to_string(answer) else { return };
        let digest = hexadecimal(&Sha256::digest(&text));
        text.push('\n');
        text.push_str(&digest);
        let written = std::fs::create_dir_all(&self.directory)
            .and_then(|()| tempfile::NamedTempFile::new_in(&self.directory))
            .and_then(|mut file| {
                std::io::Write::write_all(&mut file, text.as_bytes())?;
                file.persist(self.path(key)).map_err(|error| error.error)
            });
        if written.is_ok() {
            self.prune();
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.directory.join(format!("{}.check", key.0))
    }

    /// Deletes the oldest entries, and what a killed process left behind.
    fn prune(&self) {
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        let mut entries: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.metadata().ok()?.modified().ok()?, entry.path()))
            })
            .filter(|(_, path)| is_ours(path))
            .collect();
        entries.sort();
        let surplus = entries.len().saturating_sub(MAX_ENTRIES);
        for (_, path) in entries.into_iter().take(surplus) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// An entry, or one that was never finished.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    path.extension().is_some_and(|end| end == "check") || name.starts_with(".tmp")
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::{Severity, declare_rule};
    use meshc_source::{FileId, Span};

    use super::*;

    declare_rule! {
        /// ## What it does
        /// Nothing.
        pub ANY = "MC0199", "any", Error, Document, "Anything", ["IST0101"]
    }

    fn answer() -> Answer {
        let span = Span::new(FileId(0), 3, 7);
        let finding = Diagnostic::new(&ANY, span, "a message")
            .severity(Severity::Warning)
            .resource("Service", None, "reviews")
            .label(span, "here")
            .help("do this")
            .alias("IST0101")
            .replace("Replace", span, "text");
        Answer { documents: 2, resources: 1, found: vec![finding] }
    }

    fn key(text: &str, settings: &str, levels: &[Level]) -> Option<Key> {
        Key::new(&SourceSet::of("a.yaml", text), settings, levels)
    }

    #[test]
    fn what_is_kept_is_read_back_until_it_is_damaged() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store { directory: directory.path().join("new") };
        let key = key("a: b", "", &[]).unwrap();
        assert_eq!(store.read(&key), None);
        store.write(&key, &answer());
        assert_eq!(store.read(&key), Some(answer()));
        let text = std::fs::read_to_string(store.path(&key)).unwrap();
        for length in 0..text.len() {
            std::fs::write(store.path(&key), &text[..length]).unwrap();
            assert_eq!(store.read(&key), None, "cut after {length}");
        }
        std::fs::write(store.path(&key), text.replace("reviews", "ratings")).unwrap();
        assert_eq!(store.read(&key), None);
    }

    #[test]
    fn whatever_counts_makes_another_key() {
        let first = key("a: b", "", &[]);
        assert_eq!(first, key("a: b", "", &[]));
        for other in [key("a: c", "", &[]), key("a: b", "x", &[]), key("a: b", "", &[Level::Mesh])] {
            assert_ne!(first, other);
        }
        assert_ne!(first, Key::new(&SourceSet::of("b.yaml", "a: b"), "", &[]));
        assert_eq!(key("tls.crt: LS0tLS1CRUdJTiBDRVJU", "", &[]), None, "certificates end with time");
    }

    #[test]
    fn old_entries_go() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store { directory: directory.path().to_owned() };
        for number in 0..MAX_ENTRIES + 5 {
            store.write(&key(&number.to_string(), "", &[]).unwrap(), &answer());
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), MAX_ENTRIES);
    }
}
