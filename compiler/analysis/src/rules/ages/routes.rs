//! Routes of several resources for one host.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::hostname::MESH_GATEWAY;
use meshc_mesh::{HttpRule, Meta, Semantics, VirtualService};
use meshc_resources::istio::{HttpMatch, StringMatch};
use meshc_syntax::de::Spanned;

use super::contest::{Contest, pairs};
use crate::rules::context::Context;
use crate::rules::routing::seen_together;

/// A route with the resource that has it.
struct Route<'a> {
    by: &'a VirtualService,
    rule: &'a HttpRule,
    owner: &'a Meta,
    takes_all: bool,
}

pub(super) fn find(context: &Context<'_>, found: &mut Vec<Contest>) {
    let mut groups: BTreeMap<(&str, String), Vec<&Arc<VirtualService>>> = BTreeMap::new();
    for by in &context.mesh.virtual_services {
        for gateway in &by.gateways {
            for host in &by.hosts {
                let group = groups.entry((gateway, host.to_ascii_lowercase())).or_default();
                if group.last().is_none_or(|last| last.meta != by.meta) {
                    group.push(by);
                }
            }
        }
    }
    for ((gateway, host), group) in groups {
        if gateway == MESH_GATEWAY {
            followed(&host, &group, found);
            for by in group.iter().filter(|by| by.semantics == Semantics::GatewayApi) {
                merged(&format!("ask for requests to `{host}` in the mesh"), &[by], found);
            }
        } else {
            let name =
                context.mesh.gateway(gateway).map_or_else(|| gateway.to_owned(), |of| of.meta.to_string());
            merged(&format!("ask for requests to `{host}` at {name}"), &group, found);
        }
    }
}

/// Sidecars follow one of them. One that is exported by name comes before one for all, whatever its age.
fn followed(host: &str, group: &[&Arc<VirtualService>], found: &mut Vec<Contest>) {
    let meeting = format!("are for `{host}` in the mesh");
    let alike = |a: &VirtualService, b: &VirtualService| {
        a.semantics == b.semantics && a.export_to.is_public() == b.export_to.is_public()
    };
    let meet = |a: &&Arc<VirtualService>, b: &&Arc<VirtualService>| {
        let differ = a.http != b.http || a.tls != b.tls || a.tcp != b.tcp;
        (differ && alike(a, b) && seen_together(a, b)).then(|| Contest::new(&a.meta, &b.meta, &meeting))
    };
    pairs(group, meet, found);
}

/// All of their routes are tried, those of the older first where nothing else orders them.
fn merged(meeting: &str, group: &[&Arc<VirtualService>], found: &mut Vec<Contest>) {
    let mut routes = Vec::new();
    for by in group {
        for rule in &by.http {
            let owner = rule.made_of.as_ref().unwrap_or(&by.meta);
            routes.push(Route { by, rule, owner, takes_all: takes_all(rule) });
        }
    }
    let meet = |a: &Route<'_>, b: &Route<'_>| {
        let other = a.owner.span != b.owner.span;
        let met = other && ordered_by_age(a, b) && may_meet(a, b) && !equal(a, b);
        met.then(|| Contest::new(a.owner, b.owner, meeting))
    };
    pairs(&routes, meet, found);
}

/// Whether nothing but age orders two routes.
fn ordered_by_age(a: &Route<'_>, b: &Route<'_>) -> bool {
    if a.by.semantics != b.by.semantics {
        return false;
    }
    match a.by.semantics {
        Semantics::GatewayApi => meshc_mesh::are_equally_specific(a.rule, b.rule),
        // Routes for everything are tried last.
        _ => a.takes_all == b.takes_all && seen_together(a.by, b.by),
    }
}

/// Whether both do the same.
fn equal(a: &Route<'_>, b: &Route<'_>) -> bool {
    let bare = |rule: &HttpRule| meshc_resources::istio::HttpRoute {
        name: None,
        matches: Vec::new(),
        ..rule.route.clone()
    };
    bare(a.rule) == bare(b.rule)
}

fn takes_all(rule: &HttpRule) -> bool {
    let root = |text: &StringMatch| text.prefix.as_ref().is_some_and(|prefix| prefix.value == "/");
    let all = |condition: &HttpMatch| {
        condition.uri.as_ref().is_none_or(|uri| root(uri))
            && HttpMatch {
                uri: None,
                name: None,
                gateways: Vec::new(),
                stat_prefix: None,
                ..condition.clone()
            } == HttpMatch::default()
    };
    let matches = &rule.route.matches;
    matches.is_empty() || matches.iter().any(|condition| all(condition))
}

/// Whether some request may be one for both: false is certain.
fn may_meet(a: &Route<'_>, b: &Route<'_>) -> bool {
    let (of_a, of_b) = (&a.rule.route.matches, &b.rule.route.matches);
    let everything = of_a.is_empty() || of_b.is_empty();
    everything || of_a.iter().any(|one| of_b.iter().any(|other| !are_apart(one, other)))
}

fn are_apart(a: &HttpMatch, b: &HttpMatch) -> bool {
    let both = |x: &Option<Spanned<StringMatch>>, y: &Option<Spanned<StringMatch>>| match (x, y) {
        (Some(x), Some(y)) => texts_are_apart(x, y),
        _ => false,
    };
    let named = |a: &indexmap::IndexMap<Spanned<String>, Spanned<StringMatch>>,
                 b: &indexmap::IndexMap<Spanned<String>, Spanned<StringMatch>>| {
        a.iter().any(|(key, value)| b.get(key.value.as_str()).is_some_and(|of| texts_are_apart(value, of)))
    };
    both(&a.uri, &b.uri)
        || both(&a.scheme, &b.scheme)
        || both(&a.method, &b.method)
        || both(&a.authority, &b.authority)
        || named(&a.headers, &b.headers)
        || named(&a.query_params, &b.query_params)
        || a.port.as_ref().zip(b.port.as_ref()).is_some_and(|(a, b)| a != b)
}

/// Whether no text is one for both, whatever its case.
fn texts_are_apart(a: &StringMatch, b: &StringMatch) -> bool {
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.to_ascii_lowercase());
    let (a, b) = ((text(&a.exact), text(&a.prefix)), (text(&b.exact), text(&b.prefix)));
    match (a, b) {
        ((Some(a), _), (Some(b), _)) => a != b,
        ((Some(exact), _), (None, Some(prefix))) | ((None, Some(prefix)), (Some(exact), _)) => {
            !exact.starts_with(prefix.trim_end_matches('/'))
        }
        ((None, Some(a)), (None, Some(b))) => !a.starts_with(&b) && !b.starts_with(&a),
        _ => false,
    }
}
