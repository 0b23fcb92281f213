//! A host that two Gateways serve on one port of one workload.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_mesh::{Gateway, PodProxy};
use meshc_resources::istio::Server;
use meshc_syntax::de::Spanned;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds hosts that servers of several Gateways of one workload have on the same port and address. It is an error where
    /// the servers speak different protocols, and an info otherwise: Istio merges plain HTTP servers, and of servers with
    /// TLS for one host the oldest is kept (`MC1302` tells that one).
    ///
    /// ## What happens to traffic
    /// A port of a gateway speaks one protocol, that of the oldest Gateway: what the others ask for is left out.
    ///
    /// ## Example
    /// Two Gateways with `selector: {istio: ingressgateway}` and `hosts: [shop.example.com]` on port 80, one with
    /// `protocol: HTTP`, one with `protocol: TCP`.
    ///
    /// ## Use instead
    /// One Gateway for the host and port, that VirtualServices of other namespaces name as `NAMESPACE/NAME`.
    ///
    /// ## Covers
    /// IST0145 and KIA0301. Kiali also takes wildcards for conflicts with the hosts that they cover; the closest host
    /// wins, so that there is none.
    pub SHARED_SERVER = "MC1402", "shared-server", Error, Mesh,
    "A host that two Gateways serve on one port of one workload",
    ["IST0145", "KIA0301"]
}

/// A host of a server.
struct Served<'a> {
    gateway: &'a Arc<Gateway>,
    server: &'a Server,
    host: &'a Spanned<String>,
}

/// Every host of every Gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut by_host: BTreeMap<(u32, &str, &str), Vec<Served<'_>>> = BTreeMap::new();
    for gateway in &context.mesh.gateways {
        for server in &gateway.servers {
            let Some(number) = server.port.as_ref().and_then(|port| port.number.as_ref()) else { continue };
            for host in &server.hosts {
                let key = (number.value, super::bind(server), host.value.as_str());
                by_host.entry(key).or_default().push(Served { gateway, server, host });
            }
        }
    }
    for ((number, _, host), all) in by_host.iter().filter(|(_, all)| all.len() > 1) {
        for (place, served) in all.iter().enumerate() {
            let others = all.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
            let mut met = others
                .filter(|other| other.gateway.meta != served.gateway.meta)
                .filter(|other| share_pods(context, served.gateway, other.gateway));
            let Some(first) = met.next() else { continue };
            let differs = |other: &&Served<'_>| super::family(other.server) != super::family(served.server);
            let other = [first].into_iter().chain(met).find(differs).unwrap_or(first);
            found.push(finding(*number, host, served, other));
        }
    }
}

fn finding(number: u32, host: &str, served: &Served<'_>, other: &Served<'_>) -> Diagnostic {
    let (own, of_other) = (super::family(served.server), super::family(other.server));
    let (what, severity) = if own == of_other {
        ("its servers and those here are merged".to_owned(), Severity::Info)
    } else {
        (
            format!("{of_other} there and {own} here: the port speaks what the older Gateway says"),
            Severity::Error,
        )
    };
    let message =
        format!("{} serves `{host}` on port {number} of the same workload too: {what}", other.gateway.meta);
    super::finding(&SHARED_SERVER, &served.gateway.meta, served.host.span, message)
        .severity(severity)
        .label(other.host.span, "served here too")
        .help("keep the host in one Gateway; VirtualServices of other namespaces name it as `NAMESPACE/NAME`")
        .alias("IST0145")
        .alias("KIA0301")
}

/// Whether one workload follows both.
fn share_pods(context: &Context<'_>, one: &Gateway, other: &Gateway) -> bool {
    if one.selector == other.selector {
        return true;
    }
    let clash = one.selector.iter().any(|(k, v)| other.selector.get(k).is_some_and(|o| o != v));
    !clash
        && context
            .pods
            .selected(None, &one.selector)
            .any(|pod| pod.proxy == PodProxy::Gateway && other.selects(&pod.labels))
}
