//! An operation that does nothing to what it is applied to.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::{ApplyTo, EnvoyFilter, PatchOperation};
use meshc_syntax::de::Spanned;

declare_rule! {
    /// ## What it does
    /// Finds patches of EnvoyFilters whose operation Istio ignores for what they are applied to: `ADD` and `REMOVE` of
    /// `ROUTE_CONFIGURATION` and `HTTP_ROUTE`, `REPLACE` of anything but `HTTP_FILTER`, `NETWORK_FILTER` and
    /// `VIRTUAL_HOST`.
    ///
    /// ## What happens to traffic
    /// Nothing: the patch is left out in silence.
    ///
    /// ## Example
    /// ```yaml
    /// - applyTo: CLUSTER
    ///   patch: {operation: REPLACE, value: {…}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// - applyTo: CLUSTER
    ///   patch: {operation: MERGE, value: {…}}
    /// ```
    ///
    /// ## Covers
    /// IST0152 (`REPLACE`), IST0153 (`ADD`), IST0154 (`REMOVE`).
    pub REFUSED_OPERATION = "MC1602", "refused-operation", Error, Mesh,
    "An operation that does nothing to what it is applied to",
    ["IST0152", "IST0153", "IST0154"]
}

/// The finding.
pub(super) fn finding(
    object: &Object<EnvoyFilter>,
    index: usize,
    operation: &Spanned<PatchOperation>,
    to: Option<ApplyTo>,
) -> Diagnostic {
    let (word, alias, help) = match operation.value {
        PatchOperation::Add => ("ADD", "IST0153", "use `INSERT_FIRST`, `MERGE`, or a VirtualService"),
        PatchOperation::Remove => ("REMOVE", "IST0154", "change the VirtualService that makes the route"),
        _ => ("REPLACE", "IST0152", "use `MERGE`"),
    };
    let what = match to {
        Some(ApplyTo::RouteConfiguration) => "`ROUTE_CONFIGURATION`",
        Some(ApplyTo::HttpRoute) => "`HTTP_ROUTE`",
        _ => "what it is applied to",
    };
    let message =
        format!("configPatches[{index}]: Istio ignores `{word}` of {what}: the patch has no effect");
    object.finding(&REFUSED_OPERATION, operation.span, message).alias(alias).help(help)
}
