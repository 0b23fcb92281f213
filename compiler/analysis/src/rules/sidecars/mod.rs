//! Rules about Sidecar resources (`MC142x`).

mod ambient_sidecar;
mod empty_mode;
mod left_out_routes;
mod root_selector;
mod unknown_egress;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &unknown_egress::UNKNOWN_EGRESS,
    &left_out_routes::LEFT_OUT_ROUTES,
    &root_selector::ROOT_SELECTOR,
    &empty_mode::EMPTY_MODE,
    &ambient_sidecar::AMBIENT_SIDECAR,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    unknown_egress::check(context, found);
    left_out_routes::check(context, found);
    root_selector::check(context, found);
    empty_mode::check(context, found);
    ambient_sidecar::check(context, found);
}
