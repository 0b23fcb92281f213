//! A patch whose effect depends on what stands beside it.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_resources::istio::{EnvoyFilter, PatchOperation};
use meshc_syntax::de::Spanned;

declare_rule! {
    /// ## What it does
    /// Finds patches of EnvoyFilters that stand relative to another filter (`INSERT_BEFORE`, `INSERT_AFTER`, `REPLACE`,
    /// `REMOVE`) in an EnvoyFilter without a `priority`.
    ///
    /// ## What happens to traffic
    /// EnvoyFilters without a priority are applied in the order of their age: when one that this one relies on is created
    /// anew, this patch finds nothing and is left out in silence. With `proxyVersion` the same happens during an upgrade.
    ///
    /// ## Example
    /// ```yaml
    /// spec:
    ///   configPatches:
    ///     - applyTo: HTTP_FILTER
    ///       patch: {operation: INSERT_BEFORE, value: {…}}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// spec:
    ///   priority: 10
    ///   configPatches:
    ///     - applyTo: HTTP_FILTER
    ///       patch: {operation: INSERT_BEFORE, value: {…}}
    /// ```
    ///
    /// ## Covers
    /// IST0151, and IST0155 where another patch of the same filter has a `proxyVersion`.
    pub ORDER_OF_PATCHES = "MC1601", "order-of-patches", Warning, Mesh,
    "A patch whose effect depends on what stands beside it",
    ["IST0151", "IST0155"]
}

/// The finding.
pub(super) fn finding(
    object: &Object<EnvoyFilter>,
    index: usize,
    operation: &Spanned<PatchOperation>,
    upgraded: bool,
) -> Diagnostic {
    let (more, alias) = if upgraded {
        (" or a proxy is upgraded, as another patch of this filter is for some versions only", "IST0155")
    } else {
        ("", "IST0151")
    };
    let message = format!(
        "configPatches[{index}] stands relative to another filter and the EnvoyFilter has no priority: it is left out in \
         silence when the others are created anew{more}"
    );
    object
        .finding(&ORDER_OF_PATCHES, operation.span, message)
        .alias(alias)
        .help("set `priority`, or use `INSERT_FIRST` or `ADD`")
}
