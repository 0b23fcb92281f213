//! A diff for a terminal, without colour.

use std::fmt::Write as _;

use super::change::{Change, Diff};
use super::render::{Of, affected, curl, groups, line, place, telling, verdict};

/// One block a change, grouped by concern, high risk first, the verdict at the end.
pub fn render_text(diff: &Diff) -> String {
    let mut out = String::new();
    for group in groups(diff) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}\n", group.concern.title());
        for change in group.changes {
            block(&mut out, change, diff.proxies);
        }
    }
    if !diff.unknown.is_empty() {
        out.push_str("Not compared\n\n");
    }
    for unknown in &diff.unknown {
        let _ = writeln!(out, "  unknown  {}\n           {}\n", unknown.what, unknown.why);
    }
    let _ = writeln!(out, "{}", verdict(diff));
    out
}

fn block(out: &mut String, change: &Change, total: usize) {
    let _ = writeln!(out, "  {:<7}  {}", change.risk.name(), change.summary);
    let _ = writeln!(out, "           {}", affected(&change.affected, total));
    if let Some(witness) = &change.witness {
        let _ = writeln!(out, "           {}  # {}", curl(witness), place(witness));
    }
    for (of, because) in telling(&change.because) {
        let sign = match of {
            Of::Base => '-',
            Of::Head => '+',
            Of::Both => ' ',
        };
        let (at, said) = line(because);
        let _ = writeln!(out, "           {sign} {at} {said}");
    }
    out.push('\n');
}
