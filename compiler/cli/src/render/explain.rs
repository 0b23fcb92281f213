//! The page of a rule.

use std::fmt::Write as _;

use meshc_diagnostics::Rule;

/// The page as Markdown, which a terminal shows well enough and the reference is made of.
pub(crate) fn explain(rule: &Rule) -> String {
    let mut text = format!("# {} {}\n\n{}.\n\n", rule.code, rule.name, rule.summary);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "Severity: {} · checks: {}\n", rule.severity, rule.level);
    text.push_str(rule.markdown().trim_end());
    text.push('\n');
    if !rule.aliases.is_empty() {
        let _ = writeln!(text, "\n## Covers\n{}", rule.aliases.join(", "));
    }
    let _ = writeln!(
        text,
        "\n## Silence one finding\nWrite above it, or behind it in its line: `# meshc: allow {} because …`",
        rule.code
    );
    text
}
