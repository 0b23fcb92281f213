//! Invariants: promises about every route of every proxy that some request reaches.

use meshc_diagnostics::Witness;
use meshc_effective::model::{Action, Forward, Origin, PatchSide, Proxy, ProxyKind, Route, RouteTable};
use meshc_mesh::{MtlsMode, PodProxy};
use meshc_resources::Object;
use meshc_resources::meshc::{Invariant, MustBeMutualTls, Places, Target};
use meshc_syntax::de::Spanned;

use super::destination::{self, Destination};
use super::{Case, Promise, Refutation, Verdict, World};
use crate::diff::replay;
use crate::origin::because;
use crate::reach::{Asked, Known, Reachable, Site};

pub(super) fn run(invariant: &Object<Invariant>, world: &World<'_>) -> Promise {
    let spec = &invariant.spec;
    let namespace = invariant.namespace();
    let mut cases = Vec::new();
    let nobody = Places::default();
    let from =
        |places: &'_ Option<Spanned<Places>>| places.as_ref().map_or(nobody.clone(), |p| p.value.clone());
    if let Some(rule) = &spec.never_reaches
        && let Some(to) = &rule.to
    {
        let name = format!("nothing {}reaches {}", whence(&rule.from), target_words(to));
        let verdict = every_route(world, &from(&rule.from), &|forward| {
            let hit =
                shares(forward).find(|(cluster, share)| *share > 0.0 && is_target(to, cluster, namespace))?;
            Some(format!("reaches {}", destination::words(hit.0)))
        });
        cases.push(Case::new(name, verdict, Vec::new()));
    }
    if let Some(rule) = &spec.max_timeout
        && let (Some(to), Some(most)) = (&rule.to, &rule.at_most)
    {
        let name = format!("every route to {} has a timeout of at most {}", target_words(to), most.value);
        let verdict = every_route(world, &from(&rule.from), &|forward| {
            shares(forward).find(|(cluster, _)| is_target(to, cluster, namespace))?;
            match forward.timeout {
                Some(limit) if limit.is_zero() => Some("has no timeout".to_owned()),
                Some(limit) if limit.as_millis() > u128::try_from(most.as_millis()).unwrap_or(0) => {
                    Some(format!("has a timeout of {} ms", limit.as_millis()))
                }
                None => Some("has Envoy's default timeout of 15 s".to_owned())
                    .filter(|_| most.as_millis() < 15_000),
                Some(_) => None,
            }
        });
        cases.push(Case::new(name, verdict, Vec::new()));
    }
    if let Some(rule) = &spec.max_weight
        && let (Some(to), Some(most)) = (&rule.to, &rule.at_most)
    {
        let name = format!("at most {most} % of a route's requests go to {}", target_words(to));
        let verdict = every_route(world, &from(&rule.from), &|forward| {
            let sum: f64 = shares(forward)
                .filter(|(cluster, _)| is_target(to, cluster, namespace))
                .map(|(_, s)| s)
                .sum();
            (sum > f64::from(most.value) + 1e-6).then(|| format!("sends {sum} % there"))
        });
        cases.push(Case::new(name, verdict, Vec::new()));
    }
    if let Some(rule) = &spec.mutual_tls {
        cases.push(Case::new(mutual_tls_words(rule), mutual_tls(rule, world), Vec::new()));
    }
    Promise { resource: invariant.id(), span: invariant.span, cases }
}

/// `from namespace edge `, or nothing.
fn whence(from: &Option<Spanned<Places>>) -> String {
    let Some(places) = from else { return String::new() };
    let join =
        |names: &[Spanned<String>]| names.iter().map(|n| n.value.as_str()).collect::<Vec<_>>().join(", ");
    let mut parts: Vec<String> = Vec::new();
    if !places.namespaces.is_empty() {
        parts.push(format!("in {}", join(&places.namespaces)));
    }
    if !places.not_namespaces.is_empty() {
        parts.push(format!("outside {}", join(&places.not_namespaces)));
    }
    if !places.workloads.is_empty() {
        parts.push(format!("of {}", join(&places.workloads)));
    }
    match places.gateways.as_ref().map(|g| g.value) {
        Some(true) => parts.push("at gateways".to_owned()),
        Some(false) => parts.push("beside workloads".to_owned()),
        None => {}
    }
    parts.into_iter().map(|part| format!("{part} ")).collect()
}

fn target_words(to: &Target) -> String {
    let host = to.host.as_ref().map(|host| host.value.clone());
    let namespace = to.namespace.as_ref().map(|namespace| format!("namespace {}", namespace.value));
    let place = host.or(namespace).unwrap_or_else(|| "any service".to_owned());
    match &to.subset {
        Some(subset) => format!("{place} ({})", subset.value),
        None => place,
    }
}

fn is_target(to: &Target, cluster: &str, namespace: &str) -> bool {
    Destination::read(cluster).is_some_and(|destination| {
        to.host.as_ref().is_none_or(|host| destination.has_host(host, namespace))
            && to.namespace.as_ref().is_none_or(|n| destination.namespace() == Some(n.value.as_str()))
            && to.subset.as_ref().is_none_or(|subset| subset.value == destination.subset)
    })
}

fn is_sender(places: &Places, proxy: &Proxy) -> bool {
    let has = |names: &[Spanned<String>], name: &str| names.iter().any(|n| n.value == name);
    (places.namespaces.is_empty() || has(&places.namespaces, &proxy.id.namespace))
        && !has(&places.not_namespaces, &proxy.id.namespace)
        && (places.workloads.is_empty() || has(&places.workloads, &proxy.workload))
        && places.gateways.as_ref().is_none_or(|only| only.value == (proxy.kind == ProxyKind::Gateway))
}

/// The clusters of a route with their shares in percent.
fn shares(forward: &Forward) -> impl Iterator<Item = (&str, f64)> {
    destination::shares(forward.destinations.iter().map(|d| (d.cluster.as_str(), d.weight)))
}

/// Looks for a route that some request reaches and that breaks the promise.
fn every_route(world: &World<'_>, from: &Places, broken: &dyn Fn(&Forward) -> Option<String>) -> Verdict {
    let mut seen = std::collections::HashSet::new();
    let mut unknown = None;
    for proxy in world.effective.proxies.iter().filter(|proxy| is_sender(from, proxy)) {
        if let Some(why) = proxy.doubt(PatchSide::outer(proxy)) {
            unknown = Some(why);
            continue;
        }
        for table in proxy.tables.values() {
            if !seen.insert((std::sync::Arc::as_ptr(table), proxy.kind == ProxyKind::Gateway)) {
                continue;
            }
            match of_table(world, proxy, table, broken) {
                Verdict::Kept => {}
                Verdict::Unknown { why } => unknown = Some(why),
                verdict @ Verdict::Broken(_) => return verdict,
            }
        }
    }
    unknown.map_or(Verdict::Kept, Verdict::unknown)
}

fn of_table(
    world: &World<'_>,
    proxy: &Proxy,
    table: &RouteTable,
    broken: &dyn Fn(&Forward) -> Option<String>,
) -> Verdict {
    let mut unknown = None;
    let (asked, mut known) = (Asked::new(table), Known::default());
    for (at, host) in table.virtual_hosts.iter().enumerate() {
        let suspects: Vec<(usize, &Route, String)> = host
            .routes
            .iter()
            .enumerate()
            .filter_map(|(index, route)| match &route.action {
                Action::Forward(forward) => broken(forward).map(|message| (index, route, message)),
                Action::Redirect(_) | Action::DirectResponse(_) => None,
            })
            .collect();
        if suspects.is_empty() {
            continue;
        }
        let reached = known.of(&asked, at, proxy.reader());
        for (index, route, message) in suspects {
            let Some(reach) = reached.get(index) else { continue };
            match (&reach.reachable, &reach.witness) {
                (Reachable::No, _) => {}
                (Reachable::Yes, Some(request)) => {
                    let witness = Site::Table(table.name.clone()).witness(proxy, request.clone());
                    return refuted(world, message, witness, route);
                }
                (Reachable::Yes, None) => {
                    unknown = Some("a route is reached, but no request shows it".to_owned());
                }
                (Reachable::Unknown(why), _) => unknown = Some(why.clone()),
            }
        }
    }
    unknown.map_or(Verdict::Kept, Verdict::unknown)
}

fn refuted(world: &World<'_>, message: String, witness: Witness, route: &Route) -> Verdict {
    let answer = replay::replay(&world.tracer, &witness).ok();
    let message = format!("{} {message}", witness.proxy);
    let because = because(&route.origins, world.sources);
    Verdict::Broken(Box::new(Refutation { message, witness: Some(witness), answer, because }))
}

fn mutual_tls_words(rule: &MustBeMutualTls) -> String {
    let names: Vec<&str> =
        rule.workloads.iter().chain(&rule.namespaces).map(|name| name.value.as_str()).collect();
    if names.is_empty() {
        "every workload takes mutual TLS alone".to_owned()
    } else {
        format!("the workloads of {} take mutual TLS alone", names.join(", "))
    }
}

/// Looks for a workload with a sidecar, one of the named, that takes plaintext at some port.
fn mutual_tls(rule: &MustBeMutualTls, world: &World<'_>) -> Verdict {
    let has =
        |names: &[Spanned<String>], name: &str| names.is_empty() || names.iter().any(|n| n.value == name);
    let meant = world
        .mesh
        .pods
        .iter()
        .filter(|pod| has(&rule.namespaces, &pod.namespace) && has(&rule.workloads, &pod.workload));
    for pod in meant {
        let workload = format!("{}.{}", pod.workload, pod.namespace);
        if pod.proxy == PodProxy::None {
            let origin = Origin::new(pod.span, "the workload has no proxy");
            return plaintext(world, format!("{workload} has no proxy: it takes plaintext"), &origin);
        }
        if pod.proxy == PodProxy::Gateway {
            continue;
        }
        let mtls = world.mesh.mtls(pod);
        let ports = mtls.ports.iter().map(|(port, setting)| (Some(port), setting));
        for (port, setting) in ports.chain([(None, &mtls.all)]) {
            if setting.mode == MtlsMode::Strict {
                continue;
            }
            let place = port.map_or_else(String::new, |port| format!(" at port {port}"));
            let message = format!("{workload} takes plaintext{place}: the mode is {}", setting.mode);
            let origin = match &setting.by {
                Some((policy, span)) => Origin::new(*span, policy.to_string()),
                None => Origin::new(pod.span, "no PeerAuthentication holds for the workload"),
            };
            return plaintext(world, message, &origin);
        }
    }
    Verdict::Kept
}

fn plaintext(world: &World<'_>, message: String, origin: &Origin) -> Verdict {
    let because = because(std::slice::from_ref(origin), world.sources);
    Verdict::Broken(Box::new(Refutation { message, witness: None, answer: None, because }))
}
