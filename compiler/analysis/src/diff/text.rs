//! A diff for a terminal, without colour.

use std::fmt::Write as _;

use super::change::{Change, Diff};
use super::render::{LINES, counted, curl, line, proxies, verdict};

/// One block a change, high risk first, the verdict at the end.
pub fn render_text(diff: &Diff) -> String {
    let mut out = String::new();
    for change in &diff.changes {
        block(&mut out, change);
    }
    for unknown in &diff.unknown {
        let _ = writeln!(out, "unknown  {}\n         {}\n", unknown.what, unknown.why);
    }
    let _ = writeln!(out, "{}", verdict(diff));
    out
}

fn block(out: &mut String, change: &Change) {
    let _ = writeln!(out, "{:<7}  {}: {}", change.risk.name(), change.kind.name(), change.summary);
    let count = counted(change.proxies.len(), "proxy", "proxies");
    let _ = writeln!(out, "         {count}: {}", proxies(&change.proxies));
    if let Some(witness) = &change.witness {
        let _ = writeln!(out, "         {}", curl(witness));
    }
    for (side, lines) in [("base", &change.because.base), ("head", &change.because.head)] {
        for because in lines.iter().take(LINES) {
            let _ = writeln!(out, "         {side}  {}", line(because));
        }
    }
    out.push('\n');
}
