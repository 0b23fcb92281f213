//! The graph as indented text: each route table once, below those who ask it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{EdgeView, GraphView, NodeView};
use crate::reach::Reachable;

/// More callers of a table than this are only counted.
const CALLERS: usize = 4;

/// A node as a person calls it.
pub(super) fn node_words(node: &NodeView) -> String {
    let mut words = match &node.namespace {
        Some(namespace) => format!("{}.{namespace}", node.name),
        None => node.name.clone(),
    };
    if let Some(port) =
        node.port.filter(|_| matches!(node.kind, "server" | "workload" | "destination" | "outside"))
    {
        let _ = write!(words, ":{port}");
    }
    words
}

/// What an edge says besides where it leads.
pub(super) fn edge_words(edge: &EdgeView) -> String {
    let share = edge.share.filter(|share| *share < 100.0 || edge.kind == "copies");
    let share = share.map(|share| format!("{} %", rounded(share)));
    let kind = (edge.kind == "copies").then(|| "copies".to_owned());
    let requests = Some(edge.requests.clone()).filter(|text| !text.is_empty() && edge.kind != "copies");
    let reach = match &edge.reachable {
        Reachable::Yes => None,
        Reachable::No => Some("never".to_owned()),
        Reachable::Unknown(_) => Some("unknown".to_owned()),
    };
    let admits = edge.admits.filter(|admits| *admits != "all").map(|admits| match admits {
        "some" => "lets some in".to_owned(),
        "none" => "lets nobody in".to_owned(),
        _ => "nobody knows whom it lets in".to_owned(),
    });
    let parts: Vec<String> = [share, kind, requests, reach, admits].into_iter().flatten().collect();
    parts.join(", ")
}

pub(super) fn rounded(share: f64) -> String {
    let text = format!("{share:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The graph as indented text.
pub fn render_graph(view: &GraphView) -> String {
    let tree = Tree::new(view);
    let mut text = String::new();
    for node in &view.nodes {
        if matches!(node.kind, "table" | "connections") {
            tree.below(node, &mut text);
        }
    }
    if text.is_empty() {
        text.push_str("nothing lies between them\n");
    }
    text
}

struct Tree<'v> {
    nodes: BTreeMap<&'v str, &'v NodeView>,
    out: BTreeMap<&'v str, Vec<&'v EdgeView>>,
    into: BTreeMap<&'v str, Vec<&'v EdgeView>>,
}

impl<'v> Tree<'v> {
    fn new(view: &'v GraphView) -> Self {
        let mut tree = Self {
            nodes: view.nodes.iter().map(|node| (node.id.as_str(), node)).collect(),
            out: BTreeMap::new(),
            into: BTreeMap::new(),
        };
        for edge in &view.edges {
            tree.out.entry(edge.from.as_str()).or_default().push(edge);
            tree.into.entry(edge.to.as_str()).or_default().push(edge);
        }
        tree
    }

    fn edges(&self, of: &str) -> impl Iterator<Item = (&'v EdgeView, &'v NodeView)> + '_ {
        let edges = self.out.get(of).into_iter().flatten();
        edges.filter_map(|edge| Some((*edge, *self.nodes.get(edge.to.as_str())?)))
    }

    fn below(&self, node: &NodeView, text: &mut String) {
        let into = self.into.get(node.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let named = |edge: &&&EdgeView| self.nodes.get(edge.from.as_str()).map(|from| node_words(from));
        let callers: BTreeSet<String> = into.iter().filter_map(|edge| named(&edge)).collect();
        let ports: BTreeSet<&str> = into.iter().map(|edge| edge.requests.as_str()).collect();
        let shown: Vec<&str> = callers.iter().take(CALLERS).map(String::as_str).collect();
        let more = callers.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let ports: Vec<&str> = ports.into_iter().collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}{more}, {}", shown.join(", "), ports.join(", "));
        if node.kind == "connections" {
            self.destinations(node, 2, text);
            return;
        }
        for (_, host) in self.edges(&node.id) {
            let _ = writeln!(text, "  {}", host.name);
            for (edge, route) in self.edges(&host.id) {
                let words = edge_words(edge);
                let label = if route.name.starts_with("route ") || route.name == "default" {
                    String::new()
                } else {
                    format!("  {}", route.name)
                };
                let _ = writeln!(text, "    {words}{label}");
                self.destinations(route, 6, text);
            }
        }
    }

    fn destinations(&self, from: &NodeView, indent: usize, text: &mut String) {
        for (edge, destination) in self.edges(&from.id) {
            let words = edge_words(edge);
            let words = if words.is_empty() || from.kind == "connections" && !words.contains('%') {
                String::new()
            } else {
                format!("{words} ")
            };
            let ends: Vec<String> = self
                .edges(&destination.id)
                .map(|(edge, end)| match edge_words(edge).as_str() {
                    "" => node_words(end),
                    words => format!("{} ({words})", node_words(end)),
                })
                .collect();
            let ends = if ends.is_empty() { "no endpoint".to_owned() } else { ends.join(", ") };
            let _ = writeln!(text, "{:indent$}{words}→ {} → {ends}", "", node_words(destination));
        }
    }
}
