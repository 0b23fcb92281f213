//! The screen of `meshc up` for people.

use std::fmt::Write;

use owo_colors::{OwoColorize, Style};

use super::overview::{Overview, Row};
use crate::output;

/// Columns of a row before its outcome, where it fits.
const REQUEST_WIDTH: usize = 58;

/// Backends of a service that are listed.
const BACKENDS: usize = 4;

/// Prints the screen.
pub(super) fn print(overview: &Overview) {
    output::out(&render(overview, output::colour_out()));
}

/// The screen as text.
pub(super) fn render(overview: &Overview, colour: bool) -> String {
    let paint = Paint { colour };
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", paint.bold("Services"));
    for service in &overview.services {
        let mut behind: Vec<String> = service
            .endpoints
            .iter()
            .take(BACKENDS)
            .map(|b| format!("{} {}", b.workload, b.address))
            .collect();
        if service.endpoints.len() > BACKENDS {
            behind.push(format!("{} more", service.endpoints.len() - BACKENDS));
        }
        let name = format!("{}:{}", short(&service.host), service.port);
        let behind = if behind.is_empty() { "no endpoint".to_owned() } else { behind.join(", ") };
        let _ = writeln!(text, "  {name:<28} {}", paint.dim(&behind));
    }
    let _ = writeln!(text, "\n{}", paint.bold("Entry points"));
    for entry in &overview.entries {
        let _ = writeln!(text, "  {:<28} {}", entry.through, entry.curl);
    }
    for note in &overview.notes {
        let _ = writeln!(text, "  {} {note}", paint.yellow("note:"));
    }
    let _ = writeln!(text, "\n{}", paint.bold("Requests"));
    let from_width = overview.requests.iter().map(|row| row.from.chars().count()).max().unwrap_or(0).min(28);
    for row in &overview.requests {
        line(&mut text, row, from_width, &paint);
    }
    if overview.left_out > 0 {
        let _ = writeln!(text, "  {} more routes: see them with --samples N", overview.left_out);
    }
    let wrong = overview.requests.iter().filter(|row| !row.ok).count();
    let verdict = if wrong == 0 {
        format!("{} requests, all as the compiler said", sent(overview))
    } else {
        paint.red(&format!("{wrong} of {} rows are not what the compiler said", overview.requests.len()))
    };
    let _ = writeln!(text, "\n{verdict} ({:.2} s from the start)", overview.ready_ms as f64 / 1_000.0);
    text
}

fn line(text: &mut String, row: &Row, from_width: usize, paint: &Paint) {
    let mark = if row.ok { paint.green("✓") } else { paint.red("✗") };
    let times = if row.times > 1 { format!("  ×{}", row.times) } else { String::new() };
    let request = format!("{:<from_width$}  {}{times}", row.from, row.request);
    let outcomes: Vec<String> = match row.outcomes.as_slice() {
        [(only, _)] => vec![only.clone()],
        several => several.iter().map(|(outcome, count)| format!("{outcome} {count}×")).collect(),
    };
    let remarks =
        if row.remarks.is_empty() { String::new() } else { format!("  ({})", row.remarks.join(", ")) };
    let width = REQUEST_WIDTH + from_width;
    let _ = writeln!(text, "{mark} {request:<width$} {}{}", outcomes.join(", "), paint.dim(&remarks));
    for difference in &row.differences {
        let _ = writeln!(text, "    {}", paint.red(difference));
    }
}

fn sent(overview: &Overview) -> usize {
    overview.requests.iter().map(|row| row.times).sum()
}

/// `reviews.shop` for `reviews.shop.svc.cluster.local`.
fn short(host: &str) -> &str {
    host.split_once(".svc.").map_or(host, |(short, _)| short)
}

struct Paint {
    colour: bool,
}

impl Paint {
    fn with(&self, text: &str, style: Style) -> String {
        if self.colour { text.style(style).to_string() } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.with(text, Style::new().bold())
    }

    fn dim(&self, text: &str) -> String {
        self.with(text, Style::new().dimmed())
    }

    fn green(&self, text: &str) -> String {
        self.with(text, Style::new().green())
    }

    fn yellow(&self, text: &str) -> String {
        self.with(text, Style::new().yellow())
    }

    fn red(&self, text: &str) -> String {
        self.with(text, Style::new().red())
    }
}
