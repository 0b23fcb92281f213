//! All proxies of both meshes side by side; what many of them show is collected once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use meshc_diagnostics::Witness;
use meshc_effective::model::{Origin, Proxy, ProxyId, ProxyKind, Route, RouteTable, VirtualHost};
use meshc_trace::Tracer;
use serde_json::Value;

use super::behaviour::{Behaviour, Facet};
use super::change::{Change, Diff, Equal, Kind, Lines, Risk, Unknown};
use super::outcome::Difference;
use super::regions::{self, Half, Region};
use super::{Side, clusters, describe, hosts, listeners, outcome, proxies, replay};
use crate::origin::because;
use crate::reach::Site;

/// A difference as one proxy shows it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) risk: Risk,
    /// Whom it concerns: with the kind and both values, what makes it the same difference elsewhere.
    pub(super) subject: String,
    /// What goes before the difference in its summary, `reviews`.
    pub(super) label: String,
    /// The requests, `GET /api/v2/*`; empty where it is not about requests.
    pub(super) requests: String,
    /// What is different.
    pub(super) text: String,
    pub(super) before: Value,
    pub(super) after: Value,
    /// Nothing is reached on either side; of several proxies or tables, one that reaches something tells more.
    pub(super) futile: bool,
    /// A request that shows it.
    pub(super) witness: Option<(Site, meshc_diagnostics::WitnessRequest)>,
    pub(super) base: Vec<Origin>,
    pub(super) head: Vec<Origin>,
}

/// A difference with all proxies that show it.
struct Collected {
    found: Found,
    requests: BTreeSet<String>,
    witness: Option<Witness>,
    proxies: BTreeSet<ProxyId>,
}

/// What comparing two tables gave; the same for all proxies that share them.
#[derive(Default)]
struct TableDiff {
    found: Vec<Found>,
    unknown: Vec<Unknown>,
}

/// Two tables by their places in memory, and who has them: what their clusters are follows from that.
type TableKey = (usize, usize, String, ProxyKind);

#[derive(Default)]
struct Comparison {
    collected: BTreeMap<(Kind, String, String, String), Collected>,
    unknown: BTreeSet<Unknown>,
    tables: HashMap<TableKey, Rc<TableDiff>>,
    clusters: clusters::Cache,
}

/// Compares two meshes.
pub(super) fn compare(base: Side<'_>, head: Side<'_>) -> Diff {
    let mut comparison = Comparison::default();
    let by_id = |side: &Side<'_>| -> BTreeMap<ProxyId, Arc<Proxy>> {
        side.mesh.proxies.iter().map(|proxy| (proxy.id.clone(), Arc::clone(proxy))).collect()
    };
    let (of_base, of_head) = (by_id(&base), by_id(&head));
    for (id, was) in &of_base {
        match of_head.get(id) {
            Some(is) if is.kind == was.kind => comparison.proxy(was, is),
            _ => {}
        }
    }
    for (proxy, found) in proxies::added_and_removed(&of_base, &of_head) {
        comparison.add(proxy, found);
    }
    comparison.finish(base, head)
}

impl Comparison {
    fn proxy(&mut self, was: &Arc<Proxy>, is: &Arc<Proxy>) {
        for found in listeners::compare(was, is) {
            self.add(is, found);
        }
        let found = self.clusters.compare(was, is);
        for found in found.iter().cloned() {
            self.add(is, found);
        }
        for (site, before, after) in listeners::tables(was, is) {
            let shared = matches!(site, Site::Table(_));
            let key = (address(before), address(after), is.id.namespace.clone(), is.kind);
            let known = self.tables.get(&key).filter(|_| shared).cloned();
            let diff = known.unwrap_or_else(|| {
                let made = Rc::new(table(was, is, &site, before, after));
                if shared {
                    self.tables.insert(key, Rc::clone(&made));
                }
                made
            });
            for found in &diff.found {
                self.add(is, found.clone());
            }
            self.unknown.extend(diff.unknown.iter().cloned());
        }
    }

    fn add(&mut self, proxy: &Proxy, found: Found) {
        let key = (found.kind, found.subject.clone(), found.before.to_string(), found.after.to_string());
        let collected = self.collected.entry(key).or_insert_with(|| Collected {
            witness: found.witness.clone().map(|(site, request)| site.witness(proxy, request)),
            found: found.clone(),
            requests: BTreeSet::new(),
            proxies: BTreeSet::new(),
        });
        if collected.found.futile && !found.futile {
            collected.witness = found.witness.clone().map(|(site, request)| site.witness(proxy, request));
            collected.found = found.clone();
        }
        collected.requests.insert(found.requests);
        collected.proxies.insert(proxy.id.clone());
    }

    fn finish(mut self, base: Side<'_>, head: Side<'_>) -> Diff {
        let before = Tracer::new(base.mesh, base.sources);
        let after = Tracer::new(head.mesh, head.sources);
        let mut changes = Vec::new();
        for collected in self.collected.into_values() {
            match change(collected, (base, &before), (head, &after)) {
                Ok(change) => changes.push(change),
                Err(unknown) => {
                    self.unknown.insert(unknown);
                }
            }
        }
        changes.sort_by(|a, b| {
            let key = |change: &Change| (change.risk, change.kind);
            key(a).cmp(&key(b)).then_with(|| a.summary.cmp(&b.summary))
        });
        let equal = match (changes.is_empty(), self.unknown.is_empty()) {
            (true, true) => Equal::Yes,
            (true, false) => Equal::Unknown,
            (false, _) => Equal::No,
        };
        Diff {
            version: 1,
            base: base.name.to_owned(),
            head: head.name.to_owned(),
            equal,
            changes,
            unknown: self.unknown.into_iter().collect(),
        }
    }
}

fn address(table: &RouteTable) -> usize {
    std::ptr::from_ref(table).addr()
}

/// A difference with its answers.
fn change(
    collected: Collected,
    (base, before): (Side<'_>, &Tracer<'_>),
    (head, after): (Side<'_>, &Tracer<'_>),
) -> Result<Change, Unknown> {
    let Collected { found, requests, witness, proxies } = collected;
    let mut summary = format!("{}: ", found.label);
    if !found.requests.is_empty() {
        summary.push_str(&found.requests);
        match requests.len() {
            0 | 1 => {}
            count => {
                let _ = write!(summary, " and {} more", count - 1);
            }
        }
        summary.push(' ');
    }
    summary.push_str(&found.text);
    let (was, is) = match &witness {
        None => (found.before, found.after),
        Some(witness) => {
            let unknown = |why: String| Unknown { what: summary.clone(), why };
            let was = replay::replay(before, witness).map_err(|error| unknown(error.to_string()))?;
            let is = replay::replay(after, witness).map_err(|error| unknown(error.to_string()))?;
            if replay::same(&was, &is) {
                return Err(unknown(format!(
                    "the settings differ, but the answer to {} {} does not",
                    witness.request.method, witness.request.path
                )));
            }
            let value = |answer| serde_json::to_value(answer).map_err(|error| unknown(error.to_string()));
            (value(was)?, value(is)?)
        }
    };
    Ok(Change {
        kind: found.kind,
        risk: found.risk,
        summary,
        witness,
        before: was,
        after: is,
        because: Lines { base: because(&found.base, base.sources), head: because(&found.head, head.sources) },
        proxies: proxies.iter().map(ToString::to_string).collect(),
    })
}

/// Compares two tables of a proxy.
fn table(was: &Proxy, is: &Proxy, site: &Site, before: &RouteTable, after: &RouteTable) -> TableDiff {
    let mut diff = TableDiff::default();
    let name = &after.name;
    if before.ignore_port_in_host != after.ignore_port_in_host {
        diff.unknown.push(Unknown {
            what: format!("route table {name} of {}", is.id),
            why: "one side looks at the port in the host, the other does not".to_owned(),
        });
        return diff;
    }
    let (pairs, mixed) = hosts::pairs(before, after);
    diff.unknown.extend(mixed.into_iter().map(|domain| Unknown {
        what: format!("{} in route table {name}", domain.0),
        why: "domains that begin with a star overlap domains that end with one".to_owned(),
    }));
    for pair in &pairs {
        let host = |table: &'_ RouteTable, index: Option<usize>| -> Option<Arc<VirtualHost>> {
            index.and_then(|index| table.virtual_hosts.get(index)).cloned()
        };
        let (of_base, of_head) = (host(before, pair.base), host(after, pair.head));
        let base = Half { proxy: was, table: before, host: of_base.as_deref() };
        let head = Half { proxy: is, table: after, host: of_head.as_deref() };
        let compared = regions::compare(base, head, pair);
        let domain = pair.domains.first().map_or("*", String::as_str);
        let label = match site {
            Site::Table(_) => describe::host(domain),
            Site::Inbound(port) => format!("{} inbound {port}", is.workload),
        };
        let subject = match site {
            Site::Table(_) => domain.to_owned(),
            Site::Inbound(port) => format!("{}.{} inbound {port}", is.workload, is.id.namespace),
        };
        diff.unknown.extend(compared.unknown.into_iter().map(|why| Unknown { what: label.clone(), why }));
        let mut found_here = compared.regions;
        // The last route of the second side first: it is the one that takes most.
        found_here.sort_by_key(|region| std::cmp::Reverse((region.head_route, region.base_route)));
        for region in found_here {
            diff.found.extend(of_region(&region, base, head, site, &label, &subject, domain));
        }
    }
    diff
}

/// The differences of one region.
fn of_region(
    region: &Region,
    base: Half<'_>,
    head: Half<'_>,
    site: &Site,
    label: &str,
    subject: &str,
    domain: &str,
) -> Vec<Found> {
    let route = |half: Half<'_>, index: Option<usize>| -> Option<Route> {
        half.host.and_then(|host| host.routes.get(index?)).cloned()
    };
    let (was, is) = (route(base, region.base_route), route(head, region.head_route));
    let origins = |half: Half<'_>, route: &Option<Route>| match route {
        Some(route) => route.origins.clone(),
        None => half.host.map(|host| host.origins.clone()).unwrap_or_default(),
    };
    // The side that says more about the requests names them.
    let specific = |route: &&Route| !route.matches.is_any();
    let named = is.as_ref().filter(specific).or_else(|| was.as_ref().filter(specific));
    let requests = match named.or(is.as_ref()).or(was.as_ref()) {
        Some(route) => describe::requests(&region.request.method, &route.matches),
        None => format!("{} {}", region.request.method, region.request.path),
    };
    outcome::differences(&region.before, &region.after)
        .into_iter()
        .map(|difference| Found {
            text: describe::difference(
                difference.kind,
                &region.before,
                &region.after,
                (&difference.before, &difference.after),
                domain,
            ),
            risk: risk(&difference, &region.before, &region.after),
            // Where nothing was reached and nothing is, it is mostly a port that the host does not have.
            label: match site {
                Site::Table(table) if region.before.fails() && region.after.fails() => {
                    format!("{label}:{table}")
                }
                _ => label.to_owned(),
            },
            futile: region.before.fails() && region.after.fails(),
            kind: difference.kind,
            subject: subject.to_owned(),
            requests: requests.clone(),
            before: difference.before,
            after: difference.after,
            witness: difference.shown.then(|| (site.clone(), region.request.clone())),
            base: origins(base, &was),
            head: origins(head, &is),
        })
        .collect()
}

/// How much a difference deserves a reader's attention.
fn risk(difference: &Difference, before: &Behaviour, after: &Behaviour) -> Risk {
    match difference.kind {
        Kind::ResponseChanged if before.fails() && after.fails() => Risk::Low,
        Kind::FaultChanged => {
            let abort = |side: &Behaviour| side.facet(Facet::Fault).get("abort").cloned().unwrap_or_default();
            let same = abort(before) == abort(after) || abort(after).is_null();
            if same { Risk::Medium } else { Risk::High }
        }
        kind => kind.risk(),
    }
}
