//! Rules about what extends Istio or stands beside it: EnvoyFilters, telemetry, webhooks, definitions (`MC160x`).

mod filters;
mod order_of_patches;
mod refused_operation;
mod telemetry_provider;
mod unknown_registry;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &order_of_patches::ORDER_OF_PATCHES,
    &refused_operation::REFUSED_OPERATION,
    &telemetry_provider::TELEMETRY_PROVIDER,
    &unknown_registry::UNKNOWN_REGISTRY,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    filters::check(context, found);
    telemetry_provider::check(context, found);
    unknown_registry::check(context, found);
}
