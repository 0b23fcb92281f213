//! Rules about what extends Istio or stands beside it: EnvoyFilters, telemetry, webhooks, definitions (`MC160x`).

mod filters;
mod order_of_patches;
mod refused_operation;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] =
    &[&order_of_patches::ORDER_OF_PATCHES, &refused_operation::REFUSED_OPERATION];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    filters::check(context, found);
}
