//! A match on a port that no request comes to.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::hostname::qualify_gateway;
use meshc_resources::Object;
use meshc_resources::istio::VirtualService;
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::list;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds `port` in the matches of VirtualServices where none of the services behind its hosts, or none of the servers of
    /// its gateways, has such a port.
    ///
    /// ## What happens to traffic
    /// The match holds for no request: the next route takes them.
    ///
    /// ## Example
    /// ```yaml
    /// match:
    ///   - port: 80       # the Service has 8080
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// match:
    ///   - port: 8080
    /// ```
    pub MATCH_PORT = "MC1552", "match-port", Warning, Mesh,
    "A match on a port that no request comes to",
    []
}

/// Every match on a port.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let spec = &object.spec;
        let http = spec.http.iter().flat_map(|r| &r.matches).map(|m| (m.port.as_ref(), &m.gateways));
        let tls = spec.tls.iter().flat_map(|r| &r.matches).map(|m| (m.port.as_ref(), &m.gateways));
        let tcp = spec.tcp.iter().flat_map(|r| &r.matches).map(|m| (m.port.as_ref(), &m.gateways));
        for (port, own) in http.chain(tls).chain(tcp) {
            let Some(port) = port.filter(|port| port.value != 0) else { continue };
            let gateways = if own.is_empty() { &spec.gateways } else { own };
            let Some(known) = known(context, object, gateways) else { continue };
            if known.contains(&port.value) {
                continue;
            }
            let numbers: Vec<String> = known.iter().map(ToString::to_string).collect();
            let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
            let message = format!("no request comes to port {}: this match holds for none", port.value);
            let there = list(&numbers).replace(" or ", " and ");
            let finding = object.finding(&MATCH_PORT, port.span, message);
            found.push(finding.help(format!("the ports are {there}")));
        }
    }
}

/// The ports that requests can come to; none where the tree does not say it all.
fn known(
    context: &Context<'_>,
    object: &Object<VirtualService>,
    gateways: &[Spanned<String>],
) -> Option<BTreeSet<u32>> {
    let mut known = BTreeSet::new();
    if gateways.is_empty() || gateways.iter().any(|gateway| gateway.value == "mesh") {
        for host in &object.spec.hosts {
            let service = context.service(host, object.namespace())?;
            known.extend(service.ports.iter().map(|port| u32::from(port.number)));
        }
    }
    for name in gateways.iter().filter(|gateway| gateway.value != "mesh") {
        let gateway = context.gateway(&qualify_gateway(name, object.namespace()))?;
        let ports = gateway.servers.iter().filter_map(|server| server.port.as_ref()?.number.as_ref());
        known.extend(ports.map(|number| number.value));
    }
    (!known.is_empty()).then_some(known)
}
