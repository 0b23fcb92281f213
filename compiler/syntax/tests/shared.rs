//! Everything that a real API server reads is read here too, from the data beside the project.

use std::path::PathBuf;

use meshc_source::{FileId, Limits as LoadLimits, Selection, SourceSet, load};
use meshc_syntax::{Limits, parse};

#[test]
fn istios_samples_are_read_without_a_finding() {
    let Some(samples) = meshc_testkit::shared("Istio's samples are read", "samples") else {
        return;
    };
    let selection = Selection::worktree(samples, vec![PathBuf::from(".")]);
    let (sources, problems) = load(&selection, &LoadLimits::default()).unwrap();
    let mut found: Vec<String> = problems.iter().map(|problem| format!("{:?}", problem.kind)).collect();
    let mut documents = 0;
    for (id, file) in sources.iter() {
        // Its definitions stand one behind the other without `---`: keys are doubled indeed.
        if file.path.ends_with("gateway-api-crds.yaml") {
            continue;
        }
        let parsed = parse(id, &file.text, &Limits::default());
        documents += parsed.documents.len();
        found.extend(
            parsed
                .diagnostics
                .iter()
                .map(|finding| format!("{}: {} {}", file.path, finding.code, finding.message)),
        );
    }
    assert_eq!(found, [""; 0]);
    assert!(documents > 100, "{documents}");
}

#[test]
fn what_an_api_server_decodes_has_no_syntax_error() {
    let Some(oracle) = meshc_testkit::shared("what an API server decodes is read", "oracle/validation")
    else {
        return;
    };
    let mut checked = 0;
    for entry in std::fs::read_dir(oracle).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let yaml = case["yaml"].as_str().unwrap();
            if case["valid"] != true {
                continue;
            }
            let parsed = parse(FileId(0), yaml, &Limits::default());
            let sources = SourceSet::of("case.yaml", yaml);
            let found: Vec<_> = parsed
                .diagnostics
                .iter()
                .map(|finding| (&finding.message, sources.slice(finding.span)))
                .collect();
            assert!(found.is_empty(), "{found:?} in\n{yaml}");
            checked += 1;
        }
    }
    assert!(checked > 1000, "{checked}");
}
