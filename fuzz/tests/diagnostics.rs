//! YAML to diagnostics, the whole way of `meshc check`: what the corpus holds, edited, never makes it panic, and what is
//! found stands in the text. The corpus is the fixtures of the rules, the mesh of mistakes, and settings.

use std::sync::LazyLock;

use meshc_diagnostics::Diagnostic;
use meshc_fuzz::{corpus, edited};
use meshc_settings::Levels;
use meshc_source::{FileId, SourceSet};

static CORPUS: LazyLock<Vec<String>> = LazyLock::new(corpus);

/// All rules of the compiler on one file.
fn check(text: &str) {
    let sources = SourceSet::of("fuzz.yaml", text);
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let mesh = meshc_mesh::Mesh::new(&outcome.resources);
    let effective = meshc_effective::compile(&mesh);
    let mut found = outcome.diagnostics;
    found.extend(meshc_analysis::check_mesh(&outcome.resources, &mesh, None));
    found.extend(meshc_analysis::Reached::new(&effective).check_routes(&mesh));
    found.extend(effective.diagnostics);
    stand_in(&found, &sources);
    let mut kept = meshc_syntax::apply_suppressions(found, &outcome.suppressions, |_| true);
    meshc_diagnostics::sort(&mut kept, &sources);
}

/// The text as a `meshc.yaml`.
fn settings(text: &str) {
    let sources = SourceSet::of("meshc.yaml", text);
    let read = meshc_settings::read(FileId(0), text);
    let (levels, more) = Levels::new(&read.settings, meshc_settings::rules::RULES);
    stand_in(&read.diagnostics, &sources);
    stand_in(&more, &sources);
    let _ = levels.of(meshc_settings::rules::UNKNOWN_RULE.code, "a/b.yaml");
    let _ = read.settings.external.has_service("a.b.svc.cluster.local");
}

/// Every place of every finding lies in the text and on its characters, and so does what a fix replaces.
fn stand_in(found: &[Diagnostic], sources: &SourceSet) {
    for finding in found {
        let labels = finding.labels.iter().map(|label| label.span);
        let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
        for span in std::iter::once(finding.span).chain(labels).chain(edits) {
            let text = &sources.file(span.file).text;
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{finding:?}");
        }
    }
}

#[test]
fn the_corpus_as_it_is() {
    for text in CORPUS.iter() {
        check(text);
        settings(text);
    }
}

#[test]
fn the_corpus_with_edits() {
    bolero::check!().with_type::<(u16, Vec<u8>)>().for_each(|(which, script)| {
        let seed = &CORPUS[usize::from(*which) % CORPUS.len()];
        let text = edited(seed.as_bytes(), script);
        let text = String::from_utf8_lossy(&text);
        check(&text);
        settings(&text);
    });
}

#[test]
fn two_of_the_corpus_together() {
    bolero::check!().with_type::<(u16, u16, Vec<u8>)>().for_each(|(one, other, script)| {
        let of = |which: &u16| &CORPUS[usize::from(*which) % CORPUS.len()];
        let seed = format!("{}\n---\n{}", of(one), of(other));
        check(&String::from_utf8_lossy(&edited(seed.as_bytes(), script)));
    });
}
