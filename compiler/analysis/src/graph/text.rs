//! The answers for people: a block a caller, a line a way, then what shows it and what it passes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::tree::rounded;
use super::{Answers, Verdict, Way};
use meshc_trace::Because;

/// More callers that cannot are only counted.
const WITHOUT: usize = 12;

/// The answers for people.
pub fn render_answers(answers: &Answers) -> String {
    // Callers of whom the same is to be told stand together.
    let mut blocks: Vec<(String, Vec<&str>)> = Vec::new();
    for caller in answers.ways.chunk_by(|a, b| a.from == b.from) {
        let mut body = String::new();
        for way in caller {
            write_way(&mut body, way);
        }
        let from = caller.first().map_or("", |way| way.from.as_str());
        match blocks.iter_mut().find(|(known, _)| *known == body) {
            Some((_, all)) => all.push(from),
            None => blocks.push((body, vec![from])),
        }
    }
    let mut text = String::new();
    for (body, callers) in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{}\n{}", callers.join(", "), body.trim_end());
    }
    write_without(&mut text, answers);
    text
}

fn write_way(text: &mut String, way: &Way) {
    let share = if way.share < 100.0 { format!("{} % ", rounded(way.share)) } else { String::new() };
    let copies = if way.mirror { "copies " } else { "" };
    let behind =
        if way.workloads.is_empty() { String::new() } else { format!(": {}", way.workloads.join(", ")) };
    let verdict = match way.verdict {
        Verdict::Reaches if way.refused.is_some() => "reaches in part",
        Verdict::Reaches => "reaches",
        Verdict::Denied => "is denied at",
        Verdict::NoEndpoint => "finds no endpoint at",
        Verdict::Unknown => "may reach",
    };
    let requests = if way.requests == "/*" { "every request" } else { way.requests.as_str() };
    let _ = writeln!(text, "  {requests}  {verdict} {share}{copies}{}{behind}", way.to);
    for need in &way.needs {
        let _ = writeln!(text, "      if {need}");
    }
    if let Some(why) = &way.why {
        let _ = writeln!(text, "      unknown: {why}");
    }
    if let Some(curl) = &way.curl {
        let _ = writeln!(text, "      {curl}");
    }
    if way.verdict != Verdict::Denied {
        write_lines(text, &way.through);
    }
    if let Some(refused) = &way.refused {
        let status = refused.status.map_or_else(|| "connection closed".to_owned(), |s| s.to_string());
        let shown = refused.curl.as_ref().map(|curl| format!(": {curl}")).unwrap_or_default();
        let _ = writeln!(text, "      denied ({status}){shown}");
        write_lines(text, &refused.because);
    }
}

fn write_lines(text: &mut String, lines: &[Because]) {
    // One line of a file is enough to open it.
    let mut seen = BTreeSet::new();
    for line in lines.iter().filter(|line| seen.insert((&line.file, line.line))) {
        let _ = writeln!(text, "        {}:{} {}", line.file, line.line, line.text);
    }
}

/// Those that cannot, by reason.
fn write_without(text: &mut String, answers: &Answers) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for without in &answers.without {
        match reasons.iter_mut().find(|(why, _)| *why == without.why) {
            Some((_, all)) => all.push(&without.from),
            None => reasons.push((&without.why, vec![&without.from])),
        }
    }
    for (why, callers) in reasons {
        let shown = callers.len().min(WITHOUT);
        let more = callers.len() - shown;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "no way from {}{more}: {why}", callers[..shown].join(", "));
    }
}
