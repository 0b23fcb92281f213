//! A diff for a pull request: grouped by kind, high risk first, long groups folded, the same words each time.

use std::fmt::Write as _;

use meshc_trace::Because;

use super::change::{Change, Diff, Kind, Risk};
use super::render::{LINES, counted, curl, line, proxies, verdict};

/// Groups longer than this are folded.
const FOLDED: usize = 8;

/// Markdown as GitHub and GitLab read it.
pub fn render_markdown(diff: &Diff) -> String {
    let mut out = format!("### meshc: {}\n\n", verdict(diff));
    let _ = writeln!(out, "`{}` → `{}`", code(&diff.base), code(&diff.head));
    let mut groups: Vec<(Risk, Kind)> = Vec::new();
    for change in &diff.changes {
        if !groups.contains(&(change.risk, change.kind)) {
            groups.push((change.risk, change.kind));
        }
    }
    for (risk, kind) in groups {
        let of_group = |change: &&Change| change.risk == risk && change.kind == kind;
        group(&mut out, risk, kind, &diff.changes.iter().filter(of_group).collect::<Vec<_>>());
    }
    if !diff.unknown.is_empty() {
        out.push_str("\n#### Not compared\n\n");
        for unknown in &diff.unknown {
            let _ = writeln!(out, "- {}: {}", text(&unknown.what), text(&unknown.why));
        }
    }
    out
}

fn group(out: &mut String, risk: Risk, kind: Kind, changes: &[&Change]) {
    let _ = writeln!(out, "\n#### {} ({} risk)\n", kind.title(), risk.name());
    let folded = changes.len() > FOLDED;
    if folded {
        let _ =
            writeln!(out, "<details><summary>{}</summary>\n", counted(changes.len(), "change", "changes"));
    }
    for change in changes {
        item(out, change);
    }
    if folded {
        out.push_str("\n</details>\n");
    }
}

fn item(out: &mut String, change: &Change) {
    let count = counted(change.proxies.len(), "proxy", "proxies");
    let _ = writeln!(out, "- **{}** ({count}: {})", text(&change.summary), text(&proxies(&change.proxies)));
    if let Some(witness) = &change.witness {
        let _ = writeln!(out, "  ```sh\n  {}\n  ```", curl(witness));
    }
    lines(out, "before", &change.because.base);
    lines(out, "after", &change.because.head);
}

fn lines(out: &mut String, side: &str, because: &[Because]) {
    for because in because.iter().take(LINES) {
        let _ = writeln!(out, "  - {side}: {}", text(&line(because)));
    }
}

/// Text whose characters mean nothing in Markdown.
fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~') {
            out.push('\\');
        }
        out.push(if c == '\n' { ' ' } else { c });
    }
    out
}

/// Text between backticks.
fn code(plain: &str) -> String {
    plain.replace('`', "'")
}
