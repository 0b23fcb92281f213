//! A VirtualService's host that its gateway does not serve.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::Gateway;
use meshc_mesh::hostname::{MESH_GATEWAY, is_covered, qualify, qualify_gateway};
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::list;

use super::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds hosts of a VirtualService that no server of one of its gateways has. A server's host may name the
    /// namespaces whose VirtualServices it takes (`shop/*.example.com`).
    ///
    /// ## What happens to traffic
    /// The gateway has no routes for the host: requests get 404.
    ///
    /// ## Example
    /// A Gateway with `hosts: [shop.example.com]`, and a VirtualService with that gateway and `hosts: [example.com]`.
    ///
    /// ## Use instead
    /// The same host in both, or a wildcard in the Gateway that covers it.
    ///
    /// ## Covers
    /// IST0132 (where no host of the VirtualService is served).
    pub GATEWAY_HOST = "MC1009", "gateway-host", Warning, Mesh,
    "A VirtualService's host that its gateway does not serve",
    ["IST0132"]
}

/// Every host of every VirtualService, for each gateway that exists.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.virtual_services {
        let namespace = object.namespace();
        for written in &object.spec.gateways {
            let full = qualify_gateway(written, namespace);
            if full == MESH_GATEWAY {
                continue;
            }
            let (served, span) = match (context.gateway(&full), context.kubernetes_gateway(&full)) {
                (Some(gateway), _) => (served(gateway, namespace), gateway.meta.span),
                (None, Some(gateway)) => {
                    let hosts = gateway.spec.listeners.iter().map(|listener| listener.hostname.as_ref());
                    let text = |host: Option<&Spanned<String>>| {
                        host.filter(|host| !host.is_empty())
                            .map_or("*", |host| host.value.as_str())
                            .to_owned()
                    };
                    (hosts.map(text).collect(), gateway.name_span())
                }
                (None, None) => continue,
            };
            let hits = |host: &str| served.iter().any(|s| is_covered(host, s) || is_covered(s, host));
            let missing: Vec<_> =
                object.spec.hosts.iter().filter(|host| !hits(&qualify(host, namespace))).collect();
            let none_served = missing.len() == object.spec.hosts.len();
            // A host of the mesh beside one of the gateway is how one VirtualService serves both.
            let for_mesh_too = object.spec.gateways.iter().any(|gateway| gateway.value == MESH_GATEWAY);
            if for_mesh_too && !none_served {
                continue;
            }
            for host in missing {
                let names: Vec<&str> = served.iter().map(String::as_str).collect();
                let message = format!(
                    "Gateway `{full}` does not serve host `{}` for namespace `{namespace}`: requests for it get 404",
                    host.value
                );
                let mut finding = object
                    .finding(&GATEWAY_HOST, host.span, message)
                    .label(span, "the Gateway")
                    .help(if names.is_empty() {
                        format!("it serves no host for namespace `{namespace}`")
                    } else {
                        format!("it serves {}", list(&names))
                    });
                if none_served {
                    finding = finding.alias("IST0132");
                }
                found.push(finding);
            }
        }
    }
}

/// The hosts that a gateway takes from VirtualServices of a namespace.
fn served(gateway: &Gateway, namespace: &str) -> Vec<String> {
    let written = gateway.servers.iter().flat_map(|server| &server.hosts);
    let mut hosts: Vec<String> = written
        .filter_map(|host| match host.split_once('/') {
            None => Some(host.value.clone()),
            Some(("*", host)) => Some(host.to_owned()),
            Some((".", host)) => (gateway.meta.namespace == namespace).then(|| host.to_owned()),
            Some((of, host)) => (of == namespace).then(|| host.to_owned()),
        })
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}
