//! DestinationRules for one host, and BackendTLSPolicies for one target.

use std::collections::{BTreeMap, BTreeSet};

use meshc_mesh::Meta;
use meshc_mesh::hostname::qualify;
use meshc_resources::Object;
use meshc_resources::gateway_api::BackendTlsPolicy;
use meshc_resources::istio::DestinationRule;

use super::contest::{Contest, pairs};
use crate::rules::context::Context;

type Rule<'a> = (Meta, &'a Object<DestinationRule>);

pub(super) fn find(context: &Context<'_>, found: &mut Vec<Contest>) {
    let mut by_host: BTreeMap<(&str, String), Vec<Rule<'_>>> = BTreeMap::new();
    for object in &context.resources.destination_rules {
        let host = object.spec.host.as_ref().map_or("", |host| host.value.as_str());
        let meta = Meta::new("DestinationRule", &object.metadata, object.span);
        let key = (object.namespace(), qualify(host, object.namespace()));
        by_host.entry(key).or_default().push((meta, object));
    }
    for ((namespace, host), mut rules) in by_host {
        if rules.len() < 2 {
            continue;
        }
        rules.sort_by(|(a, _), (b, _)| a.by_age(b));
        let meeting = format!("are for `{host}`");
        let meet = |a: &Rule<'_>, b: &Rule<'_>| {
            contend(context, namespace, a.1, b.1).then(|| Contest::new(&a.0, &b.0, &meeting))
        };
        pairs(&rules, meet, found);
    }
    backends(context, found);
}

/// Whether it matters which of two rules for one host is the older.
fn contend(
    context: &Context<'_>,
    namespace: &str,
    a: &Object<DestinationRule>,
    b: &Object<DestinationRule>,
) -> bool {
    match (&a.spec.workload_selector, &b.spec.workload_selector) {
        (None, None) => {}
        // One that selects callers comes before those for all.
        (Some(_), None) | (None, Some(_)) => return false,
        (Some(of_a), Some(of_b)) => {
            return a.spec != b.spec
                && context.pods.met(Some(namespace), &of_a.match_labels, &of_b.match_labels).is_some();
        }
    }
    let exported = |object: &Object<DestinationRule>| {
        object.spec.export_to.iter().map(|entry| entry.value.clone()).collect::<BTreeSet<_>>()
    };
    let set = |object: &Object<DestinationRule>| object.spec.traffic_policy.clone();
    let policies = set(a).is_some() && set(b).is_some() && set(a) != set(b);
    let twin = a.spec.subsets.iter().any(|one| {
        b.spec.subsets.iter().any(|other| one.name.is_some() && one.name == other.name && one != other)
    });
    policies || twin || (exported(a) != exported(b) && a.spec != b.spec)
}

/// Policies for the very same target.
fn backends(context: &Context<'_>, found: &mut Vec<Contest>) {
    let policies: Vec<&Object<BackendTlsPolicy>> = context.resources.backend_tls_policies.iter().collect();
    let meet = |a: &&Object<BackendTlsPolicy>, b: &&Object<BackendTlsPolicy>| {
        let shared = a.spec.target_refs.iter().find(|target| b.spec.target_refs.contains(target))?;
        let name = shared.name.as_ref().map_or("", |name| name.value.as_str());
        (a.namespace() == b.namespace() && a.spec.validation != b.spec.validation).then(|| {
            let meta = |object: &Object<_>| Meta::new("BackendTLSPolicy", &object.metadata, object.span);
            Contest::new(&meta(a), &meta(b), format!("are for the target `{name}`"))
        })
    };
    pairs(&policies, meet, found);
}
