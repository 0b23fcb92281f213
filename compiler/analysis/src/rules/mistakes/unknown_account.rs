//! A workload that runs as a service account that does not exist.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_settings::ways_out;
use meshc_syntax::suggest::{nearest, sole};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds workloads whose `serviceAccountName` no ServiceAccount of their namespace is, in namespaces of which the tree
    /// holds ServiceAccounts. The account `default` is always there.
    ///
    /// ## What happens to traffic
    /// Kubernetes creates no pod: the workload's services have no endpoint, requests get 503.
    ///
    /// ## Example
    /// ```yaml
    /// serviceAccountName: reveiws
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// serviceAccountName: reviews
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the one account that is spelt nearly so; where there are several there is no fix.
    pub UNKNOWN_ACCOUNT = "MC1701", "unknown-account", Warning, Mesh,
    "A workload that runs as a service account that does not exist",
    []
}

/// Every workload.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let accounts: BTreeSet<(&str, &str)> = context
        .resources
        .service_accounts
        .iter()
        .map(|account| (account.namespace(), account.name()))
        .collect();
    for workload in &context.resources.workloads {
        let spec = workload.spec.template.as_ref().and_then(|template| template.spec.as_ref());
        let Some(written) = spec.and_then(|spec| spec.service_account_name.as_ref()) else { continue };
        let (name, namespace) = (written.value.as_str(), workload.namespace());
        let here = || accounts.iter().filter(|(of, _)| *of == namespace).map(|(_, name)| *name);
        if matches!(name, "" | "default")
            || accounts.contains(&(namespace, name))
            || here().next().is_none()
            || context.mesh.external.has_service_account(namespace, name)
        {
            continue;
        }
        let message = format!(
            "no ServiceAccount `{name}` of this tree is in namespace `{namespace}`: Kubernetes creates no pod of the {}",
            workload.kind
        );
        let finding = workload.finding(&UNKNOWN_ACCOUNT, written.span, message);
        let finding = match nearest(name, here()) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help(format!("declare it; {}", ways_out("serviceAccounts"))),
        };
        found.push(match sole(name, here()) {
            Some(meant) => finding.replace(format!("Replace with `{meant}`"), written.span, meant),
            None => finding,
        });
    }
}
