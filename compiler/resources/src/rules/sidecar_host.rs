//! Hosts of Sidecars that Istio refuses, or that stand there twice.

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};

use crate::Object;
use crate::istio::Sidecar;
use crate::names;

declare_rule! {
    /// ## What it does
    /// Finds hosts of a Sidecar's egress listeners that are not of the form `NAMESPACE/HOST`, and (as a warning) hosts
    /// that another of the listener includes already.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses a Sidecar with a malformed host; nothing of it takes effect. A host that stands there
    /// twice changes nothing.
    ///
    /// ## Example
    /// ```yaml
    /// egress:
    ///   - hosts: [reviews]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// egress:
    ///   - hosts: ["./reviews.shop.svc.cluster.local"]
    /// ```
    ///
    /// ## Covers
    /// KIA1003
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub SIDECAR_HOST = "MC0461", "sidecar-host", Error, Document,
    "A host of a Sidecar that Istio refuses",
    ["KIA1003", "IST0106", "IST0133"]
}

/// `NAMESPACE/HOST`, each once.
pub(crate) fn check(object: &Object<Sidecar>, found: &mut Vec<Diagnostic>) {
    for listener in &object.spec.egress {
        if listener.hosts.is_empty() {
            let message = "an egress listener needs a host: Istio refuses the Sidecar";
            found.push(object.finding(&SIDECAR_HOST, listener.span, message));
        }
        let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for host in &listener.hosts {
            if let Some(why) = names::namespaced_host(host) {
                let message = format!("`{}`: {why}: Istio refuses the Sidecar", host.value);
                let finding = object.finding(&SIDECAR_HOST, host.span, message);
                let finding = finding.alias("KIA1003");
                let short = !host.contains(['/', '.', '*']) && names::is_label(host);
                found.push(if short {
                    finding.help(format!(
                        "for the service of this namespace write `./{}.{}.svc.cluster.local`",
                        host.value,
                        object.namespace()
                    ))
                } else {
                    finding
                });
            }
            let Some((namespace, name)) = host.split_once('/').filter(|_| !host.starts_with('~')) else {
                continue;
            };
            let namespace = if namespace == "." { object.namespace() } else { namespace };
            let of_namespace = seen.entry(namespace).or_default();
            let twice = match name {
                "*" => !of_namespace.is_empty(),
                _ => of_namespace.contains(name) || of_namespace.contains("*"),
            };
            if twice {
                let message = format!("`{}` overlaps with another host of this listener", host.value);
                found.push(object.finding(&SIDECAR_HOST, host.span, message).severity(Severity::Warning));
            }
            of_namespace.insert(name);
        }
        let everything = seen.get("*").is_some_and(|names| names.contains("*"));
        if everything && seen.len() > 1 {
            let message = "`*/*` includes everything: the other hosts of this listener change nothing";
            let span = listener.hosts.first().map_or(listener.span, |host| host.span);
            found.push(object.finding(&SIDECAR_HOST, span, message).severity(Severity::Warning));
        }
    }
}
