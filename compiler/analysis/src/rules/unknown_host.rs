//! A host that nothing declares.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::hostname::qualify;
use meshc_mesh::{Absence, ExportTo, Mesh};
use meshc_resources::Resources;
use meshc_settings::ways_out;

use super::context::{Context, Found};
use super::destinations;

declare_rule! {
    /// ## What it does
    /// Finds destinations and mirrors of VirtualServices, and hosts of DestinationRules, that no Service and no
    /// ServiceEntry of the tree declares, or that the namespace does not see. A name without a dot is a service of the
    /// resource's own namespace; any other name is taken as it is. Hosts that `external.services` of `meshc.yaml` names
    /// live elsewhere; those of a namespace of which the tree holds no Service may, and are only worth knowing.
    ///
    /// ## What happens to traffic
    /// Requests that a route sends there get 503; copies of a mirror are lost; a DestinationRule does nothing.
    ///
    /// ## Example
    /// ```yaml
    /// route:
    ///   - destination: {host: reviws}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// route:
    ///   - destination: {host: reviews}
    /// ```
    ///
    /// ## Fix safety
    /// The fix writes the one name that is spelt nearly so; where there are several there is no fix.
    ///
    /// ## Covers
    /// IST0101 and KIA1101 (VirtualService), IST0174 and KIA0202 (DestinationRule).
    pub UNKNOWN_HOST = "MC1001", "unknown-host", Error, Mesh,
    "A host that nothing declares",
    ["IST0101", "IST0174", "KIA0202", "KIA1101"]
}

/// Every destination, every mirror, every DestinationRule.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for place in &context.destinations {
        let Some(host) = place.host() else { continue };
        let namespace = place.object.namespace();
        let export_to = ExportTo::new(place.object.spec.export_to.iter().map(|entry| entry.value.clone()));
        let named: Vec<&str> = export_to.named(namespace).collect();
        let seers = if named.is_empty() { vec![namespace] } else { named };
        let meant = context.find_for(host, namespace, &seers);
        let full = qualify(host, namespace);
        let absence = context.mesh.absence(&full);
        let Some(why) = why(&meant, &absence, host, &full, namespace) else { continue };
        let message = format!("{}: {why}: {}", place.path, place.loss());
        let mut finding = place.object.finding(&UNKNOWN_HOST, host.span, message);
        if !matches!(meant, Found::Wildcard(_)) {
            finding = finding.alias("IST0101");
            finding = if place.mirror { finding } else { finding.alias("KIA1101") };
        }
        let subset = place.destination.subset.as_ref().map(|subset| subset.value.as_str());
        found.push(with_help(finding, &meant, &absence, context, host, namespace, subset));
    }
    for object in &context.resources.destination_rules {
        let Some(host) = object.spec.host.as_ref().filter(|host| !host.is_empty()) else { continue };
        let meant = context.find(host, object.namespace());
        let full = qualify(host, object.namespace());
        let absence = context.mesh.absence(&full);
        let Some(why) = why(&meant, &absence, host, &full, object.namespace()) else { continue };
        if matches!(meant, Found::Wildcard(_)) {
            continue;
        }
        let message = format!("{why}: the DestinationRule does nothing");
        let finding = object.finding(&UNKNOWN_HOST, host.span, message).alias("IST0174").alias("KIA0202");
        found.push(with_help(finding, &meant, &absence, context, host, object.namespace(), None));
    }
}

/// The namespaces that hosts are in and of which the tree has no Service: they are taken to live elsewhere.
pub fn unseen_namespaces(resources: &Resources, mesh: &Mesh) -> BTreeSet<String> {
    let destinations = destinations::all(&resources.virtual_services);
    let routed = destinations.iter().filter_map(|place| Some((place.host()?, place.object.namespace())));
    let ruled = resources.destination_rules.iter();
    let ruled = ruled.filter_map(|object| Some((object.spec.host.as_ref()?, object.namespace())));
    let mut found = BTreeSet::new();
    for (host, namespace) in routed.chain(ruled) {
        if let Absence::Unseen { namespace } = mesh.absence(&qualify(host, namespace)) {
            found.insert(namespace.to_owned());
        }
    }
    found
}

/// Why a host is none.
fn why(meant: &Found<'_>, absence: &Absence<'_>, host: &str, full: &str, namespace: &str) -> Option<String> {
    let named = if full == host { format!("`{host}`") } else { format!("`{host}` (`{full}`)") };
    match meant {
        Found::Services(_) => None,
        Found::NotExported(service) => Some(format!(
            "{} declares host {named} but does not export it to {}",
            service.meta,
            if service.is_visible_to(namespace) {
                "those that follow this".to_owned()
            } else {
                format!("namespace `{namespace}`")
            }
        )),
        Found::Wildcard(service) => Some(format!(
            "only the wildcard `{}` of {} covers host {named}, which is no destination of its own",
            service.hostname, service.meta
        )),
        Found::Nothing => match absence {
            Absence::Elsewhere => None,
            Absence::Unseen { namespace } => Some(format!(
                "this tree has no Service of namespace `{namespace}`, which may live elsewhere; unless host {named} is declared there"
            )),
            Absence::Missing => {
                Some(format!("no Service and no ServiceEntry of this tree declares host {named}"))
            }
        },
    }
}

fn with_help(
    finding: Diagnostic,
    meant: &Found<'_>,
    absence: &Absence<'_>,
    context: &Context<'_>,
    host: &meshc_syntax::de::Spanned<String>,
    namespace: &str,
    subset: Option<&str>,
) -> Diagnostic {
    match meant {
        Found::NotExported(service) => finding
            .help(if service.is_visible_to(namespace) {
                "export it to the namespaces that the VirtualService is exported to".to_owned()
            } else {
                format!("add `{namespace}` to its `exportTo`")
            })
            .label(service.meta.span, "declared here, not exported"),
        Found::Wildcard(service) => {
            finding.label(service.meta.span, "the wildcard").help("declare the host in a ServiceEntry")
        }
        _ => {
            if matches!(absence, Absence::Unseen { .. }) {
                let mut finding = finding.severity(Severity::Info).help(ways_out("services"));
                // The originals see the whole cluster, where the host most probably is. Istio asks for the subset by itself.
                let nowhere = subset.is_some_and(|subset| {
                    !subset.is_empty() && !context.declares_subset(&qualify(host, namespace), subset)
                });
                finding.aliases.retain(|alias| match *alias {
                    "IST0101" => nowhere,
                    "KIA1101" => false,
                    _ => true,
                });
                return finding;
            }
            match context.meant(host, namespace) {
                Some((meant, certain)) => {
                    let finding = finding.help(format!("did you mean `{meant}`?"));
                    if certain {
                        finding.replace(format!("Replace with `{meant}`"), host.span, meant)
                    } else {
                        finding
                    }
                }
                None => {
                    finding.help(format!("declare it in a Service or ServiceEntry; {}", ways_out("services")))
                }
            }
        }
    }
}
