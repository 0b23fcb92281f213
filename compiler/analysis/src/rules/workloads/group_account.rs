//! A service account of a WorkloadGroup that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_settings::ways_out;

use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds WorkloadGroups whose `template.serviceAccount` no ServiceAccount of the namespace is.
    ///
    /// ## What happens to traffic
    /// Machines cannot register: istiod gives no certificate to an account that is not there.
    ///
    /// ## Example
    /// ```yaml
    /// template: {serviceAccount: databse}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// template: {serviceAccount: database}
    /// ```
    ///
    /// ## Covers
    /// KIA1701. An info in a namespace of which the tree holds no pod.
    pub GROUP_ACCOUNT = "MC1123", "group-account", Warning, Mesh,
    "A service account of a WorkloadGroup that does not exist",
    ["KIA1701"]
}

/// Every WorkloadGroup.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.workload_groups {
        let template = object.spec.template.as_ref();
        let Some(account) = template.and_then(|t| t.service_account.as_ref()).filter(|a| !a.is_empty())
        else {
            continue;
        };
        let of_namespace = || {
            let all = context.resources.service_accounts.iter();
            all.filter(|a| a.namespace() == object.namespace()).map(|a| a.metadata.name())
        };
        if account.value == "default" || of_namespace().any(|name| name == account.value) {
            continue;
        }
        let missing = Missing::ServiceAccount(object.namespace(), account);
        let Some(severity) = missing.severity(context, GROUP_ACCOUNT.severity) else { continue };
        let message = format!(
            "there is no ServiceAccount `{}` in namespace `{}`: machines of this group cannot register",
            account.value,
            object.namespace()
        );
        let finding =
            object.finding(&GROUP_ACCOUNT, account.span, message).severity(severity).alias("KIA1701");
        found.push(context.suggest(
            finding,
            account.span,
            account,
            of_namespace(),
            format!("declare the ServiceAccount; {}", ways_out("serviceAccounts")),
        ));
    }
}
