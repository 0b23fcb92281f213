//! The rules that one document alone can break, on the fixtures of `testdata/rules`: each folder has one that fires and
//! `clean.yaml`, which has no finding of the rule.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meshc_diagnostics::{Diagnostic, Severity, sort};
use meshc_resources::rules::{RULES, is_refusal};
use meshc_source::{SourceFile, SourceSet, Span};
use meshc_syntax::Limits;

fn fixtures(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn render(found: &[Diagnostic], sources: &SourceSet) -> String {
    let at = |span: Span| {
        let (start, end) = sources.location(span);
        format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
    };
    let mut out = String::new();
    for d in found {
        let resource = d.resource.as_ref().map(ToString::to_string).unwrap_or_default();
        let slice = sources.slice(d.span).replace('\n', "⏎");
        let _ = writeln!(out, "{} {} at {} `{slice}`", d.code, d.severity, at(d.span));
        let _ = writeln!(out, "  {resource}: {}", d.message);
        for label in &d.labels {
            let _ = writeln!(out, "  label {}: {}", at(label.span), label.message);
        }
        if let Some(help) = &d.help {
            let _ = writeln!(out, "  help: {help}");
        }
        for fix in &d.fixes {
            let edits: Vec<String> =
                fix.edits.iter().map(|e| format!("{} -> {}", at(e.span), e.text)).collect();
            let _ = writeln!(out, "  fix: {} ({})", fix.message, edits.join("; "));
        }
    }
    out
}

#[test]
fn rules_of_documents_fire_on_their_fixtures_and_only_there() {
    let root = meshc_testkit::workspace().join("testdata/rules");
    for rule in RULES {
        let code = rule.code.to_string();
        let folder = root.join(&code);
        for file in fixtures(&folder) {
            let text = std::fs::read_to_string(&file).expect("readable");
            let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let sources = SourceSet::new(vec![SourceFile::new(format!("{name}.yaml"), text)]);
            let mut found = meshc_resources::read(&sources, &Limits::default()).diagnostics;
            found.retain(|finding| !is_refusal(finding));
            // What is only worth knowing is shown in the fixtures of its own rule.
            found.retain(|finding| finding.severity > Severity::Info || finding.code == rule.code);
            sort(&mut found, &sources);
            if name == "clean" {
                assert!(found.is_empty(), "{code}: {}", render(&found, &sources));
                continue;
            }
            assert!(found.iter().any(|finding| finding.code == rule.code), "{code} is silent on {name}");
            insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(name, render(&found, &sources));
            });
        }
    }
}
