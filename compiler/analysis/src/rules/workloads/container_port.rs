//! A Service's target port that no container of its workload declares.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::kubernetes::{ContainerPort, ServicePort};
use meshc_syntax::de::{IntOrString, Spanned};
use meshc_syntax::suggest::list;

use super::selecting::Selected;
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds ports of Services whose `targetPort` no container of the selected workload declares. A name that is not
    /// there is an error; a number is a warning, and only where the containers declare a port that no Service leads to;
    /// else an info: what containers declare is documentation to Kubernetes.
    ///
    /// ## What happens to traffic
    /// With a name nobody has, the Service has no endpoint on the port: requests get 503. With a number, connections are
    /// refused unless the application listens there all the same.
    ///
    /// ## Example
    /// ```yaml
    /// ports:
    ///   - {name: http, port: 80, targetPort: web}    # the container calls its port http
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// ports:
    ///   - {name: http, port: 80, targetPort: http}
    /// ```
    ///
    /// ## Covers
    /// KIA0701. Kiali compares the Service's selector with the labels of the Deployment itself; here with those of its
    /// pods. Where no container declares any port Kiali complains, and this rule does not.
    pub CONTAINER_PORT = "MC1117", "container-port", Warning, Mesh,
    "A Service's target port that no container of its workload declares",
    ["KIA0701"]
}

/// The Services of one workload.
pub(super) fn check(context: &Context<'_>, selected: &Selected<'_>, found: &mut Vec<Diagnostic>) {
    if selected.is_managed() {
        return;
    }
    let spec = selected.workload.spec.template.as_ref().and_then(|template| template.spec.as_ref());
    let ports: Vec<&Spanned<ContainerPort>> =
        spec.iter().flat_map(|spec| &spec.containers).flat_map(|container| &container.ports).collect();
    let names: BTreeSet<&str> =
        ports.iter().filter_map(|port| port.name.as_ref()).map(|name| name.value.as_str()).collect();
    let numbers: BTreeSet<u32> =
        ports.iter().filter_map(|port| port.container_port.as_ref()).map(|n| n.value).collect();
    // A port that the containers declare and no Service leads to is what was meant; else they do not declare all.
    let led_to: BTreeSet<u32> =
        selected.services.iter().flat_map(|service| &service.spec.ports).filter_map(target).collect();
    let doubtful = numbers.iter().all(|number| led_to.contains(number));
    let of_number = if doubtful { Severity::Info } else { Severity::Warning };
    for service in &selected.services {
        for port in &service.spec.ports {
            let own = port.port.as_ref();
            let target = port.target_port.as_ref();
            let (span, what, severity) = match target.map(|target| (&target.value, target.span)) {
                Some((IntOrString::String(name), span)) if !names.contains(name.as_str()) => {
                    (span, format!("`{name}`"), Severity::Error)
                }
                Some((IntOrString::String(_), _)) => continue,
                Some((IntOrString::Int(number), span)) if *number != 0 => {
                    if numbers.is_empty() || u32::try_from(*number).is_ok_and(|n| numbers.contains(&n)) {
                        continue;
                    }
                    (span, number.to_string(), of_number)
                }
                _ => match own {
                    Some(own) if !numbers.is_empty() && !numbers.contains(&own.value) => {
                        (own.span, own.value.to_string(), of_number)
                    }
                    _ => continue,
                },
            };
            let workload = selected.workload;
            let loss = if severity == Severity::Error {
                "the Service has no endpoint there, requests get 503"
            } else {
                "connections are refused unless it listens there all the same"
            };
            let message = format!(
                "no container of {} `{}` declares port {what}: {loss}",
                workload.kind,
                workload.name()
            );
            let mut known: Vec<String> = names.iter().map(ToString::to_string).collect();
            known.extend(numbers.iter().map(ToString::to_string));
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let mut finding = service
                .finding(&CONTAINER_PORT, span, message)
                .severity(severity)
                .alias("KIA0701")
                .label(workload.name_span(), "the workload");
            if !known.is_empty() {
                finding = finding.help(format!("its containers declare {}", list(&known)));
            }
            if severity == Severity::Error {
                let name = what.trim_matches('`');
                let otherwise = finding.help.take().unwrap_or_default();
                finding = context.suggest(finding, span, name, names.iter().copied(), otherwise);
            }
            found.push(finding);
        }
    }
}

/// The number of the pods' port that a Service's port leads to.
fn target(port: &Spanned<ServicePort>) -> Option<u32> {
    match port.target_port.as_ref().map(|target| &target.value) {
        Some(IntOrString::Int(number)) if *number != 0 => u32::try_from(*number).ok(),
        Some(IntOrString::String(_)) => None,
        _ => port.port.as_ref().map(|port| port.value),
    }
}
