//! `meshc conditions`: the status that Istio would write into the Gateway API's objects.

use std::fmt::Write;

use meshc_mesh::{Condition, ListenerStatus, ObjectStatus, ParentStatus};
use meshc_source::Span;
use serde_json::{Value, json};

use super::DONE;
use crate::args::{Conditions, TextFormat};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Conditions) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::of(&args.tree))?;
    // A tree that uses what is not modelled yet has no answer.
    tree.compile_to_look()?;
    match args.format {
        TextFormat::Json => {
            let objects: Vec<Value> = tree.mesh.statuses.iter().map(|status| object(&tree, status)).collect();
            output::json_pretty(&json!({"version": 1, "objects": objects}));
        }
        TextFormat::Human => output::out(&text(&tree.mesh.statuses)),
    }
    Ok(DONE)
}

/// `file` and `line` of a node.
fn place(tree: &Tree, span: Span) -> (String, u32) {
    (tree.sources.file(span.file).path.clone(), tree.sources.location(span).0.line)
}

fn object(tree: &Tree, status: &ObjectStatus) -> Value {
    let (file, line) = place(tree, status.meta.span);
    let listeners: Vec<Value> = status.listeners.iter().map(|of| listener(tree, of)).collect();
    let parents = |all: &[ParentStatus]| all.iter().map(|of| parent(tree, of)).collect::<Vec<_>>();
    json!({
        "kind": status.meta.kind,
        "namespace": status.meta.namespace,
        "name": status.meta.name,
        "file": file,
        "line": line,
        "conditions": conditions(&status.conditions),
        "attached_listener_sets": status.attached_listener_sets,
        "listeners": listeners,
        "parents": parents(&status.parents),
        "targets": parents(&status.targets),
    })
}

fn listener(tree: &Tree, status: &ListenerStatus) -> Value {
    let (file, line) = place(tree, status.span);
    json!({
        "name": status.name,
        "file": file,
        "line": line,
        "attached_routes": status.attached_routes,
        "supported_kinds": status.supported_kinds,
        "conditions": conditions(&status.conditions),
    })
}

fn parent(tree: &Tree, status: &ParentStatus) -> Value {
    let (file, line) = place(tree, status.span);
    json!({"parent": status.parent, "file": file, "line": line, "conditions": conditions(&status.conditions)})
}

fn conditions(all: &[Condition]) -> Vec<Value> {
    let one = |condition: &Condition| {
        json!({
            "type": condition.kind,
            "status": word(condition.status),
            "reason": condition.reason,
            "message": condition.message,
        })
    };
    all.iter().map(one).collect()
}

fn word(status: bool) -> &'static str {
    if status { "True" } else { "False" }
}

fn text(statuses: &[ObjectStatus]) -> String {
    let mut out = String::new();
    if statuses.is_empty() {
        out.push_str("no object of the Gateway API that Istio implements\n");
    }
    for status in statuses {
        let sets = match status.attached_listener_sets {
            0 => String::new(),
            1 => ", with 1 ListenerSet".to_owned(),
            several => format!(", with {several} ListenerSets"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}{sets}", status.meta);
        lines(&mut out, "  ", &status.conditions);
        for listener in &status.listeners {
            let routes = if listener.attached_routes == 1 { "route" } else { "routes" };
            let kinds = listener.supported_kinds.join(", ");
            let _ = writeln!(
                out,
                "  listener {}: {} {routes} of {kinds}",
                listener.name, listener.attached_routes
            );
            lines(&mut out, "    ", &listener.conditions);
        }
        for parent in status.parents.iter().chain(&status.targets) {
            let _ = writeln!(out, "  {}", parent.parent);
            lines(&mut out, "    ", &parent.conditions);
        }
    }
    out
}

fn lines(out: &mut String, indent: &str, conditions: &[Condition]) {
    for condition in conditions {
        let (kind, status) = (condition.kind, word(condition.status));
        let _ = writeln!(out, "{indent}{kind:<12} {status:<5} {}: {}", condition.reason, condition.message);
    }
}
