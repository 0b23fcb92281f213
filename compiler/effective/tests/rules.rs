//! Every fixture of this crate's rules and of the mesh's with its findings: `testdata/rules/CODE/*.yaml`, where
//! `clean.yaml` has none.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meshc_diagnostics::{Diagnostic, Rule, sort};
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;

fn rules() -> Vec<&'static Rule> {
    [meshc_mesh::rules::RULES, meshc_effective::rules::RULES].concat()
}

fn fixtures(code: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/rules").join(code);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    files
}

fn check(file: &Path) -> (Vec<Diagnostic>, SourceSet) {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).expect("the fixture can be read");
    let sources = SourceSet::new(vec![SourceFile::new(name, text)]);
    let outcome = meshc_resources::read(&sources, &Limits::default());
    assert!(outcome.diagnostics.is_empty(), "{}: {:?}", file.display(), outcome.diagnostics);
    let mut found = meshc_effective::compile(&Mesh::new(&outcome.resources)).diagnostics;
    sort(&mut found, &sources);
    (found, sources)
}

fn render(found: &[Diagnostic], sources: &SourceSet) -> String {
    let line = |span| {
        let (start, _) = sources.location(span);
        let text = sources.slice(span).lines().next().unwrap_or_default().to_owned();
        format!("{}:{} `{text}`", start.line, start.column)
    };
    let mut out = String::new();
    for finding in found {
        let resource = finding.resource.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(out, "{} {} at {}", finding.code, finding.severity, line(finding.span));
        let _ = writeln!(out, "  {resource}: {}", finding.message);
        for label in &finding.labels {
            let _ = writeln!(out, "  label {}: {}", line(label.span), label.message);
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  help: {help}");
        }
        if !finding.aliases.is_empty() {
            let _ = writeln!(out, "  aliases: {}", finding.aliases.join(" "));
        }
    }
    out
}

#[test]
fn every_rule_fires_on_its_fixtures_and_only_there() {
    for rule in rules() {
        let code = rule.code.to_string();
        let files = fixtures(&code);
        assert!(files.iter().any(|file| file.ends_with("clean.yaml")), "{code} has no clean fixture");
        assert!(files.len() > 1, "{code} has no fixture that fires");
        for file in files {
            let (found, sources) = check(&file);
            if file.ends_with("clean.yaml") {
                assert!(found.is_empty(), "{}: {}", file.display(), render(&found, &sources));
                continue;
            }
            assert!(
                found.iter().any(|finding| finding.code == rule.code),
                "{} does not fire",
                file.display()
            );
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(file.parent().unwrap_or(Path::new(".")));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            settings.bind(|| insta::assert_snapshot!(name, render(&found, &sources)));
        }
    }
}

#[test]
fn every_rule_has_a_page_that_names_what_it_covers() {
    let headings =
        ["What it does", "What happens to traffic", "Example", "Use instead", "Fix safety", "Covers"];
    for rule in rules() {
        let page = rule.markdown();
        let found: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let expected: Vec<&str> = headings.into_iter().filter(|heading| found.contains(heading)).collect();
        assert_eq!(found, expected, "{}", rule.code);
        assert!(rule.aliases.iter().all(|alias| page.contains(alias)), "{}", rule.code);
    }
}
