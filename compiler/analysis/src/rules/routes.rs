//! The rules about routes: what reachability in every proxy's tables says about each route that is written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Witness};
use meshc_effective::model::{EffectiveMesh, Proxy, ProxyKind, Route, RouteMatch, RouteTable};
use meshc_mesh::{HttpRule, Mesh, Meta, VirtualService};
use meshc_resources::istio::HttpMatch;
use meshc_source::Span;

use super::{hidden_route, impossible_match, undecided_route};
use crate::reach::{Reachable, RouteReach, Site, reachability};
use crate::requests::looks_at_authority;

/// A route as it is written: a match of an `http` entry, or an entry without matches.
#[derive(Clone, Copy)]
pub(super) struct Written<'m> {
    /// The VirtualService that its root is.
    pub(super) root: &'m VirtualService,
    /// The VirtualService that it stands in.
    pub(super) owner: &'m Meta,
    /// Its entry.
    pub(super) rule: &'m HttpRule,
    /// Its place among the entries of the root.
    pub(super) place: usize,
    /// The match with its number.
    pub(super) condition: Option<&'m HttpMatch>,
    number: Option<usize>,
    /// Where it stands.
    pub(super) span: Span,
}

impl Written<'_> {
    /// `http[1].match[0] (api-v2)`
    pub(super) fn title(&self) -> String {
        let mut text = self.rule.path.clone();
        if let Some(number) = self.number.filter(|_| self.rule.route.matches.len() > 1) {
            text = format!("{text}.match[{number}]");
        }
        match self.rule.route.name.as_ref().filter(|name| !name.is_empty()) {
            Some(name) => format!("{text} ({})", name.value),
            None => text,
        }
    }

    /// The title, with the resource where it is another than `from`'s.
    pub(super) fn named_from(&self, from: &Self) -> String {
        if self.owner == from.owner { self.title() } else { format!("{} of {}", self.title(), self.owner) }
    }

    /// Whether it takes every request that comes to it.
    pub(super) fn is_catch_all(&self) -> bool {
        self.condition.is_none_or(|c| {
            let uri = c.uri.as_ref().is_none_or(|uri| {
                uri.prefix.as_ref().is_some_and(|prefix| prefix.value == "/")
                    || uri.regex.as_ref().is_some_and(|regex| regex.value == ".*")
            });
            let text = c.method.is_none() && c.authority.is_none() && c.scheme.is_none();
            uri && text && c.headers.is_empty() && c.without_headers.is_empty() && c.query_params.is_empty()
        })
    }

    /// What decides which proxies have it.
    fn audience(&self) -> HttpMatch {
        let Some(condition) = self.condition else { return HttpMatch::default() };
        HttpMatch {
            port: condition.port,
            gateways: condition.gateways.clone(),
            source_labels: condition.source_labels.clone(),
            source_namespace: condition.source_namespace.clone(),
            ..HttpMatch::default()
        }
    }
}

/// `a`, `a and b`, `a, b and c`
pub(super) fn sentence(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What all tables together say about one written route.
#[derive(Default)]
struct Seen {
    reached: bool,
    unknown: Option<String>,
    hidden: Option<Hidden>,
}

struct Hidden {
    by: Vec<Span>,
    witness: Option<Witness>,
}

/// The findings about routes: hidden ones, impossible ones and undecided ones, each written route once.
pub fn check_routes(mesh: &Mesh, effective: &EffectiveMesh) -> Vec<Diagnostic> {
    let written = all_written(mesh);
    let seen = all_seen(effective);
    let mut found = Vec::new();
    for (span, what) in &seen {
        let Some(route) = written.get(span) else { continue };
        if what.reached {
            continue;
        }
        if let Some(why) = &what.unknown {
            found.push(undecided_route::finding(route, why));
        } else if let Some(hidden) = &what.hidden {
            let by: Vec<&Written<'_>> = hidden.by.iter().filter_map(|span| written.get(span)).collect();
            // Defaults of several VirtualServices at a gateway are reported where they are merged.
            let second_default = route.is_catch_all()
                && by.iter().all(|by| by.is_catch_all() && by.root.meta != route.root.meta);
            if !second_default || by.is_empty() {
                let aliases = aliases(route, &by);
                found.push(hidden_route::finding(route, &by, hidden.witness.clone(), &aliases));
            }
        } else {
            found.push(impossible_match::finding(route));
        }
    }
    cut_off(mesh, &written, &seen, &mut found);
    found
}

type AllWritten<'m> = BTreeMap<Span, Written<'m>>;

fn all_written(mesh: &Mesh) -> AllWritten<'_> {
    let mut all = BTreeMap::new();
    for root in &mesh.virtual_services {
        for (place, rule) in root.http.iter().enumerate() {
            let owner = rule.delegate.as_ref().unwrap_or(&root.meta);
            let plain = Written { root, owner, rule, place, condition: None, number: None, span: rule.span };
            if rule.route.matches.is_empty() {
                all.insert(rule.span, plain);
            }
            for (number, condition) in rule.route.matches.iter().enumerate() {
                let of_match = Written {
                    condition: Some(condition),
                    number: Some(number),
                    span: condition.span,
                    ..plain
                };
                all.insert(condition.span, of_match);
            }
        }
    }
    all
}

/// What decides the reachability of a list of routes; a table only where its domains matter.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    matches: Vec<RouteMatch>,
    gateway: bool,
    require_tls: bool,
    table: Option<usize>,
}

fn all_seen(effective: &EffectiveMesh) -> BTreeMap<Span, Seen> {
    let mut all: BTreeMap<Span, Seen> = BTreeMap::new();
    let mut tables: HashSet<(usize, ProxyKind)> = HashSet::new();
    let mut known: HashMap<Key, Arc<Vec<RouteReach>>> = HashMap::new();
    for proxy in &effective.proxies {
        for table in proxy.tables.values() {
            if tables.insert((Arc::as_ptr(table).addr(), proxy.kind)) {
                see_table(proxy, table, &mut known, &mut all);
            }
        }
    }
    all
}

fn see_table(
    proxy: &Proxy,
    table: &Arc<RouteTable>,
    known: &mut HashMap<Key, Arc<Vec<RouteReach>>>,
    all: &mut BTreeMap<Span, Seen>,
) {
    for (at, host) in table.virtual_hosts.iter().enumerate() {
        if host.routes.iter().all(|route| route.config.is_none()) {
            // None of a VirtualService.
            continue;
        }
        let matches: Vec<RouteMatch> = host.routes.iter().map(|route| route.matches.clone()).collect();
        let key = Key {
            table: matches.iter().any(looks_at_authority).then(|| Arc::as_ptr(host).addr()),
            matches,
            gateway: proxy.kind == ProxyKind::Gateway,
            require_tls: host.require_tls,
        };
        let reached =
            known.entry(key).or_insert_with(|| Arc::new(reachability(table, at, proxy.kind))).clone();
        for (route, reach) in host.routes.iter().zip(reached.iter()) {
            let Some(span) = span(route) else { continue };
            let seen = all.entry(span).or_default();
            match &reach.reachable {
                Reachable::Yes => seen.reached = true,
                Reachable::Unknown(why) => {
                    seen.unknown.get_or_insert_with(|| why.clone());
                }
                Reachable::No if reach.hidden_by.is_empty() => {}
                Reachable::No => {
                    seen.hidden.get_or_insert_with(|| {
                        let by = reach.hidden_by.iter().filter_map(|&by| span_of(host.routes.get(by)));
                        let site = Site::Table(table.name.clone());
                        let request = reach.hidden_request.clone();
                        Hidden { by: by.collect(), witness: request.map(|r| site.witness(proxy, r)) }
                    });
                }
            }
        }
    }
}

fn span(route: &Route) -> Option<Span> {
    route.origins.first().map(|origin| origin.span)
}

fn span_of(route: Option<&Route>) -> Option<Span> {
    route.and_then(span)
}

/// Routes that no proxy has at all because an earlier one of their VirtualService takes every request: Istio leaves
/// them out. Their witnesses come from the mesh in which they stand alone.
fn cut_off(mesh: &Mesh, written: &AllWritten<'_>, seen: &BTreeMap<Span, Seen>, found: &mut Vec<Diagnostic>) {
    let unseen = written.values().filter(|route| !seen.contains_key(&route.span));
    let cut: Vec<(&Written<'_>, &Written<'_>)> = unseen
        .filter_map(|route| {
            let before = |by: &&Written<'_>| {
                by.root.meta == route.root.meta
                    && (by.place, by.number) < (route.place, route.number)
                    && seen.contains_key(&by.span)
                    && by.is_catch_all()
                    && (by.audience() == HttpMatch::default() || by.audience() == route.audience())
            };
            Some((route, written.values().filter(before).min_by_key(|by| (by.place, by.number))?))
        })
        .collect();
    if cut.is_empty() {
        return;
    }
    let alone = all_alone(mesh, &cut);
    for (route, by) in cut {
        let witness = alone.get(&route.span).or_else(|| alone.get(&by.span)).cloned();
        found.push(hidden_route::finding(route, &[by], witness, &aliases(route, &[by])));
    }
}

/// A request that each of these routes asks for: compiled again without what cuts them off.
fn all_alone(mesh: &Mesh, cut: &[(&Written<'_>, &Written<'_>)]) -> BTreeMap<Span, Witness> {
    let spans: HashSet<Span> = cut.iter().map(|(route, _)| route.span).collect();
    let roots: HashSet<Span> = cut.iter().map(|(route, _)| route.root.meta.span).collect();
    let mut witnesses = BTreeMap::new();
    for keep_specific in [true, false] {
        let mut changed = mesh.clone();
        for root in changed.virtual_services.iter_mut().filter(|root| roots.contains(&root.meta.span)) {
            let written = Arc::clone(root);
            let root = Arc::make_mut(root);
            root.http.clear();
            for (place, rule) in written.http.iter().enumerate() {
                let mut rule = rule.clone();
                let of_rule = Written {
                    root: &written,
                    owner: &written.meta,
                    rule: &written.http[place],
                    place,
                    condition: None,
                    number: None,
                    span: rule.span,
                };
                let was_plain = rule.route.matches.is_empty();
                rule.route.matches.retain(|condition| {
                    let of_match = Written { condition: Some(condition), span: condition.span, ..of_rule };
                    spans.contains(&condition.span) && of_match.is_catch_all() != keep_specific
                });
                if !rule.route.matches.is_empty() || (was_plain && !keep_specific) {
                    root.http.push(rule);
                }
            }
        }
        let effective = meshc_effective::compile(&changed);
        for proxy in &effective.proxies {
            for table in proxy.tables.values() {
                for (at, host) in table.virtual_hosts.iter().enumerate() {
                    let open = |route: &Route| span(route).is_some_and(|s| !witnesses.contains_key(&s));
                    if !host.routes.iter().any(|route| route.config.is_some() && open(route)) {
                        continue;
                    }
                    for (route, reach) in host.routes.iter().zip(reachability(table, at, proxy.kind)) {
                        let request = reach.witness.or(reach.hidden_request);
                        if let (Some(span), Some(request)) = (span(route), request) {
                            let site = Site::Table(table.name.clone());
                            witnesses.entry(span).or_insert_with(|| site.witness(proxy, request));
                        }
                    }
                }
            }
        }
    }
    witnesses
}

/// The codes with which Istio reports this very finding: it compares the matches of one VirtualService as text.
fn aliases(route: &Written<'_>, by: &[&Written<'_>]) -> Vec<&'static str> {
    if by.is_empty() || by.iter().any(|by| by.root.meta != route.root.meta) || route.rule.delegate.is_some() {
        return Vec::new();
    }
    let root = route.root;
    let earlier = root.http.iter().take(route.place);
    if route.condition.is_none() {
        let second = earlier.clone().any(|rule| rule.route.matches.is_empty());
        return if second { vec!["IST0130"] } else { Vec::new() };
    }
    let unnamed = |condition: &HttpMatch| HttpMatch { name: None, ..condition.clone() };
    let stood_before = |condition: &HttpMatch| {
        earlier.clone().flat_map(|rule| &rule.route.matches).any(|other| unnamed(other) == unnamed(condition))
    };
    let mut aliases = Vec::new();
    if route.rule.route.matches.iter().all(|condition| stood_before(condition)) {
        aliases.push("IST0130");
    }
    let longer_prefix = |condition: &HttpMatch| {
        let rest = |condition: &HttpMatch| HttpMatch { uri: None, ..unnamed(condition) };
        let prefix = |condition: &HttpMatch| {
            condition.uri.as_ref().and_then(|uri| uri.prefix.as_ref()).map(|prefix| prefix.value.clone())
        };
        earlier.clone().flat_map(|rule| &rule.route.matches).any(|other| {
            rest(other) == rest(condition)
                && matches!((prefix(other), prefix(condition)), (Some(a), Some(b)) if b.starts_with(&a))
        })
    };
    if route.condition.is_some_and(|condition| stood_before(condition) || longer_prefix(condition)) {
        aliases.push("IST0131");
    }
    aliases
}
