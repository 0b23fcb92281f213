//! Mesh and route rules, reachability and the semantic diff: what is claimed here about requests is exact, or
//! labelled unknown with the reason, and carries a request that shows it.

#![forbid(unsafe_code)]

mod diff;
mod graph;
mod origin;
mod promises;
mod reach;
mod requests;
pub mod rules;
mod spots;
#[cfg(test)]
mod testing;

pub use diff::{
    Affected, Change, Concern, Diff, Equal, Kind, Lines, MARKER, Risk, Side, Unknown, curl, diff,
    render_markdown, render_text, same_answer,
};
pub use graph::{
    Answers, EdgeView, Graph, GraphView, NodeView, Question, QuestionError, Refused, Verdict as WayVerdict,
    Way, Without, query, render_answers, render_dot, render_graph, render_mermaid,
};
pub use origin::because;
pub use promises::{Case, Destination, Promise, Refutation, Verdict, keep_invariants, keep_promises};
pub use reach::{
    HostView, Reachable, Reached, RouteReach, RouteView, RoutesView, TableView, reachability, routes_view,
};
pub use rules::{check_mesh, unseen_namespaces};
