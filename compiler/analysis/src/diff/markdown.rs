//! A diff for a pull request: grouped by what a person cares about, high risk first, long groups folded, the same words
//! each time.

use std::fmt::Write as _;

use super::change::{Change, Diff};
use super::kind::Risk;
use super::render::{Group, Of, affected, counted, curl, groups, line, place, telling, verdict};

/// Stands in the first line, so that whoever posts the text finds the comment that it posted before.
pub const MARKER: &str = "<!-- meshc diff -->";

/// So many changes of a group stand open; the others are folded.
const OPEN: usize = 5;

/// What GitHub takes as a comment is 65,536 characters; the rest is for what a bot writes around it.
const LONGEST: usize = 60_000;

/// Markdown as GitHub and GitLab read it.
pub fn render_markdown(diff: &Diff) -> String {
    let mut out = format!("{MARKER}\n### meshc: {}\n\n", verdict(diff));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "`{}` → `{}`", code(&diff.base), code(&diff.head));
    let groups = groups(diff);
    if groups.len() > 1 {
        overview(&mut out, &groups);
    }
    let mut left_out = 0;
    for of_group in &groups {
        let text = group(of_group, diff.proxies);
        if out.len() + text.len() > LONGEST {
            left_out += of_group.changes.len();
        } else {
            out.push_str(&text);
        }
    }
    if left_out > 0 {
        let changes = counted(left_out, "more change does", "more changes do");
        let _ = writeln!(out, "\n{changes} not fit here: `meshc diff` lists them.");
    }
    if !diff.unknown.is_empty() {
        out.push_str("\n#### Not compared\n\n");
        for (at, unknown) in diff.unknown.iter().enumerate() {
            fold(&mut out, at, diff.unknown.len());
            let _ = writeln!(out, "- {}: {}", text(&unknown.what), text(&unknown.why));
        }
        unfold(&mut out, diff.unknown.len());
    }
    out
}

/// How many changes of which risk each group has.
fn overview(out: &mut String, groups: &[Group<'_>]) {
    let risks: Vec<Risk> =
        Risk::ALL.into_iter().filter(|risk| groups.iter().any(|group| group.count(*risk) > 0)).collect();
    let heads: String = risks.iter().map(|risk| format!(" {} risk |", risk.name())).collect();
    let _ = writeln!(out, "\n| |{heads}\n|:--|{}", "--:|".repeat(risks.len()));
    for group in groups {
        let count = |risk: &Risk| match group.count(*risk) {
            0 => "  |".to_owned(),
            count => format!(" {count} |"),
        };
        let cells: String = risks.iter().map(count).collect();
        let _ = writeln!(out, "| {} |{cells}", group.concern.title());
    }
}

fn group(group: &Group<'_>, total: usize) -> String {
    let mut out = format!("\n#### {}\n\n", group.concern.title());
    for (at, change) in group.changes.iter().enumerate() {
        fold(&mut out, at, group.changes.len());
        item(&mut out, change, total);
    }
    unfold(&mut out, group.changes.len());
    out
}

/// Begins what is folded of a list, before its item `at`.
fn fold(out: &mut String, at: usize, count: usize) {
    // One more is no reason to fold.
    if at == OPEN && count > OPEN + 1 {
        let _ = writeln!(out, "\n<details><summary>{} more</summary>\n", count - OPEN);
    }
}

fn unfold(out: &mut String, count: usize) {
    if count > OPEN + 1 {
        out.push_str("\n</details>\n");
    }
}

fn item(out: &mut String, change: &Change, total: usize) {
    let whom = affected(&change.affected, total);
    let _ =
        writeln!(out, "- **{}**  \n  {} risk, {}", text(&change.summary), change.risk.name(), text(&whom));
    if let Some(witness) = &change.witness {
        let _ = writeln!(out, "  ```sh\n  {}  # {}\n  ```", curl(witness), place(witness));
    }
    for (of, because) in telling(&change.because) {
        let side = match of {
            Of::Base => "before: ",
            Of::Head => "after: ",
            Of::Both => "",
        };
        let (at, said) = line(because);
        let _ = writeln!(out, "  - {side}`{}` {}", code(&at), text(said));
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
