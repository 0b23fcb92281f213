//! Rules about slips that no tool of Istio or Kubernetes tells (`MC17xx`).

mod injection_value;
mod policy_path;
mod policy_port;
mod unknown_account;

use meshc_diagnostics::{Diagnostic, Rule};

use super::context::Context;

/// By code.
pub(super) const RULES: &[&Rule] = &[
    &unknown_account::UNKNOWN_ACCOUNT,
    &injection_value::INJECTION_VALUE,
    &policy_path::POLICY_PATH,
    &policy_port::POLICY_PORT,
];

/// All of them.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    unknown_account::check(context, found);
    injection_value::check(context, found);
    policy_path::check(context, found);
    policy_port::check(context, found);
}
