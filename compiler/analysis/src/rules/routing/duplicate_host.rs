//! A host for which several VirtualServices have routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::hostname::{MESH_GATEWAY, is_wildcard, overlaps};
use meshc_mesh::{ExportTo, VirtualService};
use meshc_resources::istio::HttpMatch;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds hosts for which several VirtualServices that one proxy sees have routes. For sidecars it is an error at each
    /// VirtualService that is not followed, and an info at the one that is. At a gateway VirtualServices are merged: it is
    /// a warning where two of them have a route for every request, and an info otherwise.
    ///
    /// ## What happens to traffic
    /// Sidecars follow one VirtualService for a host and none of the others: one that is exported to named namespaces
    /// before one for all, then the oldest (by `creationTimestamp`, then by name and namespace). Gateways try the routes
    /// of the oldest first; of several routes for every request only the first is ever taken.
    ///
    /// ## Example
    /// Two VirtualServices with `hosts: [reviews]` in one namespace.
    ///
    /// ## Use instead
    /// One VirtualService with the routes of both, in the order in which they are to be tried.
    ///
    /// ## Covers
    /// IST0109 (sidecars) and KIA1106 (sidecars and gateways). `istioctl` also takes a host that is exported to some
    /// namespaces and a wildcard around it that is exported to all for a conflict; the closest host wins, so that this is
    /// an info.
    pub DUPLICATE_HOST = "MC1301", "duplicate-host", Error, Mesh,
    "A host for which several VirtualServices have routes",
    ["IST0109", "KIA1106"]
}

type Group<'a> = Vec<(&'a Arc<VirtualService>, &'a Spanned<String>)>;

/// Every host of every gateway, `mesh` included.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut groups: BTreeMap<(&str, String), Group<'_>> = BTreeMap::new();
    for by in &context.mesh.virtual_services {
        for gateway in &by.gateways {
            for host in &by.hosts {
                let group = groups.entry((gateway, host.to_ascii_lowercase())).or_default();
                if group.last().is_none_or(|(last, _)| last.meta != by.meta) {
                    group.push((by, host));
                }
            }
        }
    }
    for ((gateway, host), group) in groups.into_iter().filter(|(_, group)| group.len() > 1) {
        if gateway == MESH_GATEWAY {
            of_sidecars(&host, group, found);
        } else {
            of_gateway(gateway, &host, &group, found);
        }
    }
    around(context, found);
}

/// Hosts that are exported to some namespaces, beside a wildcard around or within them that is exported to all.
fn around(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let of_mesh = || context.mesh.virtual_services.iter().filter(|by| by.is_for_mesh());
    let hosts = |by: &'_ Arc<VirtualService>| by.hosts.clone();
    let public: Vec<_> = of_mesh()
        .filter(|by| by.export_to.is_public())
        .flat_map(|by| hosts(by).into_iter().map(move |h| (by, h)))
        .collect();
    let wild: Vec<_> = public.iter().filter(|(_, host)| is_wildcard(host)).collect();
    for by in of_mesh().filter(|by| !by.export_to.is_public() && !by.export_to.is_none()) {
        for host in &by.hosts {
            let meets = |(other, around): &&(&Arc<VirtualService>, Spanned<String>)| {
                other.meta != by.meta && !around.eq_ignore_ascii_case(host) && overlaps(around, host)
            };
            let other = wild.iter().copied().find(meets).or_else(|| {
                // A wildcard asks all hosts; any other host only the wildcards.
                if is_wildcard(host) { public.iter().find(meets) } else { None }
            });
            let Some((other, around)) = other else { continue };
            for (own, written, of, beside) in [(by, host, *other, around), (*other, around, by, host)] {
                let message = format!(
                    "`{}` of {} overlaps with `{}`: callers that see both follow the closer host alone",
                    beside.value, of.meta, written.value
                );
                found.push(
                    super::finding(&DUPLICATE_HOST, &own.meta, written.span, message)
                        .severity(Severity::Info)
                        .label(beside.span, "overlaps with this")
                        .alias("IST0109"),
                );
            }
        }
    }
}

fn of_sidecars(host: &str, mut group: Group<'_>, found: &mut Vec<Diagnostic>) {
    // The order of discovery is kept among those that are exported alike.
    group.sort_by_key(|(by, _)| by.export_to.is_public());
    for (place, (by, written)) in group.iter().enumerate() {
        let meets = |(other, _): &&(&Arc<VirtualService>, &Spanned<String>)| seen_together(by, other);
        let before = group.iter().take(place).find(meets);
        let after = group.iter().skip(place + 1).find(meets);
        let Some((other, of_other)) = before.or(after) else { continue };
        let finding = if before.is_some() {
            let message = format!(
                "{} has routes for `{host}` already: sidecars follow that one and not this",
                other.meta
            );
            super::finding(&DUPLICATE_HOST, &by.meta, written.span, message)
                .label(of_other.span, "followed")
                .help("put the routes of both into one VirtualService")
        } else {
            let message =
                format!("{} has routes for `{host}` too: sidecars follow this one and not that", other.meta);
            super::finding(&DUPLICATE_HOST, &by.meta, written.span, message)
                .severity(Severity::Info)
                .label(of_other.span, "not followed")
        };
        found.push(finding.alias("IST0109").alias("KIA1106"));
    }
}

fn of_gateway(gateway: &str, host: &str, group: &Group<'_>, found: &mut Vec<Diagnostic>) {
    for (place, (by, written)) in group.iter().enumerate() {
        let others = group.iter().enumerate().filter(|(other, _)| *other != place);
        let mut met = others.filter(|(_, (other, _))| seen_together(by, other));
        let Some((at, (other, of_other))) = met.next() else { continue };
        let both_take_all = at < place && takes_all(by) && takes_all(other);
        let (message, severity) = if both_take_all {
            (
                format!(
                    "{} has a route for every request to `{host}` at gateway `{gateway}` already: the one here is never \
                     taken there",
                    other.meta
                ),
                Severity::Warning,
            )
        } else {
            let (first, second) = if at < place { (other, by) } else { (by, other) };
            (
                format!(
                    "gateway `{gateway}` merges the routes for `{host}` of {} and {}: those of the first are tried first",
                    first.meta, second.meta
                ),
                Severity::Info,
            )
        };
        found.push(
            super::finding(&DUPLICATE_HOST, &by.meta, written.span, message)
                .severity(severity)
                .label(of_other.span, "the other")
                .help("put the routes of both into one VirtualService, so that their order can be read")
                .alias("KIA1106"),
        );
    }
}

/// Whether some namespace sees both.
pub(in crate::rules) fn seen_together(one: &VirtualService, other: &VirtualService) -> bool {
    let sees = |a: &VirtualService, b: &VirtualService| {
        let mut named = a.export_to.named(&a.meta.namespace);
        named.any(|namespace| b.export_to.allows(&b.meta.namespace, namespace))
    };
    let public = |export_to: &ExportTo| export_to.is_public();
    let nobody = one.export_to.is_none() || other.export_to.is_none();
    !nobody && ((public(&one.export_to) && public(&other.export_to)) || sees(one, other) || sees(other, one))
}

/// Whether one of its routes takes every request.
fn takes_all(by: &VirtualService) -> bool {
    let any = |condition: &HttpMatch| {
        let root = condition
            .uri
            .as_ref()
            .is_none_or(|uri| uri.prefix.as_ref().is_some_and(|prefix| prefix.value == "/"));
        root && HttpMatch { uri: None, name: None, gateways: Vec::new(), ..condition.clone() }
            == HttpMatch::default()
    };
    by.http.iter().any(|rule| {
        rule.route.matches.is_empty() || rule.route.matches.iter().any(|condition| any(&condition.value))
    })
}
