//! TLS and TCP routes that Istio refuses.

use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::route_host::gateway_domain;
use crate::Object;
use crate::istio::{RouteDestination, VirtualService};
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds TLS and TCP routes without destinations, TLS conditions without server names or with ones that are none of the
    /// VirtualService's hosts, subnets that are no addresses, ports that are none, and weights below zero or whose sum is zero.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: [shop.example.com]
    /// tls:
    ///   - match: [{sniHosts: [other.example.com]}]
    ///     route: [{destination: {host: shop}}]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [shop.example.com]
    /// tls:
    ///   - match: [{sniHosts: [shop.example.com]}]
    ///     route: [{destination: {host: shop}}]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses) and IST0133 (what Istio's webhook warns of).
    pub CONNECTION_ROUTE = "MC0259", "connection-route", Error, Document,
    "A TLS or TCP route that Istio refuses",
    ["IST0106", "IST0133"]
}

/// Those of all TLS and TCP routes.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &CONNECTION_ROUTE, found };
    for route in &object.spec.tls {
        if route.matches.is_empty() {
            refusals.at(route.span, "a TLS route needs a condition");
        }
        for condition in &route.matches {
            if condition.sni_hosts.is_empty() {
                refusals.at(condition.span, "a TLS condition needs server names");
            }
            for host in &condition.sni_hosts {
                server_name(&mut refusals, host);
            }
            places(&mut refusals, &condition.destination_subnets, condition.port.as_ref());
        }
        destinations(&mut refusals, route.span, "TLS", &route.route);
    }
    for route in &object.spec.tcp {
        for condition in &route.matches {
            places(&mut refusals, &condition.destination_subnets, condition.port.as_ref());
        }
        destinations(&mut refusals, route.span, "TCP", &route.route);
    }
}

/// A name within the hosts of the VirtualService. An address is accepted, though no client asks for one.
fn server_name(refusals: &mut Refusals<'_, VirtualService>, name: &Spanned<String>) {
    let object = refusals.object;
    let for_gateways = !object.spec.gateways.iter().any(|gateway| gateway.value == "mesh");
    let wrong = if for_gateways { gateway_domain(true, name) } else { names::wildcard_domain(name) };
    match wrong {
        Some(_) if name.parse::<IpAddr>().is_ok() => {
            let message = format!(
                "`{}`: TLS has no addresses as server names, so that no client asks for it",
                name.value
            );
            let finding = object.finding(&CONNECTION_ROUTE, name.span, message);
            refusals.found.push(finding.severity(Severity::Warning));
        }
        Some(why) => refusals.at(name.span, format!("`{}`: {why}", name.value)),
        None if object.spec.hosts.iter().any(|host| is_within(name, host)) => {}
        None => refusals.at(name.span, format!("`{}` is within none of the hosts", name.value)),
    }
}

/// Whether every name that `inner` covers is covered by `outer`.
fn is_within(inner: &str, outer: &str) -> bool {
    match (inner.strip_prefix('*'), outer.strip_prefix('*')) {
        (Some(inner_suffix), Some(suffix)) => inner.len() >= outer.len() && inner_suffix.ends_with(suffix),
        (Some(_), None) => false,
        (None, Some(suffix)) => inner.ends_with(suffix),
        (None, None) => inner == outer,
    }
}

fn places(
    refusals: &mut Refusals<'_, VirtualService>,
    subnets: &[Spanned<String>],
    port: Option<&Spanned<u32>>,
) {
    for subnet in subnets {
        refusals.maybe(subnet.span, names::ip_block(subnet));
    }
    if let Some(port) = port.filter(|port| port.value != 0) {
        refusals.maybe(port.span, names::port(i64::from(port.value)));
    }
}

fn destinations(
    refusals: &mut Refusals<'_, VirtualService>,
    span: Span,
    what: &str,
    route: &[Spanned<RouteDestination>],
) {
    if route.is_empty() {
        refusals.at(span, format!("a {what} route needs a destination"));
    }
    let mut sum = 0_i32;
    for weight in route.iter().filter_map(|part| part.weight.as_ref()) {
        if weight.value < 0 {
            refusals.at(weight.span, format!("the weight {} is below zero", weight.value));
        }
        sum = sum.wrapping_add(weight.value);
    }
    if route.len() > 1 && sum == 0 {
        refusals.at(span, "the weights of these destinations add up to zero");
    }
}
