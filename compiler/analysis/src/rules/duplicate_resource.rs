//! Two resources of one kind, namespace and name.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Object;
use meshc_source::Span;

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds resources that stand twice in the tree: the same kind, namespace and name.
    ///
    /// ## What happens to traffic
    /// A cluster keeps one: whichever is applied last replaces the other, so that the order of files decides.
    ///
    /// ## Example
    /// A file and a copy of it with another name in the same directory.
    ///
    /// ## Use instead
    /// One of them.
    pub DUPLICATE_RESOURCE = "MC1010", "duplicate-resource", Error, Mesh,
    "Two resources of one kind, namespace and name",
    []
}

/// All objects of all kinds.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let all = context.resources;
    doubles(&all.namespaces, found);
    doubles(&all.service_accounts, found);
    doubles(&all.services, found);
    doubles(&all.endpoint_slices, found);
    doubles(&all.pods, found);
    doubles(&all.workloads, found);
    doubles(&all.virtual_services, found);
    doubles(&all.destination_rules, found);
    doubles(&all.gateways, found);
    doubles(&all.service_entries, found);
}

fn doubles<T>(objects: &[Object<T>], found: &mut Vec<Diagnostic>) {
    let mut first: BTreeMap<_, Span> = BTreeMap::new();
    for object in objects {
        let id = object.id();
        let Some(&earlier) = first.get(&id) else {
            first.insert(id, object.name_span());
            continue;
        };
        let message =
            format!("{id} stands here for the second time: whichever is applied last replaces the other");
        found.push(
            object
                .finding(&DUPLICATE_RESOURCE, object.name_span(), message)
                .label(earlier, "the first one")
                .help("keep one of them, or give one another name"),
        );
    }
}
