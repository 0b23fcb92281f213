//! What the text and the Markdown of a diff share.

use std::fmt::Write as _;

use meshc_diagnostics::{Direction, Witness};
use meshc_trace::Because;

use super::change::{Affected, Change, Diff, Equal, Lines};
use super::kind::{Concern, Risk};

/// The changes of one concern, high risk first.
pub(super) struct Group<'d> {
    pub(super) concern: Concern,
    pub(super) changes: Vec<&'d Change>,
}

impl Group<'_> {
    /// How many changes are of a risk.
    pub(super) fn count(&self, risk: Risk) -> usize {
        self.changes.iter().filter(|change| change.risk == risk).count()
    }
}

/// The changes by concern: the group with the highest risk first.
pub(super) fn groups(diff: &Diff) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    // The changes stand risk first, so that the first of a concern says where its group stands.
    for change in &diff.changes {
        match groups.iter_mut().find(|group| group.concern == change.concern) {
            Some(group) => group.changes.push(change),
            None => groups.push(Group { concern: change.concern, changes: vec![change] }),
        }
    }
    groups
}

/// A verdict in one sentence, in the same words each time.
pub(super) fn verdict(diff: &Diff) -> String {
    match diff.equal {
        Equal::Yes => "no change in behaviour: proved for all requests of all proxies".to_owned(),
        Equal::Unknown => format!(
            "no change in behaviour was found, but {} could not be compared",
            counted(diff.unknown.len(), "part", "parts")
        ),
        Equal::No => {
            let of = |risk: Risk| diff.changes.iter().filter(|change| change.risk == risk).count();
            let risks: Vec<String> = Risk::ALL
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

/// `8 of 9 proxies: catalog-v1.shop, orders-v1.backoffice and 5 more`
pub(super) fn affected(affected: &Affected, total: usize) -> String {
    /// How many workloads are named.
    const NAMED: usize = 3;
    let names: Vec<&str> = affected.workloads.iter().take(NAMED).map(String::as_str).collect();
    let names = match affected.workloads.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    };
    let count = if affected.proxies == total && total > 1 {
        format!("all {total} proxies")
    } else {
        format!("{} of {}", affected.proxies, counted(total, "proxy", "proxies"))
    };
    format!("{count}: {names}")
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

/// Where the command is run, and as whom: a comment behind it.
pub(super) fn place(witness: &Witness) -> String {
    let proxy = &witness.proxy;
    let mut text = match witness.direction {
        Some(Direction::Gateway) => format!("through the gateway {proxy}"),
        Some(Direction::Inbound) => format!("to {proxy}"),
        Some(Direction::Outbound) | None => format!("from {proxy}"),
    };
    if let Some(peer) = &witness.peer {
        let _ = write!(text, ", as {peer}");
    }
    if let Some(address) = &witness.source_ip {
        let _ = write!(text, ", from {address}");
    }
    text
}

/// `shop/routes.yaml:33`, and what stands there.
pub(super) fn line(because: &Because) -> (String, &str) {
    (format!("{}:{}", because.file, because.line), &because.text)
}

/// How many lines of each side are shown; the deciding ones come first.
const LINES: usize = 3;

/// Which side a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Base,
    Head,
    Both,
}

/// The lines of both sides that make the difference: those that say the same on both are left out, unless all do.
pub(super) fn telling(lines: &Lines) -> Vec<(Of, &Because)> {
    let (base, head) = (only(&lines.base, &lines.head), only(&lines.head, &lines.base));
    if base.is_empty() && head.is_empty() {
        return match (lines.base.first(), lines.head.first()) {
            _ if lines.base == lines.head => {
                lines.head.iter().take(LINES).map(|line| (Of::Both, line)).collect()
            }
            (was, is) => {
                was.map(|line| (Of::Base, line)).into_iter().chain(is.map(|line| (Of::Head, line))).collect()
            }
        };
    }
    let base = base.into_iter().map(|line| (Of::Base, line));
    base.chain(head.into_iter().map(|line| (Of::Head, line))).collect()
}

fn only<'l>(of: &'l [Because], other: &[Because]) -> Vec<&'l Because> {
    of.iter().filter(|line| other.iter().all(|known| known.text != line.text)).take(LINES).collect()
}
