//! Two route tables of a proxy, virtual host by virtual host. Proxies share tables and virtual hosts, and what was worked
//! out for one holds for all.

use std::cell::LazyCell;
use std::rc::Rc;
use std::sync::Arc;

use meshc_effective::model::{EffectiveMesh, Proxy, ProxyKind, Reader, Route, RouteTable, VirtualHost};
use rustc_hash::{FxHashMap, FxHashSet};

use super::behaviour::{Behaviour, Facet};
use super::change::Unknown;
use super::compare::Found;
use super::describe;
use super::digests::Digests;
use super::hosts::{self, Aligned, Pair};
use super::kind::{Kind, Risk};
use super::outcome::{self, Difference};
use super::regions::{self, Compared, Half, Region};
use crate::reach::{Asked, Site};
use crate::requests::Caller;
use crate::requests::hosts::{Domains, is_pattern, lower};

/// What comparing two tables gave.
#[derive(Default)]
pub(super) struct TableDiff {
    pub(super) found: Vec<Found>,
    pub(super) unknown: Vec<Unknown>,
}

/// Two tables by their places in memory, and who has them: what their clusters are follows from that.
type TableKey = (usize, usize, String, Reader);

/// Two virtual hosts by their places in memory.
type HostKey = (usize, usize);

/// Two virtual hosts that were compared, with what decided.
struct Known {
    reader: Reader,
    domains: Vec<String>,
    before: Vec<Behaviour>,
    after: Vec<Behaviour>,
    compared: Rc<Compared>,
}

/// What was worked out before.
#[derive(Default)]
pub(super) struct Cache {
    tables: FxHashMap<TableKey, Rc<TableDiff>>,
    /// Whether two virtual hosts have the same routes.
    same: FxHashMap<HostKey, bool>,
    /// Whether what they lead to fails alike, by the clusters of both proxies' views too.
    failures: FxHashMap<(HostKey, HostKey), bool>,
    hosts: FxHashMap<HostKey, Vec<Known>>,
    digests: Digests,
    /// The hosts that the proxies of each side know.
    services: [FxHashSet<String>; 2],
    /// Their ports, `HOST:PORT`.
    ports: [FxHashSet<String>; 2],
}

/// The hosts that any proxy of a mesh knows, and their ports.
fn services(mesh: &EffectiveMesh) -> (FxHashSet<String>, FxHashSet<String>) {
    let (mut hosts, mut ports) = (FxHashSet::default(), FxHashSet::default());
    let mut seen: FxHashSet<usize> = FxHashSet::default();
    for proxy in &mesh.proxies {
        for clusters in [proxy.clusters.shared(), proxy.clusters.own()] {
            if seen.insert(Arc::as_ptr(clusters).addr()) {
                for cluster in clusters.iter().filter(|cluster| !cluster.host.is_empty()) {
                    ports.insert(port(&cluster.host, cluster.port));
                    if !hosts.contains(&cluster.host) {
                        hosts.insert(cluster.host.clone());
                    }
                }
            }
        }
    }
    (hosts, ports)
}

fn port(host: &str, port: u16) -> String {
    format!("{host}:{port}")
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

fn host(table: &RouteTable, index: Option<usize>) -> Option<&VirtualHost> {
    index.and_then(|index| table.virtual_hosts.get(index)).map(|host| &**host)
}

impl Cache {
    /// For two meshes.
    pub(super) fn new(base: &EffectiveMesh, head: &EffectiveMesh) -> Self {
        let ((base, of_base), (head, of_head)) = rayon::join(|| services(base), || services(head));
        Self { services: [base, head], ports: [of_base, of_head], ..Self::default() }
    }

    /// Whether a service of the cluster is there on one side alone.
    fn is_gone(&self, domain: &str) -> bool {
        let [base, head] = &self.services;
        domain.contains(".svc.") && base.contains(domain) != head.contains(domain)
    }

    /// Whether proxies of both sides know a port of a service.
    pub(super) fn is_known(&self, host: &str, of: u16) -> bool {
        let name = port(host, of);
        self.ports.iter().all(|ports| ports.contains(&name))
    }

    /// The differences of two tables.
    pub(super) fn compare(
        &mut self,
        was: &Proxy,
        is: &Proxy,
        site: &Site,
        before: &RouteTable,
        after: &RouteTable,
    ) -> Rc<TableDiff> {
        // Tables that stand in a listener are the proxy's own.
        let shared = matches!(site, Site::Table(_));
        let key = (address(before), address(after), is.id.namespace.clone(), is.reader());
        if let Some(known) = self.tables.get(&key).filter(|_| shared) {
            return Rc::clone(known);
        }
        let made = Rc::new(self.table(was, is, site, before, after));
        if shared {
            self.tables.insert(key, Rc::clone(&made));
        }
        made
    }

    fn table(
        &mut self,
        was: &Proxy,
        is: &Proxy,
        site: &Site,
        before: &RouteTable,
        after: &RouteTable,
    ) -> TableDiff {
        let mut diff = TableDiff::default();
        if before.ignore_port_in_host != after.ignore_port_in_host {
            diff.unknown.push(Unknown {
                what: format!("route table {} of {}", after.name, is.id),
                why: "one side looks at the port in the host, the other does not".to_owned(),
            });
            return diff;
        }
        let pairs = self.differing(was, is, before, after, &mut diff.unknown);
        if pairs.is_empty() {
            return diff;
        }
        let domains = LazyCell::new(|| Domains::of([before, after]));
        for pair in &pairs {
            let base = Half { proxy: was, host: host(before, pair.base) };
            let head = Half { proxy: is, host: host(after, pair.head) };
            // What no pattern takes, no other virtual host has a part in.
            let exact = !pair.domains.iter().any(|domain| is_pattern(domain));
            let own = LazyCell::new(|| {
                let hosts = [(before, pair.base), (after, pair.head)];
                let hosts = hosts.into_iter().filter_map(|(of, place)| of.virtual_hosts.get(place?));
                Domains::of_hosts(hosts, after.ignore_port_in_host)
            });
            let compared = self.hosts(base, head, pair, &|| if exact { &own } else { &domains });
            let domain = pair.domains.first().map_or("*", String::as_str);
            let (label, subject) = match site {
                Site::Table(_) => (describe::host(domain), domain.to_owned()),
                Site::Inbound(port) => (
                    format!("{} inbound {port}", is.workload),
                    format!("{}.{} inbound {port}", is.workload, is.id.namespace),
                ),
            };
            let unknown = compared.unknown.iter();
            diff.unknown.extend(unknown.map(|why| Unknown { what: label.clone(), why: why.clone() }));
            let mut regions: Vec<&Region> = compared.regions.iter().collect();
            // The last route of the second side first: it is the one that takes most.
            regions.sort_by_key(|region| std::cmp::Reverse((region.head_route, region.base_route)));
            for region in regions {
                let gone = self.is_gone(domain);
                diff.found.extend(of_region(region, (base, head), site, (&label, &subject), (domain, gone)));
            }
        }
        diff
    }

    /// The pairs of virtual hosts that are not plainly alike.
    fn differing(
        &mut self,
        was: &Proxy,
        is: &Proxy,
        before: &RouteTable,
        after: &RouteTable,
        unknown: &mut Vec<Unknown>,
    ) -> Vec<Pair> {
        let aligned = self.aligned(before, after);
        // Routes of sidecars lead to clusters of their views.
        let view = |proxy: &Proxy| Arc::as_ptr(proxy.clusters.shared()).addr();
        let views = (view(was), view(is));
        let one_view = was.clusters.same(&is.clusters);
        let mut alike = |base: Option<usize>, head: Option<usize>| {
            let (Some(of_base), Some(of_head)) = (host(before, base), host(after, head)) else {
                return false;
            };
            if one_view && std::ptr::eq(of_base, of_head) {
                return true;
            }
            let same = *self
                .same
                .entry((address(of_base), address(of_head)))
                .or_insert_with(|| regions::same_routes(of_base, of_head));
            same && *self
                .failures
                .entry(((address(of_base), address(of_head)), views))
                .or_insert_with(|| regions::same_failures(was, is, of_head))
        };
        let mut differing: Vec<(usize, usize)> = aligned.both;
        differing.retain(|&(base, head)| !alike(Some(base), Some(head)));
        let asked = Asked::new(after);
        let own = |at: usize| match is.kind {
            // Of what services have on a port each domain is given to one.
            ProxyKind::Sidecar => {
                let domains = after.virtual_hosts.get(at).into_iter().flat_map(|host| &host.domains);
                domains.map(|domain| lower(domain).into_owned()).collect()
            }
            ProxyKind::Gateway => asked.own(at),
        };
        let both = differing.into_iter();
        let mut all: Vec<Pair> = both
            .map(|(base, head)| Pair { base: Some(base), head: Some(head), domains: own(head) })
            .collect();
        let (pairs, mixed) = hosts::pairs((before, &aligned.base), (after, &aligned.head));
        unknown.extend(mixed.into_iter().map(|domain| Unknown {
            what: format!("{} in route table {}", domain.0, after.name),
            why: "domains that begin with a star overlap domains that end with one".to_owned(),
        }));
        all.extend(pairs.into_iter().filter(|pair| !alike(pair.base, pair.head)));
        // As they stand in the second table.
        all.sort_by_key(|pair| pair.head.unwrap_or(usize::MAX));
        all
    }

    /// The virtual hosts to which the same requests lead on both sides, and all others. Of those a domain may be a pattern
    /// or be met twice, so that it takes all of them together to say what leads to which.
    fn aligned(&mut self, before: &RouteTable, after: &RouteTable) -> Aligned {
        let whole = || Aligned { both: Vec::new(), base: hosts::all(before), head: hosts::all(after) };
        let in_order = before.virtual_hosts.iter().zip(&after.virtual_hosts);
        let same = before.virtual_hosts.len() == after.virtual_hosts.len()
            && in_order.clone().all(|(a, b)| Arc::ptr_eq(a, b) || a.domains == b.domains);
        if same {
            return Aligned {
                both: (0..after.virtual_hosts.len()).map(|at| (at, at)).collect(),
                ..Aligned::default()
            };
        }
        let Some(mut aligned) = hosts::align(before, after) else { return whole() };
        let in_both: Vec<usize> = aligned.both.iter().map(|(_, head)| *head).collect();
        if self.digests.share(before, &aligned.base, after, &in_both)
            || self.digests.share(after, &aligned.head, after, &in_both)
        {
            return whole();
        }
        // Patterns take what no other virtual host of either side has.
        let has_pattern = |&(_, head): &(usize, usize)| {
            let host = after.virtual_hosts.get(head);
            host.is_some_and(|host| host.domains.iter().any(|domain| is_pattern(domain)))
        };
        let patterns: Vec<(usize, usize)> = aligned.both.iter().copied().filter(has_pattern).collect();
        aligned.both.retain(|pair| !has_pattern(pair));
        aligned.base.extend(patterns.iter().map(|(base, _)| base));
        aligned.head.extend(patterns.iter().map(|(_, head)| head));
        aligned.base.sort_unstable();
        aligned.head.sort_unstable();
        aligned
    }

    /// The differences of two virtual hosts.
    fn hosts<'d>(
        &mut self,
        base: Half<'_>,
        head: Half<'_>,
        pair: &Pair,
        domains: &dyn Fn() -> &'d Domains<'d>,
    ) -> Rc<Compared> {
        let (before, after) = (base.behaviours(), head.behaviours());
        let reader = head.proxy.reader();
        let key = (base.host.map_or(0, address), head.host.map_or(0, address));
        let all = self.hosts.entry(key).or_default();
        let fits = |known: &&Known| {
            known.reader == reader
                && known.domains == pair.domains
                && known.before == before
                && known.after == after
        };
        if let Some(known) = all.iter().find(fits) {
            return Rc::clone(&known.compared);
        }
        let compared = Rc::new(regions::compare(base, head, pair, (&before, &after), domains()));
        let domains = pair.domains.clone();
        all.push(Known { reader, domains, before, after, compared: Rc::clone(&compared) });
        compared
    }
}

/// The differences of one region.
fn of_region(
    region: &Region,
    (base, head): (Half<'_>, Half<'_>),
    site: &Site,
    (label, subject): (&str, &str),
    (domain, gone): (&str, bool),
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
    outcome::differences(&region.before, &region.after, gone)
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
            caller: Caller::default(),
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
