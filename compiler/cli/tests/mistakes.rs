//! Mistakes that people make, one at a time in a clean mesh: each is seen, on its own line, and the clean mesh is silent.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{copy, json, run};
use meshc_source::FileId;
use meshc_syntax::{Limits, Node};
use serde_json::Value;

/// Findings that say only what this version does not model yet.
const REFUSALS: [&str; 3] = ["MC0103", "MC0201", "MC0205"];

fn folder() -> PathBuf {
    meshc_testkit::workspace().join("testdata/mistakes")
}

/// One mistake.
struct Mistake {
    what: String,
    file: String,
    find: String,
    replace: String,
    at: Option<String>,
    code: String,
}

fn mistakes() -> Vec<Mistake> {
    let text = fs::read_to_string(folder().join("mistakes.yaml")).expect("a file");
    let parsed = meshc_syntax::parse(FileId(0), &text, &Limits::default());
    assert_eq!(parsed.diagnostics, []);
    let field = |item: &Node, key: &str| item.get(key).and_then(Node::as_str).map(str::to_owned);
    let required =
        |item: &Node, key: &str| field(item, key).unwrap_or_else(|| panic!("no {key} in {item:?}"));
    let items = parsed.documents[0].root.items().iter();
    items
        .map(|item| Mistake {
            what: required(item, "mistake"),
            file: required(item, "file"),
            find: required(item, "find"),
            replace: required(item, "replace"),
            at: field(item, "at"),
            code: required(item, "code"),
        })
        .collect()
}

impl Mistake {
    /// The text with the mistake, and the line where it is.
    fn make(&self, text: &str) -> (String, usize) {
        assert_eq!(text.matches(&self.find).count(), 1, "{}: {:?} in {}", self.what, self.find, self.file);
        let start = text.find(&self.find).unwrap_or_default();
        let changed = text.replace(&self.find, &self.replace);
        let place = if let Some(at) = &self.at {
            let found = changed.find(at.trim_start_matches('\n')).expect("where the finding stands");
            found + changed[found..].len() - changed[found..].trim_start().len()
        } else {
            let same = self.find.bytes().zip(self.replace.bytes()).take_while(|(a, b)| a == b).count();
            (start + same).min(changed.len() - 1)
        };
        let line = changed[..place].matches('\n').count() + 1;
        (changed, line)
    }
}

/// The findings of a tree.
fn check(root: &Path) -> Vec<Value> {
    let output = run(root, &["check", "--format", "json", "."]);
    assert!(output.status.code().is_some_and(|code| code <= 1), "{output:?}");
    let out = json(&String::from_utf8_lossy(&output.stdout));
    let mut found = out["diagnostics"].as_array().expect("a list").clone();
    found.retain(|finding| !REFUSALS.iter().any(|code| finding["code"] == **code));
    found
}

#[test]
fn the_clean_mesh_is_silent() {
    let found = check(&folder().join("mesh"));
    let loud: Vec<_> = found.iter().filter(|finding| finding["severity"] != "info").collect();
    assert!(loud.is_empty(), "{loud:#?}");
}

#[test]
fn every_mistake_is_seen_on_its_own_line() {
    let mistakes = mistakes();
    assert!(mistakes.len() >= 260, "{}", mistakes.len());
    let tree = tempfile::tempdir().expect("a directory");
    copy(&folder().join("mesh"), tree.path());
    let clean = check(tree.path());
    let mut missed = Vec::new();
    for mistake in &mistakes {
        let file = tree.path().join(&mistake.file);
        let text = fs::read_to_string(&file).expect("a file");
        let (changed, line) = mistake.make(&text);
        fs::write(&file, changed).expect("a file");
        let found = check(tree.path());
        fs::write(&file, text).expect("a file");
        let is_it = |finding: &&Value| {
            finding["file"] == mistake.file.as_str()
                && finding["start"]["line"] == line
                && !clean.contains(finding)
        };
        if !found.iter().any(|finding| is_it(&finding)) {
            let told: Vec<String> = found
                .iter()
                .filter(|finding| !clean.contains(finding))
                .map(|finding| {
                    format!("{} {}:{}", finding["code"], finding["file"], finding["start"]["line"])
                })
                .collect();
            missed.push(format!("{} ({} {}:{line}): {told:?}", mistake.what, mistake.code, mistake.file));
        }
    }
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), mistakes.len(), missed.join("\n"));
}
