//! Every fixture of `testdata/rules` with its findings, and the trees that must have none.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use meshc_diagnostics::{Diagnostic, Severity, sort};
use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet, Span};

use super::{RULES, check_lone_routes, check_mesh, check_routes};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn yaml_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(directory) = open.pop() {
        let entries =
            std::fs::read_dir(&directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
        for entry in entries {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(files: &[PathBuf]) -> SourceSet {
    let name =
        |path: &PathBuf| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let file = |path: &PathBuf| SourceFile::new(name(path), std::fs::read_to_string(path).expect("readable"));
    SourceSet::new(files.iter().map(file).collect())
}

/// The day on which the fixtures' certificates are judged: 2026-06-01.
const NOW: i64 = 1_780_272_000;

fn check(sources: &SourceSet) -> Vec<Diagnostic> {
    let outcome = meshc_resources::read(sources, &meshc_syntax::Limits::default());
    let refusal = meshc_resources::rules::is_refusal;
    // What a definition or the webhook refuses too (MC0114, MC0251) is not what these fixtures are about.
    let elsewhere = |code: String| ["MC0114", "MC0251"].contains(&code.as_str());
    let document: Vec<_> =
        outcome.diagnostics.iter().filter(|d| !refusal(d) && !elsewhere(d.code.to_string())).collect();
    assert!(document.iter().all(|d| d.severity < Severity::Error), "{document:?}");
    let mesh = Mesh::new(&outcome.resources);
    let effective = meshc_effective::compile(&mesh);
    let mut found = check_mesh(&outcome.resources, &mesh, Some(NOW));
    // As the command line does: routes that are not modelled whole are not judged.
    if !outcome.diagnostics.iter().any(refusal) {
        found.extend(check_routes(&mesh, &effective));
        found.extend(check_lone_routes(&outcome.resources, &mesh, &effective));
    }
    sort(&mut found, sources);
    found
}

fn render(found: &[Diagnostic], sources: &SourceSet) -> String {
    let at = |span: Span| {
        let (start, end) = sources.location(span);
        format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
    };
    let mut out = String::new();
    for d in found {
        let resource = d.resource.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(
            out,
            "{} {} at {} `{}`",
            d.code,
            d.severity,
            at(d.span),
            sources.slice(d.span).replace('\n', "⏎")
        );
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
        if let Some(witness) = &d.witness {
            let _ = writeln!(out, "  witness: {}", serde_json::to_string(witness).expect("JSON"));
        }
        if !d.aliases.is_empty() {
            let _ = writeln!(out, "  aliases: {}", d.aliases.join(" "));
        }
    }
    out
}

/// Each rule has a directory with at least one fixture that fires and `clean.yaml`, which has no finding.
#[test]
fn every_rule_fires_on_its_fixtures_and_only_there() {
    for &rule in RULES.iter() {
        let code = rule.code.to_string();
        let files = yaml_files(&root().join("testdata/rules").join(&code));
        assert!(files.iter().any(|file| file.ends_with("clean.yaml")), "{code} has no clean fixture");
        assert!(files.len() > 1, "{code} has no firing fixture");
        for file in &files {
            let sources = read(std::slice::from_ref(file));
            let mut found = check(&sources);
            // What is only worth knowing is shown in the fixtures of its own rule.
            found.retain(|finding| finding.severity > Severity::Info || finding.code == rule.code);
            if file.ends_with("clean.yaml") {
                assert!(found.is_empty(), "{}: {}", file.display(), render(&found, &sources));
                continue;
            }
            assert!(
                found.iter().any(|d| d.code == rule.code),
                "{} does not fire in {}",
                code,
                file.display()
            );
            assert!(
                found
                    .iter()
                    .flat_map(|d| &d.aliases)
                    .all(|alias| RULES.iter().any(|r| r.aliases.contains(alias)))
            );
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(file.parent().expect("a directory"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
            settings.bind(|| insta::assert_snapshot!(stem, render(&found, &sources)));
        }
    }
}

#[test]
fn rules_have_a_page_and_a_code_of_their_own() {
    let headings =
        ["What it does", "What happens to traffic", "Example", "Use instead", "Fix safety", "Covers"];
    for (index, rule) in RULES.iter().enumerate() {
        assert!(RULES.iter().skip(index + 1).all(|other| other.code != rule.code && other.name != rule.name));
        let page = rule.markdown();
        let found: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let expected: Vec<&str> = headings.into_iter().filter(|heading| found.contains(heading)).collect();
        assert_eq!(found, expected, "{}", rule.code);
        for alias in rule.aliases {
            assert!(page.contains(alias), "{}: the page does not name {alias}", rule.code);
        }
    }
}

#[test]
fn the_bookshop_has_no_finding() {
    let sources = read(&yaml_files(&root().join("testdata/bookshop")));
    let found = above_info(check(&sources));
    assert!(found.is_empty(), "{}", render(&found, &sources));
}

fn above_info(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.retain(|finding| finding.severity > Severity::Info);
    found
}

/// Each variant of Bookinfo's routes, with its subsets: no finding but those about versions that have no workload.
#[test]
fn bookinfo_has_no_finding_but_about_versions_without_workload() {
    let samples = root().join("../shared/samples/istio/bookinfo");
    if !samples.is_dir() {
        #[expect(clippy::print_stderr, reason = "says that nothing was tested")]
        {
            eprintln!("skipped: no ../shared");
        }
        return;
    }
    let plain = ["platform/kube/bookinfo.yaml", "networking/bookinfo-gateway.yaml"].map(|f| samples.join(f));
    let sources = read(&plain);
    let found = above_info(check(&sources));
    assert!(found.is_empty(), "{}", render(&found, &sources));

    let variants = yaml_files(&samples.join("networking"));
    let is_variant = |path: &&PathBuf| path.to_string_lossy().contains("/virtual-service-");
    let mut seen = Vec::new();
    for variant in variants.iter().filter(is_variant) {
        let mut files = plain.to_vec();
        files.extend([samples.join("networking/destination-rule-all.yaml"), variant.clone()]);
        let found = above_info(check(&read(&files)));
        let errors = found.iter().filter(|d| d.severity == Severity::Error).count();
        let codes: std::collections::BTreeSet<String> = found.iter().map(|d| d.code.to_string()).collect();
        let name = variant.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        seen.push(format!("{name}: {errors} errors, {}", codes.into_iter().collect::<Vec<_>>().join(" ")));
    }
    insta::assert_snapshot!(seen.join("\n"));
}
