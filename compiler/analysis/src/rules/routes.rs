//! The rules about routes: what reachability in every proxy's tables says about each route that is written.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Witness};
use meshc_effective::model::{Route, VirtualHost};
use meshc_mesh::{HttpRule, Mesh, Meta, VirtualService};
use meshc_resources::istio::HttpMatch;
use meshc_source::Span;

use super::originals::aliases;
use super::{cut_off, hidden_route, impossible_match, undecided_route};
use crate::reach::{Met, Reachable, Reached, RouteReach, Site};

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
    pub(super) number: Option<usize>,
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
    pub(super) fn audience(&self) -> HttpMatch {
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
pub(super) struct Seen {
    reached: bool,
    unknown: Option<String>,
    hidden: Option<Hidden>,
}

struct Hidden {
    by: Vec<Span>,
    witness: Option<Witness>,
}

impl Reached<'_> {
    /// The findings about routes: hidden ones, impossible ones and undecided ones, each written route once. Routes that no
    /// proxy of the tree has are the business of [`Reached::check_lone_routes`].
    pub fn check_routes(&self, mesh: &Mesh) -> Vec<Diagnostic> {
        judge(mesh, &all_seen(self))
    }
}

/// What the tables say, as findings about what is written.
pub(super) fn judge(mesh: &Mesh, seen: &BTreeMap<Span, Seen>) -> Vec<Diagnostic> {
    let written = all_written(mesh);
    let normalization = mesh.config.written.path_normalization.as_ref();
    let how =
        normalization.and_then(|how| how.normalization.as_ref()).map(|how| how.value).unwrap_or_default();
    let mut found = Vec::new();
    for (span, what) in seen {
        let Some(route) = written.get(span) else { continue };
        if what.reached {
            continue;
        }
        if let Some(why) = &what.unknown {
            found.push(undecided_route::finding(route, why));
        } else if let Some(hidden) = &what.hidden {
            let by: Vec<&Written<'_>> = hidden.by.iter().filter_map(|span| written.get(span)).collect();
            // Defaults of several VirtualServices at a gateway are reported where they are merged.
            let second_default = !by.is_empty()
                && route.is_catch_all()
                && by.iter().all(|by| by.is_catch_all() && by.root.meta != route.root.meta);
            if !second_default {
                let aliases = aliases(route, &by);
                found.push(hidden_route::finding(route, &by, hidden.witness.clone(), &aliases));
            }
        } else {
            found.push(impossible_match::finding(route, how));
        }
    }
    cut_off::check(mesh, &written, seen, &mut found);
    found
}

pub(super) type AllWritten<'m> = BTreeMap<Span, Written<'m>>;

pub(super) fn all_written(mesh: &Mesh) -> AllWritten<'_> {
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

/// What all tables of all proxies say, by where the routes are written.
pub(super) fn all_seen(reached: &Reached<'_>) -> BTreeMap<Span, Seen> {
    let mut all: BTreeMap<Span, Seen> = BTreeMap::new();
    for met in reached.hosts().iter().filter(|met| of_virtual_services(met.host())) {
        for (route, reach) in met.routes() {
            let Some(span) = span(route) else { continue };
            let seen = all.entry(span).or_default();
            match &reach.reachable {
                Reachable::Yes => seen.reached = true,
                Reachable::Unknown(why) => {
                    seen.unknown.get_or_insert_with(|| why.clone());
                }
                Reachable::No => {
                    // A patch may have moved what hides it.
                    if let Some(doubt) = &met.doubt {
                        seen.unknown.get_or_insert_with(|| doubt.clone());
                    }
                    if met.is_certain && !reach.hidden_by.is_empty() {
                        seen.hidden.get_or_insert_with(|| hidden(met, reach));
                    }
                }
            }
        }
    }
    all
}

/// Whether a virtual host has a route of a VirtualService.
pub(super) fn of_virtual_services(host: &VirtualHost) -> bool {
    host.routes.iter().any(|route| route.config.is_some())
}

fn hidden(met: &Met<'_>, reach: &RouteReach) -> Hidden {
    let by = reach.hidden_by.iter().filter_map(|&by| span_of(met.host().routes.get(by)));
    let site = Site::Table(met.table.name.clone());
    let request = reach.hidden_request.as_ref();
    Hidden { by: by.collect(), witness: request.map(|r| site.witness(met.proxy, met.named(r))) }
}

/// Where a route is written.
pub(super) fn span(route: &Route) -> Option<Span> {
    route.origins.first().map(|origin| origin.span)
}

fn span_of(route: Option<&Route>) -> Option<Span> {
    route.and_then(span)
}
