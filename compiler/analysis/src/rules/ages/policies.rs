//! Resources that hold for workloads: those of which one holds, and those that are applied one after the other.

use std::collections::BTreeMap;

use meshc_mesh::Meta;
use meshc_resources::Object;
use meshc_resources::istio::{ConfigPatch, EnvoyFilter};

use super::contest::{Contest, pairs};
use crate::rules::context::Context;
use crate::rules::pods::Labels;

/// A resource by what it asks of the workloads that it is for.
struct Holding<'a, T> {
    meta: Meta,
    /// None: for all of its namespace.
    labels: Option<&'a Labels>,
    spec: &'a T,
}

pub(super) fn find(context: &Context<'_>, found: &mut Vec<Contest>) {
    let all = context.resources;
    one_of(
        context,
        &all.peer_authentications,
        |spec| Some(spec.selector.as_ref().map(|selector| &selector.match_labels)),
        |a, b| (&a.mtls, &a.port_level_mtls) != (&b.mtls, &b.port_level_mtls),
        found,
    );
    one_of(
        context,
        &all.sidecars,
        |spec| Some(spec.workload_selector.as_ref().map(|selector| &selector.labels)),
        |a, b| a != b,
        found,
    );
    one_of(
        context,
        &all.telemetries,
        |spec| {
            let attached = spec.target_ref.is_some() || !spec.target_refs.is_empty();
            (!attached).then(|| spec.selector.as_ref().map(|selector| &selector.match_labels))
        },
        |a, b| a != b,
        found,
    );
    one_of(
        context,
        &all.proxy_configs,
        |spec| Some(spec.selector.as_ref().map(|selector| &selector.match_labels)),
        |a, b| a != b,
        found,
    );
    one_after_the_other(
        context,
        &all.envoy_filters,
        |spec| spec.target_refs.is_empty().then(|| spec.workload_selector.as_ref().map(|by| &by.labels)),
        patch_alike,
        found,
    );
    one_after_the_other(
        context,
        &all.wasm_plugins,
        |spec| {
            let attached = spec.target_ref.is_some() || !spec.target_refs.is_empty();
            (!attached).then(|| spec.selector.as_ref().map(|selector| &selector.match_labels))
        },
        |a, b| a.priority == b.priority && a.phase == b.phase && a.kind == b.kind,
        found,
    );
    one_after_the_other(
        context,
        &all.traffic_extensions,
        |spec| spec.target_refs.is_empty().then(|| spec.selector.as_ref().map(|by| &by.match_labels)),
        |a, b| a.priority == b.priority && a.phase == b.phase,
        found,
    );
}

/// By namespace, those that select by labels or are for all of it; what is attached by name is left out.
fn by_namespace<'a, T>(
    objects: &'a [Object<T>],
    labels: impl Fn(&'a T) -> Option<Option<&'a Labels>>,
) -> BTreeMap<&'a str, Vec<Holding<'a, T>>> {
    let mut all: BTreeMap<&str, Vec<Holding<'_, T>>> = BTreeMap::new();
    for object in objects {
        if let Some(labels) = labels(&object.spec) {
            all.entry(object.namespace()).or_default().push(Holding {
                meta: Meta::new(object.kind.as_str(), &object.metadata, object.span),
                labels: labels.filter(|labels| !labels.is_empty()),
                spec: &object.spec,
            });
        }
    }
    for list in all.values_mut() {
        list.sort_by(|a, b| a.meta.by_age(&b.meta));
    }
    all
}

/// Kinds of which one holds for a workload: one that selects it before one for all of its namespace.
fn one_of<'a, T>(
    context: &Context<'_>,
    objects: &'a [Object<T>],
    labels: impl Fn(&'a T) -> Option<Option<&'a Labels>>,
    differ: impl Fn(&T, &T) -> bool,
    found: &mut Vec<Contest>,
) {
    for (namespace, list) in by_namespace(objects, labels) {
        let meet = |a: &Holding<'_, T>, b: &Holding<'_, T>| {
            let meeting = match (a.labels, b.labels) {
                (None, None) => format!("are for all of namespace `{namespace}`"),
                (Some(one), Some(other)) => for_pod(context, namespace, one, other)?,
                _ => return None,
            };
            differ(a.spec, b.spec).then(|| Contest::new(&a.meta, &b.meta, meeting))
        };
        pairs(&list, meet, found);
    }
}

/// Kinds of which all hold, and the order in which they do may matter.
fn one_after_the_other<'a, T>(
    context: &Context<'_>,
    objects: &'a [Object<T>],
    labels: impl Fn(&'a T) -> Option<Option<&'a Labels>>,
    alike: impl Fn(&T, &T) -> bool,
    found: &mut Vec<Contest>,
) {
    let nothing = Labels::new();
    for (namespace, list) in by_namespace(objects, labels) {
        let meet = |a: &Holding<'_, T>, b: &Holding<'_, T>| {
            if !alike(a.spec, b.spec) {
                return None;
            }
            let meeting = match (a.labels, b.labels) {
                (None, None) => format!("are for all of namespace `{namespace}`"),
                (one, other) => {
                    for_pod(context, namespace, one.unwrap_or(&nothing), other.unwrap_or(&nothing))?
                }
            };
            Some(Contest::new(&a.meta, &b.meta, meeting))
        };
        pairs(&list, meet, found);
    }
}

/// A pod that both select.
fn for_pod(context: &Context<'_>, namespace: &str, one: &Labels, other: &Labels) -> Option<String> {
    // Those of the root namespace are for the pods of all.
    let namespace = (namespace != context.mesh.config.root_namespace()).then_some(namespace);
    let pod = context.pods.met(namespace, one, other)?;
    Some(format!("are for pod `{}`", pod.name))
}

/// Whether two filters patch the same kind of part in the same place with one priority.
fn patch_alike(a: &EnvoyFilter, b: &EnvoyFilter) -> bool {
    let priority = |spec: &EnvoyFilter| spec.priority.as_ref().map_or(0, |priority| priority.value);
    let place = |patch: &ConfigPatch| (patch.apply_to, patch.matches.clone());
    let same = |one: &ConfigPatch, other: &ConfigPatch| place(one) == place(other);
    priority(a) == priority(b)
        && a.config_patches.iter().any(|one| b.config_patches.iter().any(|other| same(one, other)))
}
