//! The graph for Graphviz: `meshc graph --format dot | dot -Tsvg`.

use std::fmt::Write as _;

use super::GraphView;
use super::tree::{edge_words, node_words};
use crate::reach::Reachable;

/// The graph in Graphviz's language.
pub fn render_dot(view: &GraphView) -> String {
    let mut text = "digraph mesh {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    for node in &view.nodes {
        let shape = match node.kind {
            "caller" | "server" => ", shape=house",
            "workload" => ", shape=component",
            "outside" => ", shape=ellipse",
            _ => "",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {} [label={}{shape}];", node.id, quoted(&node_words(node)));
    }
    for edge in &view.edges {
        let style = match (edge.kind, &edge.reachable, edge.admits) {
            (_, Reachable::No, _) | (_, _, Some("none")) => ", style=dotted, color=gray",
            ("copies", ..) => ", style=dashed",
            _ => "",
        };
        let words = quoted(&edge_words(edge));
        let _ = writeln!(text, "  {} -> {} [label={words}{style}];", edge.from, edge.to);
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
