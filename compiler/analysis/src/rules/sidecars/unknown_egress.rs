//! A host in a Sidecar's egress that nothing declares.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::hostname::{is_covered, is_wildcard, qualify};
use meshc_mesh::{Absence, ROOT_NAMESPACE};
use meshc_resources::Object;
use meshc_resources::istio::Sidecar;
use meshc_settings::ways_out;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds hosts in `egress[].hosts` of Sidecars (`NAMESPACE/HOST`) that no Service and no ServiceEntry of that namespace
    /// declares, or that the Sidecar's namespace does not see.
    ///
    /// ## What happens to traffic
    /// The sidecar does not know the host that was meant: requests to it go wherever unknown hosts go.
    ///
    /// ## Example
    /// ```yaml
    /// egress:
    ///   - hosts: ["./reviws.shop.svc.cluster.local"]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// egress:
    ///   - hosts: ["./reviews.shop.svc.cluster.local"]
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the nearest host that exists; check that it is the one that was meant.
    ///
    /// ## Covers
    /// KIA1004. Kiali passes over the namespace before the slash; Istio does not.
    pub UNKNOWN_EGRESS = "MC1420", "unknown-egress", Warning, Mesh,
    "A host in a Sidecar's egress that nothing declares",
    ["KIA1004"]
}

/// Every host of every Sidecar.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.sidecars {
        for (number, egress) in object.spec.egress.iter().enumerate() {
            for (index, written) in egress.hosts.iter().enumerate() {
                let Some((of, host)) = written.split_once('/') else { continue };
                if host == "*" && !matches!(of, "*" | "." | "~") && !context.has_namespace(of) {
                    of_namespace(context, object, written, of, found);
                }
                if host == "*" || of == "~" {
                    continue;
                }
                let namespace = if of == "." { object.namespace() } else { of };
                let full = qualify(host, namespace);
                let fits = |service: &&std::sync::Arc<meshc_mesh::Service>| {
                    (of == "*" || service.namespace() == namespace)
                        && service.is_visible_to(object.namespace())
                        && (service.hostname == full
                            || (is_wildcard(&full) && is_covered(&service.hostname, &full))
                            || (is_wildcard(&service.hostname) && is_covered(&full, &service.hostname)))
                };
                let known = if of == "*" {
                    context.mesh.services.iter().any(|service| fits(&service))
                } else {
                    context.services_of(namespace).any(|service| fits(&service))
                };
                let absence = context.mesh.absence(&full);
                if known || absence == Absence::Elsewhere || context.mesh.external.has_namespace(namespace) {
                    continue;
                }
                let message = format!(
                    "egress[{number}].hosts[{index}]: nothing that namespace `{}` sees in {} declares `{host}`: the sidecars \
                     do not know it",
                    object.namespace(),
                    if of == "*" { "any namespace".to_owned() } else { format!("namespace `{namespace}`") }
                );
                let finding = object.finding(&UNKNOWN_EGRESS, written.span, message).alias("KIA1004");
                let names: Vec<String> = context
                    .services_of(namespace)
                    .filter(|service| service.is_visible_to(object.namespace()))
                    .map(|service| format!("{of}/{}", service.hostname))
                    .collect();
                let otherwise = format!("declare the host; {}", ways_out("services"));
                let unseen = matches!(absence, Absence::Unseen { .. });
                let finding = context.suggest(
                    finding,
                    written.span,
                    written,
                    names.iter().map(String::as_str),
                    otherwise,
                );
                found.push(if unseen { finding.severity(Severity::Info) } else { finding });
            }
        }
    }
}

/// All hosts of a namespace that nothing shows.
fn of_namespace(
    context: &Context<'_>,
    object: &Object<Sidecar>,
    written: &Spanned<String>,
    namespace: &str,
    found: &mut Vec<Diagnostic>,
) {
    let Some(severity) = Missing::Namespace(namespace).severity(context, Severity::Warning) else { return };
    let message = format!("nothing in this tree shows a namespace `{namespace}`: no host is let in by this");
    let finding = object.finding(&UNKNOWN_EGRESS, written.span, message).severity(severity);
    found.push(match context.nearest(namespace, context.namespaces().chain([ROOT_NAMESPACE])) {
        Some(near) => finding.help(format!("did you mean `{near}/*`?")),
        None => finding.help(format!("declare it; {}", ways_out("namespaces"))),
    });
}
