//! A gateway between networks whose address no file says.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{PodProxy, Unaddressed};

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds gateways to networks, told by the label `topology.istio.io/network` of a Service or Gateway or by
    /// `registryServiceName` in MeshNetworks, whose address no file says, where a proxy of another network reaches endpoints
    /// there. A load balancer's address is in the `status` that the cluster keeps; names istiod looks up.
    ///
    /// ## What happens to traffic
    /// In the cluster the gateway stands for those endpoints, and those without mutual TLS are left out. What is said here of
    /// those endpoints (`meshc show … endpoints`, bundles, whether any is left) is as without the gateway.
    ///
    /// ## Example
    /// ```yaml
    /// kind: Service
    /// metadata: {name: eastward, labels: {topology.istio.io/network: east}}
    /// spec: {type: LoadBalancer, ports: [{name: tls, port: 15443}]}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// kind: Service
    /// metadata: {name: eastward, labels: {topology.istio.io/network: east}}
    /// spec: {type: LoadBalancer, externalIPs: [203.0.113.7], ports: [{name: tls, port: 15443}]}
    /// ```
    pub UNADDRESSED_GATEWAY = "MC1612", "unaddressed-gateway", Warning, Mesh,
    "A gateway between networks whose address no file says",
    []
}

/// Every gateway without an address, where it matters.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for gateway in context.mesh.networks.unaddressed() {
        let endpoints = endpoints(context, gateway);
        if endpoints > 0 && is_asked(context, gateway) {
            let meta = gateway.meta.as_ref().or(context.mesh.config.meta.as_ref());
            let finding = finding(gateway, endpoints);
            found.push(match meta {
                Some(meta) => finding.resource(meta.kind, Some(&meta.namespace), &meta.name),
                None => finding,
            });
        }
    }
}

/// How many endpoints are in its network.
fn endpoints(context: &Context<'_>, gateway: &Unaddressed) -> usize {
    let all = context.mesh.services.iter().flat_map(|service| &service.endpoints);
    let there = all.filter(|endpoint| endpoint.network == gateway.network);
    let addresses: std::collections::BTreeSet<&str> =
        there.map(|endpoint| endpoint.address.as_str()).collect();
    addresses.len()
}

/// Whether a proxy of another network is there.
fn is_asked(context: &Context<'_>, gateway: &Unaddressed) -> bool {
    let mut proxies = context.mesh.pods.iter().filter(|pod| pod.proxy != PodProxy::None);
    proxies.any(|pod| pod.proxy_network != gateway.network)
}

fn finding(gateway: &Unaddressed, endpoints: usize) -> Diagnostic {
    let Unaddressed { network, text, name, span, .. } = gateway;
    let many = if endpoints == 1 { "endpoint is".to_owned() } else { format!("{endpoints} endpoints are") };
    let why = match name {
        Some(name) => format!("is known by the name `{name}`, which istiod looks up"),
        None => "has an address that no file says".to_owned(),
    };
    let message = format!(
        "the gateway to the network `{network}`, {text}, {why}: its {many} shown here as reached without it"
    );
    Diagnostic::new(&UNADDRESSED_GATEWAY, *span, message).help(
        "write an IP address into `externalIPs` or `status.loadBalancer` of the Service, into `addresses` of the Gateway, or \
         as `address` into MeshNetworks; tests may take any",
    )
}
