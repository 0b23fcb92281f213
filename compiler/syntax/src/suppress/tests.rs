//! What comments silence.

use meshc_diagnostics::declare_rule;
use meshc_source::{FileId, SourceSet};

use super::*;
use crate::{Limits, parse};

declare_rule! {
    /// ## What it does
    /// Serves as a rule here.
    RULE = "MC2103", "rule", Warning, Routes, "Rule", []
}

fn applied(text: &str) -> Vec<(String, String)> {
    let sources = SourceSet::of("a.yaml", text);
    let parsed = parse(FileId(0), text, &Limits::default());
    assert_eq!(parsed.diagnostics, []);
    parsed
        .suppressions
        .iter()
        .map(|found| (found.reason.clone(), sources.slice(found.applies_to).to_owned()))
        .collect()
}

#[test]
fn a_comment_applies_to_the_largest_value_of_its_line_or_the_next() {
    let text = "\
# meshc: allow MC2103 because whole
kind: A # meshc: allow MC2103 because entry
spec:
  # meshc: allow MC2103 because item

  # another
  - match: x
    route: y # meshc: allow MC2103 because route
  - z
text: '# meshc: allow MC2103 because no'
block: |
  # meshc: allow MC2103 because no
";
    let found = applied(text);
    assert_eq!(
        found[0],
        ("whole".to_owned(), text["# meshc: allow MC2103 because whole\n".len()..].trim_end().to_owned())
    );
    assert_eq!(found[1], ("entry".to_owned(), "kind: A".to_owned()));
    assert_eq!(found[2], ("item".to_owned(), "match: x\n    route: y".to_owned()));
    assert_eq!(found[3], ("route".to_owned(), "route: y".to_owned()));
    assert_eq!(found.len(), 4);
}

#[test]
fn a_comment_without_rule_or_reason_is_a_finding() {
    for (text, why) in [
        ("a: 1 # meshc: allow MC2103\n", "it gives no reason"),
        ("a: 1 # meshc: allow MC2103 because \n", "it gives no reason"),
        ("a: 1 # meshc: allow MC2103 becausex y\n", "it gives no reason"),
        ("a: 1 # meshc: allow IST0101 because x\n", "it names no rule: a code is `MC` and four digits"),
    ] {
        let parsed = parse(FileId(0), text, &Limits::default());
        assert_eq!(parsed.diagnostics[0].message, format!("this comment silences nothing: {why}"));
        assert_eq!(parsed.suppressions, []);
    }
}

#[test]
fn silenced_findings_go_and_unused_comments_are_findings() {
    let text = "a: 1 # meshc: allow MC2103 because x\nb: 2 # meshc: allow MC2103 because y\n";
    let parsed = parse(FileId(0), text, &Limits::default());
    let finding = Diagnostic::new(&RULE, Span::new(FileId(0), 3, 4), "m");
    let kept = apply(vec![finding.clone()], &parsed.suppressions, |_| true);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].code, rules::UNUSED_SUPPRESSION.code);
    assert_eq!(kept[0].span, parsed.suppressions[1].span);
    assert_eq!(apply(vec![finding], &parsed.suppressions, |_| false), []);
}
