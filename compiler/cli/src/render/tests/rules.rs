//! Each rule's first fixture as people see it, at 80 and 120 columns, and the page that shows twenty of them.
//!
//! After a rendering has changed: `MESHC_UPDATE=1 INSTA_UPDATE=always cargo test -p meshc render`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use meshc_diagnostics::{Diagnostic, sort};
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};

use crate::load::all_rules;
use crate::render::{Look, Summary, human};

/// The day on which the fixtures' certificates are judged: 2026-06-01.
const NOW: i64 = 1_780_272_000;

/// Findings of one rule that are shown.
const SHOWN: usize = 2;

/// The rules of `docs/diagnostics.md`.
const TWENTY: [&str; 20] = [
    "MC1001", "MC1002", "MC1003", "MC1005", "MC1009", "MC1105", "MC1117", "MC1120", "MC1301", "MC1402",
    "MC1410", "MC1412", "MC1417", "MC1420", "MC1425", "MC1426", "MC1502", "MC1506", "MC1508", "MC1509",
];

/// The first fixture of a rule that fires.
fn fixture(code: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(meshc_testkit::workspace().join("testdata/rules").join(code)).ok()?;
    let yaml =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml") && !path.ends_with("clean.yaml");
    entries.flatten().map(|entry| entry.path()).filter(yaml).min()
}

/// What a fixture shows of its rule.
fn findings(code: &str, path: &Path) -> (SourceSet, Vec<Diagnostic>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).expect("a fixture");
    let sources = SourceSet::new(vec![SourceFile::new(name, text)]);
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let mesh = Mesh::new(&outcome.resources);
    let effective = meshc_effective::compile(&mesh);
    let mut found = outcome.diagnostics;
    found.extend(meshc_analysis::check_mesh(&outcome.resources, &mesh, Some(NOW)));
    found.extend(effective.diagnostics.iter().cloned());
    let reached = meshc_analysis::Reached::new(&effective);
    found.extend(reached.check_routes(&mesh));
    found.extend(reached.check_lone_routes(&outcome.resources, &mesh));
    found.extend(reached.check_proofs(&outcome.resources, &mesh, &effective, &sources));
    found.extend(meshc_xds::rules::check(&effective));
    found.retain(|finding| finding.code.to_string() == code);
    sort(&mut found, &sources);
    found.truncate(SHOWN);
    (sources, found)
}

/// A rule's findings at a width, without the counts.
fn rendered(sources: &SourceSet, found: &[Diagnostic], width: usize) -> String {
    let summary = Summary::of(1, 0, 0, found);
    let text = human(found, sources, &summary, Look::plain(width));
    text.trim_end().rsplit_once('\n').map_or_else(String::new, |(findings, _)| findings.trim_end().to_owned())
}

/// A line of a message or of a help; those of the text that is shown are as long as they are.
fn is_prose(line: &str) -> bool {
    ["  × ", "  ⚠ ", "  ☞ ", "  │ ", "  help: ", "        "].iter().any(|start| line.starts_with(start))
}

/// A word that no line could hold with others.
fn has_long_word(line: &str) -> bool {
    line.split_whitespace().any(|word| word.chars().count() > 60)
}

#[test]
fn each_rule_reads_well() {
    let mut pages = BTreeMap::new();
    for rule in all_rules() {
        let code = rule.code.to_string();
        let Some(path) = fixture(&code) else { continue };
        let (sources, found) = findings(&code, &path);
        assert!(!found.is_empty(), "{} shows nothing of {code}", path.display());
        let narrow = rendered(&sources, &found, 80);
        for line in narrow.lines().filter(|line| is_prose(line)) {
            assert!(line.chars().count() <= 80 || has_long_word(line), "{code}: {line}");
        }
        let both = format!("80 columns\n\n{narrow}\n\n120 columns\n\n{}", rendered(&sources, &found, 120));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(path.parent().expect("a directory"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("rendering", both));
        pages.insert(code, (rule, narrow));
    }
    let mut page = String::from(
        "# What findings look like\n\nTwenty of the rules on their own fixtures, at 80 columns. Generated from the \
         renderings in `testdata/rules`; the pages of all rules are in [rules](rules/README.md).\n",
    );
    for code in TWENTY {
        let (rule, text) = pages.get(code).unwrap_or_else(|| panic!("{code} has no fixture"));
        let _ = write!(
            page,
            "\n## [{code}](rules/{code}.md) {}\n\n{}.\n\n```text\n{text}\n```\n",
            rule.name, rule.summary
        );
    }
    let path = meshc_testkit::workspace().join("docs/diagnostics.md");
    if std::env::var_os("MESHC_UPDATE").is_some() {
        fs::write(&path, &page).expect("a file");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/diagnostics.md is not up to date; see the head of this test");
}
