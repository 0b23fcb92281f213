//! The rules about what Istio drops or merges when it makes configuration, one file each.

mod duplicate_server;
mod duplicate_subset;
mod port_conflict;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Mesh;

pub use duplicate_server::DUPLICATE_SERVER;
pub(crate) use duplicate_server::duplicate_server;
pub use duplicate_subset::DUPLICATE_SUBSET;
pub use port_conflict::PORT_CONFLICT;
pub(crate) use port_conflict::port_conflict;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[&DUPLICATE_SERVER, &DUPLICATE_SUBSET, &PORT_CONFLICT];

/// What the mesh shows before any proxy is looked at.
pub(crate) fn of_mesh(mesh: &Mesh) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    duplicate_subset::check(mesh, &mut found);
    found
}

/// A finding about a resource.
fn finding(rule: &Rule, meta: &meshc_mesh::Meta, span: meshc_source::Span, message: String) -> Diagnostic {
    Diagnostic::new(rule, span, message).resource(meta.kind, Some(&meta.namespace), &meta.name)
}
