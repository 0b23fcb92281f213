//! What the text and the Markdown of a diff share.

use std::fmt::Write as _;

use meshc_diagnostics::Witness;
use meshc_trace::Because;

use super::change::{Diff, Equal, Risk};

/// A verdict in one sentence: stable, so that a bot can find its own comment.
pub(super) fn verdict(diff: &Diff) -> String {
    match diff.equal {
        Equal::Yes => "no change in behaviour: proved for all requests of all proxies".to_owned(),
        Equal::Unknown => format!(
            "no change in behaviour was found, but {} could not be compared",
            counted(diff.unknown.len(), "part", "parts")
        ),
        Equal::No => {
            let of = |risk: Risk| diff.changes.iter().filter(|change| change.risk == risk).count();
            let risks: Vec<String> = [Risk::High, Risk::Medium, Risk::Low]
                .into_iter()
                .filter(|risk| of(*risk) > 0)
                .map(|risk| format!("{} of {} risk", of(risk), risk.name()))
                .collect();
            let unknown = match diff.unknown.len() {
                0 => String::new(),
                count => format!("; {} could not be compared", counted(count, "part", "parts")),
            };
            let changes = counted(diff.changes.len(), "change", "changes");
            format!("{changes} in behaviour: {}{unknown}", risks.join(", "))
        }
    }
}

/// `1 part`, `2 parts`
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The first three of some proxies, and how many more.
pub(super) fn proxies(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The witness as a command, to be run where the proxy's application runs, or against the gateway.
pub fn curl(witness: &Witness) -> String {
    let request = &witness.request;
    let mut text = "curl".to_owned();
    if request.method == "HEAD" {
        text.push_str(" -I");
    } else if request.method != "GET" {
        let _ = write!(text, " -X {}", request.method);
    }
    for (name, value) in &request.headers {
        // `curl` leaves out a header whose value is empty unless it ends in a semicolon.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        let _ = write!(text, " -H {}", quoted(&header));
    }
    let table = witness.route_table.as_deref().unwrap_or_default();
    let number = table.strip_prefix("http.").unwrap_or(table).parse::<u16>().ok().or(witness.port);
    let has_port = request.authority.rfind(':') > request.authority.rfind(']');
    let port =
        number.filter(|port| *port != 80 && !has_port).map(|port| format!(":{port}")).unwrap_or_default();
    let url = format!("http://{}{port}{}", request.authority, request.path);
    format!("{text} {}", quoted(&url))
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// `shop/routes.yaml:33 VirtualService shop/reviews: …`
pub(super) fn line(because: &Because) -> String {
    format!("{}:{} {}", because.file, because.line, because.text)
}

/// How many lines of each side are shown; the deciding ones come first.
pub(super) const LINES: usize = 3;
