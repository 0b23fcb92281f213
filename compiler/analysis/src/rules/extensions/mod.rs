//! Rules about what extends Istio or stands beside it: EnvoyFilters, telemetry, webhooks, definitions (`MC160x`).

mod filters;
mod negative_condition;
mod old_definition;
mod open_keys;
mod order_of_patches;
mod overlapping_webhooks;
mod refused_operation;
mod telemetry_provider;
mod unaddressed_gateway;
mod unknown_registry;
mod webhook_address;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;
use super::workloads::webhooks::Webhooks;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &order_of_patches::ORDER_OF_PATCHES,
    &refused_operation::REFUSED_OPERATION,
    &telemetry_provider::TELEMETRY_PROVIDER,
    &unknown_registry::UNKNOWN_REGISTRY,
    &unaddressed_gateway::UNADDRESSED_GATEWAY,
    &overlapping_webhooks::OVERLAPPING_WEBHOOKS,
    &webhook_address::WEBHOOK_ADDRESS,
    &old_definition::OLD_DEFINITION,
    &open_keys::OPEN_KEYS,
    &negative_condition::NEGATIVE_CONDITION,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    filters::check(context, found);
    telemetry_provider::check(context, found);
    unknown_registry::check(context, found);
    unaddressed_gateway::check(context, found);
    overlapping_webhooks::check(context, &Webhooks::new(context.resources), found);
    webhook_address::check(context, found);
    old_definition::check(context, found);
    open_keys::check(context, found);
    negative_condition::check(context, found);
}
