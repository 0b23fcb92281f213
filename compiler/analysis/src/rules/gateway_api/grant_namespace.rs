//! A ReferenceGrant for a namespace that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_settings::ways_out;

use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds namespaces in `from` of ReferenceGrants that nothing in the tree shows.
    ///
    /// ## What happens to traffic
    /// The routes that the grant was for may not use what it grants: requests get 500.
    ///
    /// ## Example
    /// ```yaml
    /// from:
    ///   - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shopp}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// from:
    ///   - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest namespace that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA1601. An info in a tree that declares no Namespace at all.
    pub GRANT_NAMESPACE = "MC1627", "grant-namespace", Warning, Mesh,
    "A ReferenceGrant for a namespace that does not exist",
    ["KIA1601"]
}

/// Every ReferenceGrant.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.reference_grants {
        for (index, from) in object.spec.from.iter().enumerate() {
            let Some(namespace) = from.namespace.as_ref().filter(|namespace| !namespace.is_empty()) else {
                continue;
            };
            if context.has_namespace(namespace) {
                continue;
            }
            let missing = Missing::Namespace(namespace);
            let Some(severity) = missing.severity(context, GRANT_NAMESPACE.severity) else { continue };
            let message = format!(
                "from[{index}]: there is no namespace `{}` in this tree: the grant is for nobody",
                namespace.value
            );
            let finding =
                object.finding(&GRANT_NAMESPACE, namespace.span, message).severity(severity).alias("KIA1601");
            found.push(context.suggest(
                finding,
                namespace.span,
                namespace,
                context.namespaces(),
                format!("declare the Namespace; {}", ways_out("namespaces")),
            ));
        }
    }
}
