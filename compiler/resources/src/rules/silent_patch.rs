//! What a patch may say and this version of Istio does not read.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{ApplyTo, ConfigPatch, EnvoyFilter, FilterClass};

declare_rule! {
    /// ## What it does
    /// Finds patches of the bootstrap (`applyTo: BOOTSTRAP`) and patches with a `filterClass`, which Istio's API has and its
    /// control plane no longer reads.
    ///
    /// ## What happens to traffic
    /// Nothing: the patch of the bootstrap is left out in silence, and a filter with a class stands where the operation
    /// alone puts it.
    ///
    /// ## Example
    /// ```yaml
    /// - applyTo: BOOTSTRAP
    ///   patch: {operation: MERGE, value: {stats_flush_interval: 5s}}
    /// ```
    ///
    /// ## Use instead
    /// The annotation `sidecar.istio.io/bootstrapOverride` for the bootstrap; `INSERT_BEFORE` or `INSERT_AFTER` a filter by
    /// name for a class.
    pub SILENT_PATCH = "MC0482", "silent-patch", Warning, Document,
    "A part of a patch that Istio does not read",
    []
}

/// One patch.
pub(super) fn check(object: &Object<EnvoyFilter>, patch: &ConfigPatch, found: &mut Vec<Diagnostic>) {
    if let Some(to) = patch.apply_to.as_ref().filter(|to| to.value == ApplyTo::Bootstrap) {
        let message = "Istio does not patch the bootstrap any more: this patch has no effect";
        found.push(
            object
                .finding(&SILENT_PATCH, to.span, message)
                .help("the annotation `sidecar.istio.io/bootstrapOverride` changes the bootstrap of a pod"),
        );
    }
    let class = patch.patch.as_ref().and_then(|patch| patch.filter_class.as_ref());
    if let Some(class) = class.filter(|class| class.value != FilterClass::Unspecified) {
        let message = "Istio does not read `filterClass`: the filter stands where the operation puts it";
        found.push(
            object
                .finding(&SILENT_PATCH, class.span, message)
                .help("say where by `INSERT_BEFORE` or `INSERT_AFTER` and a filter's name"),
        );
    }
}
