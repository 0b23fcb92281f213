//! The rules about what Istio drops or merges when it makes configuration, one file each.

mod duplicate_server;
mod duplicate_sni;
mod duplicate_subset;
mod port_conflict;
mod server_conflict;
mod server_without_route;
mod unknown_code;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_mesh::Mesh;

pub use duplicate_server::DUPLICATE_SERVER;
pub(crate) use duplicate_server::duplicate_server;
pub use duplicate_sni::DUPLICATE_SNI;
pub(crate) use duplicate_sni::duplicate_sni;
pub use duplicate_subset::DUPLICATE_SUBSET;
pub use port_conflict::PORT_CONFLICT;
pub(crate) use port_conflict::port_conflict;
pub use server_conflict::SERVER_CONFLICT;
pub(crate) use server_conflict::server_conflict;
pub use server_without_route::SERVER_WITHOUT_ROUTE;
pub(crate) use server_without_route::server_without_route;
pub use unknown_code::UNKNOWN_CODE;
pub(crate) use unknown_code::unknown_code;

/// All rules of this crate, by code.
pub const RULES: &[&Rule] = &[
    &DUPLICATE_SERVER,
    &DUPLICATE_SUBSET,
    &PORT_CONFLICT,
    &SERVER_CONFLICT,
    &SERVER_WITHOUT_ROUTE,
    &DUPLICATE_SNI,
    &UNKNOWN_CODE,
];

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
