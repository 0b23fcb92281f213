//! The routes of a proxy, for people: which request each gets, and which get none.

use std::fmt::Write as _;

use meshc_analysis::{HostView, Reachable, RouteView, RoutesView};

use super::human::request;

/// More domains than this are only counted: a service has a dozen names.
const DOMAINS: usize = 3;

/// One block a table, one line a route, in Envoy's order.
pub(crate) fn routes(view: &RoutesView) -> String {
    let mut text = format!("{}\n", view.proxy);
    for table in &view.tables {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{}", table.name);
        for host in &table.virtual_hosts {
            write_host(&mut text, host);
        }
    }
    text
}

fn write_host(text: &mut String, host: &HostView) {
    let more = host.domains.len().saturating_sub(DOMAINS);
    let mut domains = host.domains[..host.domains.len() - more].join(", ");
    if more > 0 {
        let _ = write!(domains, " and {more} more");
    }
    let _ = writeln!(text, "  {}  ({domains})", host.name);
    let width = host.routes.iter().map(|route| label(route).chars().count()).max().unwrap_or(0);
    for route in &host.routes {
        let _ = writeln!(text, "    {:>3}  {:width$}  {}", route.index, label(route), reach(route));
        for because in &route.because {
            let _ = writeln!(text, "         {}:{} {}", because.file, because.line, because.text);
        }
    }
}

fn label(route: &RouteView) -> &str {
    route.name.as_deref().unwrap_or("(no name)")
}

fn reach(route: &RouteView) -> String {
    match &route.reachable {
        Reachable::Yes => route.witness.as_ref().map_or_else(|| "reachable".to_owned(), request),
        Reachable::No => {
            let hiding: Vec<_> = route.hidden_by.iter().map(ToString::to_string).collect();
            if hiding.is_empty() {
                "no request gets here".to_owned()
            } else {
                format!("hidden by {}", hiding.join(", "))
            }
        }
        Reachable::Unknown(why) => format!("unknown: {why}"),
    }
}
