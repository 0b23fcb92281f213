//! A [`Story`] as text for a terminal, without colours.

use std::fmt::Write as _;

use crate::answer::{Answer, Because};
use crate::hosts::HostKind;
use crate::story::{HostStory, RouteStory, Story, Verdict};

/// Routes that failed and are listed before the one that won; the rest is counted.
const SHOWN_FAILED: usize = 20;
/// Routes that would have matched too and are listed; the rest is counted.
const SHOWN_LATER: usize = 5;

/// Writes the story, a line a step, with the source lines under what they decided.
pub fn render(story: &Story) -> String {
    let mut out = String::new();
    let table = story.table.as_ref().map_or(String::new(), |t| format!(", route table {t}"));
    line(&mut out, 0, &format!("{} ({}{table})", story.proxy, story.direction.name()));
    if let Some(request) = &story.request {
        line(&mut out, 0, &format!("{} {}{}", request.method, request.authority, request.asked_path));
        if request.path != request.asked_path {
            line(&mut out, 1, &format!("the path is matched as {}", request.path));
        }
    }
    if let Some(reason) = &story.refused {
        line(&mut out, 1, &format!("refused before any route is looked at: {reason}"));
    }
    if !story.checks.is_empty() {
        line(&mut out, 0, "what was checked before any route");
    }
    for check in &story.checks {
        line(&mut out, 1, &check.text);
        reasons(&mut out, 2, &check.because);
    }
    // A status without a route to look at: a check refused.
    let checked_only = !story.checks.is_empty() && story.host.is_none() && story.answer.status != Some(404);
    match (&story.host, &story.request) {
        (Some(found), _) => host(&mut out, found),
        (None, Some(_)) if checked_only => {}
        (None, Some(_)) => line(&mut out, 0, "no virtual host has a domain for this authority"),
        (None, None) => {}
    }
    routes(&mut out, &story.routes);
    if !story.settings.is_empty() {
        line(&mut out, 0, "what the route does");
    }
    let mut last: &[Because] =
        story.routes.iter().find(|r| r.verdict == Verdict::Taken).map_or(&[], |r| &r.because);
    for setting in &story.settings {
        line(&mut out, 1, &format!("{}: {}", setting.what, setting.value));
        let new: Vec<_> = setting.because.iter().filter(|b| !last.contains(b)).cloned().collect();
        reasons(&mut out, 2, &new);
        if !new.is_empty() {
            last = &setting.because;
        }
    }
    line(&mut out, 0, "answer");
    answer(&mut out, 1, &story.answer);
    for alternative in &story.answer.alternatives {
        line(&mut out, 1, &format!("{} % of the requests instead", alternative.percent.0));
        answer(&mut out, 2, &alternative.answer);
    }
    if story.table.is_none() {
        reasons(&mut out, 1, &story.answer.because);
    }
    out
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{:1$}{text}", "", depth * 2);
}

fn reasons(out: &mut String, depth: usize, because: &[Because]) {
    for reason in because {
        line(out, depth, &format!("{}:{} {}", reason.file, reason.line, reason.text));
    }
}

fn host(out: &mut String, host: &HostStory) {
    let how = match host.kind {
        HostKind::Exact => "has exactly this domain".to_owned(),
        HostKind::Suffix | HostKind::Prefix => format!("has {}, the longest that fits", host.domain),
        HostKind::CatchAll => "takes what no other has a domain for".to_owned(),
    };
    line(out, 0, &format!("{:?} belongs to the virtual host {}, which {how}", host.looked_for, host.name));
    reasons(out, 1, &host.because);
    if host.requires_tls {
        line(out, 1, "it sends every plaintext request to https");
    }
}

fn routes(out: &mut String, routes: &[RouteStory]) {
    let of = |verdict| routes.iter().filter(move |r| r.verdict == verdict);
    let taken = of(Verdict::Taken).next();
    // Those behind the one that won were never looked at.
    let before = |r: &&RouteStory| taken.is_none_or(|t| r.index < t.index);
    for route in of(Verdict::Failed).filter(before).take(SHOWN_FAILED) {
        let failed = route.failed.as_deref().unwrap_or_default();
        line(out, 0, &format!("route {} fails on: {failed}", title(route)));
        reasons(out, 1, &route.because[..route.because.len().min(1)]);
    }
    let failed = of(Verdict::Failed).filter(before).count();
    if failed > SHOWN_FAILED {
        line(out, 0, &format!("and {} more that fail", failed - SHOWN_FAILED));
    }
    match taken {
        Some(route) => {
            let conditions = match route.conditions.as_slice() {
                [] => "it takes everything".to_owned(),
                conditions => conditions.join(", "),
            };
            line(out, 0, &format!("route {} matches: {conditions}", title(route)));
            reasons(out, 1, &route.because);
        }
        None if !routes.is_empty() => line(out, 0, "no route matches"),
        None => {}
    }
    for route in of(Verdict::Later).take(SHOWN_LATER) {
        line(out, 0, &format!("route {} would match too, but comes later", title(route)));
        reasons(out, 1, &route.because[..route.because.len().min(1)]);
    }
    let later = of(Verdict::Later).count();
    if later > SHOWN_LATER {
        line(out, 0, &format!("and {} more that would match", later - SHOWN_LATER));
    }
}

fn title(route: &RouteStory) -> String {
    match &route.name {
        Some(name) => format!("[{}] {name}", route.index),
        None => format!("[{}]", route.index),
    }
}

fn answer(out: &mut String, depth: usize, answer: &Answer) {
    match answer.status {
        Some(status) => line(out, depth, &format!("status {status}")),
        None => line(out, depth, "a TCP connection"),
    }
    if let Some(location) = &answer.location {
        line(out, depth, &format!("location {location}"));
    }
    if let Some(delay) = answer.delay_ms {
        line(out, depth, &format!("after {delay} ms"));
    }
    let total: f64 = answer.destinations.iter().map(|(_, weight)| f64::from(*weight)).sum();
    for (cluster, weight) in &answer.destinations {
        let share = if total > 0.0 { f64::from(*weight) * 100.0 / total } else { 0.0 };
        line(out, depth, &format!("{share:.0} % to {cluster}"));
    }
    if let Some(upstream) = &answer.upstream {
        line(out, depth, &format!("arrives as {}{}", upstream.authority, upstream.path));
    }
}
