//! Routes by claims of a token.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Mesh;

use super::finding;
use crate::http::CLAIM_PREFIX;

declare_rule! {
    /// ## What it does
    /// Refuses routes that match claims of a token (`@request.auth.claims…`), which this version of meshc does not
    /// implement yet.
    ///
    /// ## What happens to traffic
    /// In a cluster Istio routes by the claim. meshc takes the condition for a header of that name, which no request
    /// has, so it refuses the tree by name.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - headers:
    ///       "@request.auth.claims.group": {exact: admin}
    /// ```
    ///
    /// ## Use instead
    /// Leave the file out of what meshc reads, or wait for the version that models it.
    pub CLAIM_HEADER = "MC1304", "claim-header", Error, Mesh,
    "A route by a claim of a token, which is not implemented yet",
    []
}

/// One finding for each such condition.
pub(super) fn check(mesh: &Mesh, found: &mut Vec<Diagnostic>) {
    for by in &mesh.virtual_services {
        let conditions = by.http.iter().flat_map(|rule| &rule.route.matches);
        let names = conditions.flat_map(|c| c.headers.keys().chain(c.without_headers.keys()));
        for name in names.filter(|name| name.starts_with(CLAIM_PREFIX)) {
            let message = format!("a route by `{}` is not implemented yet: the tree is refused", name.value);
            found.push(finding(&CLAIM_HEADER, &by.meta, name.span, message));
        }
    }
}
