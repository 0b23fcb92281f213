//! A gateway's route that goes round the routes of the mesh.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::{MESH_GATEWAY, qualify};
use meshc_source::Span;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds routes of gateways to a host without a subset, where another VirtualService for that host sends the requests
    /// of sidecars to subsets.
    ///
    /// ## What happens to traffic
    /// Requests that come in through the gateway go to all versions of the host: a gateway follows its own VirtualServices
    /// only, and not those of the mesh.
    ///
    /// ## Example
    /// A VirtualService `edge` with a gateway and `destination: {host: reviews}`, and one for `hosts: [reviews]` with
    /// `destination: {host: reviews, subset: v1}`.
    ///
    /// ## Use instead
    /// The subset in the gateway's route too.
    ///
    /// ## Covers
    /// IST0140, which compares hosts as text; here short and full names are the same. Istio's own samples do this on
    /// purpose, hence an info.
    pub UNFOLLOWED_ROUTES = "MC1408", "unfollowed-routes", Info, Mesh,
    "A gateway's route that goes round the routes of the mesh",
    ["IST0140"]
}

/// Every route of a VirtualService with gateways.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut with_subset: BTreeMap<String, (Span, String, bool)> = BTreeMap::new();
    for place in &context.destinations {
        let (Some(host), Some(subset)) = (place.host(), &place.destination.subset) else { continue };
        let object = place.object;
        let full = qualify(host, object.namespace());
        let of_host = object.spec.hosts.iter().find(|own| qualify(own, object.namespace()) == full);
        if let Some(own) = of_host.filter(|_| !place.mirror && !subset.is_empty()) {
            let as_text = own.value == host.value;
            with_subset
                .entry(full)
                .or_insert_with(|| (place.destination.span, object.id().to_string(), as_text));
        }
    }
    for place in &context.destinations {
        let gateways = &place.object.spec.gateways;
        let Some(host) = place.host() else { continue };
        if gateways.is_empty()
            || gateways.iter().all(|gateway| gateway.value == MESH_GATEWAY)
            || place.mirror
            || place.destination.subset.as_ref().is_some_and(|subset| !subset.is_empty())
        {
            continue;
        }
        let full = qualify(host, place.object.namespace());
        let Some((span, of, as_text)) = with_subset.get(&full) else { continue };
        let message = format!(
            "{}: {of} sends the requests of sidecars to subsets of `{}`; a gateway does not follow it: those that come in \
             here go to all versions",
            place.path, host.value
        );
        let finding = place
            .object
            .finding(&UNFOLLOWED_ROUTES, place.span(), message)
            .label(*span, "followed by sidecars only")
            .help("add the subset here too, if the requests that come in are to be routed alike");
        found.push(if *as_text { finding.alias("IST0140") } else { finding });
    }
}
