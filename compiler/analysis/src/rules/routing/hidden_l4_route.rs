//! A TCP or TLS route that the routes before it leave no connection.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::is_covered;
use meshc_resources::Object;
use meshc_resources::istio::{L4Match, TlsMatch, VirtualService};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `tcp` and `tls` routes of VirtualServices that no connection reaches, because one earlier route takes every
    /// connection that they ask for: by its port, server names, subnets, callers and gateways. (For `http` routes
    /// `MC2001` tells it of all requests.)
    ///
    /// ## What happens to traffic
    /// None arrives: the connections go where the earlier route sends them.
    ///
    /// ## Example
    /// ```yaml
    /// tls:
    ///   - match: [{port: 443, sniHosts: ["*.example.com"]}]
    ///     route: [{destination: {host: one.example.com}}]
    ///   - match: [{port: 443, sniHosts: [two.example.com]}]
    ///     route: [{destination: {host: two.example.com}}]
    /// ```
    ///
    /// ## Use instead
    /// The narrower one first.
    ///
    /// ## Covers
    /// IST0130 (a second route without `match`, or one whose matches all stand earlier) and IST0131 (the same match
    /// again). Istio compares matches as text.
    pub HIDDEN_L4_ROUTE = "MC1425", "hidden-l4-route", Warning, Mesh,
    "A TCP or TLS route that the routes before it leave no connection",
    ["IST0130", "IST0131"]
}

/// What decides which connections a match takes.
#[derive(PartialEq)]
struct Asked<'a> {
    port: Option<u32>,
    server_names: Vec<&'a str>,
    subnets: Vec<&'a str>,
    source: Option<&'a str>,
    labels: Vec<(&'a str, &'a str)>,
    gateways: Vec<&'a str>,
    namespace: Option<&'a str>,
}

/// A route: its matches, none for one that takes all.
struct Route<'a> {
    matches: Vec<(Asked<'a>, Span)>,
    span: Span,
}

/// Every `tcp` and `tls` route.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let tcp: Vec<Route<'_>> = object
            .spec
            .tcp
            .iter()
            .map(|route| Route {
                matches: route.matches.iter().map(|m| (of_tcp(m), m.span)).collect(),
                span: route.span,
            })
            .collect();
        let tls: Vec<Route<'_>> = object
            .spec
            .tls
            .iter()
            .map(|route| Route {
                matches: route.matches.iter().map(|m| (of_tls(m), m.span)).collect(),
                span: route.span,
            })
            .collect();
        judge(object, "tcp", &tcp, found);
        judge(object, "tls", &tls, found);
    }
}

fn judge(object: &Object<VirtualService>, kind: &str, routes: &[Route<'_>], found: &mut Vec<Diagnostic>) {
    for (number, route) in routes.iter().enumerate() {
        let before = routes.get(..number).unwrap_or_default();
        let all = before.iter().position(|earlier| earlier.matches.is_empty());
        let tell = |path: String, span: Span, by: usize, of: Span, aliases: &[&'static str]| {
            let message =
                format!("{path} is never taken: {kind}[{by}] takes every connection that it asks for");
            let finding = object
                .finding(&HIDDEN_L4_ROUTE, span, message)
                .label(of, "takes them all")
                .help(format!("put it before {kind}[{by}], or narrow what that matches, or remove it"));
            aliases.iter().fold(finding, |finding, alias| finding.alias(alias))
        };
        if route.matches.is_empty() {
            if let Some(by) = all {
                let of = before.get(by).map_or(route.span, |earlier| earlier.span);
                found.push(tell(format!("{kind}[{number}]"), route.span, by, of, &["IST0130"]));
            }
            continue;
        }
        let stood =
            |asked: &Asked<'_>| before.iter().flat_map(|r| &r.matches).any(|(other, _)| other == asked);
        let all_stood = route.matches.iter().all(|(asked, _)| stood(asked));
        for (m, (asked, span)) in route.matches.iter().enumerate() {
            let path = format!("{kind}[{number}].match[{m}]");
            if let Some(by) = all {
                let of = before.get(by).map_or(*span, |earlier| earlier.span);
                found.push(tell(path, *span, by, of, &["IST0130"]));
                continue;
            }
            let mut earlier =
                before.iter().enumerate().flat_map(|(by, r)| r.matches.iter().map(move |m| (by, m)));
            let Some((by, (_, of))) = earlier.find(|(_, (other, _))| covers(other, asked)) else { continue };
            let aliases: &[&'static str] = match (stood(asked), all_stood) {
                (true, true) => &["IST0131", "IST0130"],
                (true, false) => &["IST0131"],
                (false, _) => &[],
            };
            found.push(tell(path, *span, by, *of, aliases));
        }
    }
}

/// Whether the first takes every connection that the second asks for.
fn covers(first: &Asked<'_>, second: &Asked<'_>) -> bool {
    let within = |wide: &[&str], narrow: &[&str]| {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|entry| wide.contains(entry)))
    };
    let same = |wide: Option<&str>, narrow: Option<&str>| wide.is_none() || wide == narrow;
    let name = |narrow: &&&str| first.server_names.iter().any(|wide| is_covered(narrow, wide));
    (first.port.is_none() || first.port == second.port)
        && (first.server_names.is_empty()
            || (!second.server_names.is_empty()
                && second.server_names.iter().filter(name).count() == second.server_names.len()))
        && within(&first.subnets, &second.subnets)
        && same(first.source, second.source)
        && first.labels.iter().all(|label| second.labels.contains(label))
        && within(&first.gateways, &second.gateways)
        && same(first.namespace, second.namespace)
}

fn texts(list: &[Spanned<String>]) -> Vec<&str> {
    list.iter().map(|text| text.value.as_str()).collect()
}

fn of_tcp(m: &L4Match) -> Asked<'_> {
    Asked {
        port: m.port.as_ref().map(|port| port.value),
        server_names: Vec::new(),
        subnets: texts(&m.destination_subnets),
        source: m.source_subnet.as_ref().map(|subnet| subnet.value.as_str()),
        labels: m.source_labels.iter().map(|(k, v)| (k.value.as_str(), v.value.as_str())).collect(),
        gateways: texts(&m.gateways),
        namespace: m.source_namespace.as_ref().map(|namespace| namespace.value.as_str()),
    }
}

fn of_tls(m: &TlsMatch) -> Asked<'_> {
    Asked {
        port: m.port.as_ref().map(|port| port.value),
        server_names: texts(&m.sni_hosts),
        subnets: texts(&m.destination_subnets),
        source: None,
        labels: m.source_labels.iter().map(|(k, v)| (k.value.as_str(), v.value.as_str())).collect(),
        gateways: texts(&m.gateways),
        namespace: m.source_namespace.as_ref().map(|namespace| namespace.value.as_str()),
    }
}
