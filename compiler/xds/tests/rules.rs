//! Every fixture of this crate's rules with its findings: `testdata/rules/CODE/*.yaml`, where `clean.yaml` has none.

use std::fmt::Write as _;

use meshc_mesh::Mesh;
use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;
use meshc_xds::rules::RULES;

#[test]
fn every_rule_fires_on_its_fixture_and_only_there() {
    for rule in RULES {
        let folder = meshc_testkit::workspace().join("testdata/rules").join(rule.code.to_string());
        for name in ["object", "clean"] {
            let text =
                std::fs::read_to_string(folder.join(format!("{name}.yaml"))).expect("the fixture is there");
            let sources = SourceSet::new(vec![SourceFile::new(format!("{name}.yaml"), text)]);
            let outcome = meshc_resources::read(&sources, &Limits::default());
            let found = meshc_xds::rules::check(&meshc_effective::compile(&Mesh::new(&outcome.resources)));
            if name == "clean" {
                assert!(found.is_empty(), "{found:?}");
                continue;
            }
            let mut out = String::new();
            for finding in &found {
                let (start, _) = sources.location(finding.span);
                let text = sources.slice(finding.span).lines().next().unwrap_or_default();
                let _ = writeln!(
                    out,
                    "{} {} at {}:{} `{text}`",
                    finding.code, finding.severity, start.line, start.column
                );
                let _ = writeln!(out, "  {}", finding.message);
            }
            insta::with_settings!({snapshot_path => &folder, prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(name, out);
            });
        }
    }
}
