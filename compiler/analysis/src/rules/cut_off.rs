//! Routes that no proxy has at all because an earlier one of their VirtualService takes every request: Istio leaves them
//! out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Witness};
use meshc_effective::model::{Route, VirtualHost};
use meshc_mesh::{Mesh, VirtualService};
use meshc_resources::istio::HttpMatch;
use meshc_source::Span;

use super::hidden_route;
use super::originals::aliases;
use super::routes::{AllWritten, Seen, Written, span};
use crate::reach::{Reached, Site};

/// The findings. Their witnesses come from the mesh in which those routes stand alone.
pub(super) fn check(
    mesh: &Mesh,
    written: &AllWritten<'_>,
    seen: &BTreeMap<Span, Seen>,
    found: &mut Vec<Diagnostic>,
) {
    let mut by_root: HashMap<*const VirtualService, Vec<&Written<'_>>> = HashMap::new();
    for route in written.values() {
        by_root.entry(std::ptr::from_ref(route.root)).or_default().push(route);
    }
    let of_root = |route: &Written<'_>| by_root.get(&std::ptr::from_ref(route.root)).into_iter().flatten();
    let unseen = written.values().filter(|route| !seen.contains_key(&route.span));
    let cut: Vec<(&Written<'_>, &Written<'_>)> = unseen
        .filter_map(|route| {
            let before = |by: &&&Written<'_>| {
                (by.place, by.number) < (route.place, route.number)
                    && seen.contains_key(&by.span)
                    && by.is_catch_all()
                    && (by.audience() == HttpMatch::default() || by.audience() == route.audience())
            };
            Some((route, *of_root(route).filter(before).min_by_key(|by| (by.place, by.number))?))
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
        let open = |route: &Route| span(route).is_some_and(|s| !witnesses.contains_key(&s));
        let is_open = |host: &VirtualHost| host.routes.iter().any(|r| r.config.is_some() && open(r));
        let reached = Reached::of(&effective, is_open);
        for met in reached.hosts() {
            for (route, reach) in met.routes() {
                let request = reach.witness.as_ref().or(reach.hidden_request.as_ref());
                if let (Some(span), Some(request)) = (span(route), request) {
                    let site = Site::Table(met.table.name.clone());
                    witnesses.entry(span).or_insert_with(|| site.witness(met.proxy, met.named(request)));
                }
            }
        }
    }
    witnesses
}
