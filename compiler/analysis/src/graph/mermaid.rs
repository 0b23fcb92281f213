//! The graph for Mermaid, which code hosts draw in Markdown.

use std::fmt::Write as _;

use super::GraphView;
use super::tree::{edge_words, node_words};
use crate::reach::Reachable;

/// The graph in Mermaid's language.
pub fn render_mermaid(view: &GraphView) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for node in &view.nodes {
        let words = quoted(&node_words(node));
        // Writing to a string cannot fail.
        let _ = match node.kind {
            "caller" | "server" => writeln!(text, "  {}([{words}])", node.id),
            "outside" => writeln!(text, "  {}(({words}))", node.id),
            _ => writeln!(text, "  {}[{words}]", node.id),
        };
    }
    for edge in &view.edges {
        let arrow = match (edge.kind, &edge.reachable, edge.admits) {
            (_, Reachable::No, _) | (_, _, Some("none")) | ("copies", ..) => "-.->",
            _ => "-->",
        };
        let words = edge_words(edge);
        let label = if words.is_empty() { String::new() } else { format!("|{}|", quoted(&words)) };
        let _ = writeln!(text, "  {} {arrow}{label} {}", edge.from, edge.to);
    }
    text
}

/// Mermaid reads entities within quotes.
fn quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
    )
}
