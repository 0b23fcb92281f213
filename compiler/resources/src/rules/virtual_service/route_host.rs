//! Hosts of VirtualServices that Istio refuses.

use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds hosts of a VirtualService that are no DNS names (with a wildcard as the first part, if any) and no
    /// addresses, that stand there twice, one covered by another's wildcard included, and `*` for the mesh.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: ["*.example.com", shop.example.com]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: ["*.example.com"]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub ROUTE_HOST = "MC0250", "route-host", Error, Document,
    "A host of a VirtualService that Istio refuses",
    ["IST0106"]
}

/// Each host is a name or an address, and none covers another.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &ROUTE_HOST, found };
    let for_gateways = super::is_for_gateways(object);
    let by_name = object.spec.tls.iter().flat_map(|route| &route.matches).any(|m| !m.sni_hosts.is_empty());
    let mut valid = true;
    for host in &object.spec.hosts {
        let wrong = if for_gateways { gateway_domain(by_name, host) } else { names::wildcard_domain(host) };
        if let Some(why) = wrong {
            if host.parse::<IpAddr>().is_err() {
                valid = false;
                refusals.at(host.span, format!("`{}`: {why}", host.value));
            }
        } else if !for_gateways && host.value == "*" {
            valid = false;
            refusals.at(host.span, "the host `*` is for gateways alone, not for the mesh");
        }
    }
    if !valid {
        return;
    }
    for (index, host) in object.spec.hosts.iter().enumerate() {
        let mut others = object.spec.hosts.iter().skip(index + 1);
        if let Some(other) = others.find(|other| overlaps(host, other)) {
            refusals.at(other.span, format!("`{}` is covered by `{}`", other.value, host.value));
        }
    }
}

/// Whether some name is covered by both, Istio's `Name.Matches`.
fn overlaps(a: &str, b: &str) -> bool {
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (Some(a_suffix), Some(b_suffix)) if a.len() < b.len() => b_suffix.ends_with(a_suffix),
        (Some(a_suffix), Some(b_suffix)) => a_suffix.ends_with(b_suffix),
        (Some(suffix), None) => b.ends_with(suffix),
        (None, Some(suffix)) => a.ends_with(suffix),
        (None, None) => a == b,
    }
}

/// A name for a gateway; where server names are routed by, also one that encodes a cluster:
/// `outbound_.PORT_.SUBSET_.HOST`.
pub(super) fn gateway_domain(by_name: bool, host: &str) -> Option<String> {
    if host.len() > 255 || !by_name || !host.starts_with("outbound_") {
        return names::wildcard_domain(host);
    }
    let parts: Vec<&str> = host.split('_').collect();
    let (Some(port), Some(name)) = (parts.get(1), parts.get(3)) else {
        return Some("it must be of the form outbound_.PORT_._.HOST".to_owned());
    };
    let has = |text: &str, is: fn(&char) -> bool| text.trim_matches('.').chars().any(|c| is(&c));
    (!has(port, char::is_ascii_digit) || !has(name, char::is_ascii_alphabetic))
        .then(|| "it must be of the form outbound_.PORT_._.HOST".to_owned())
}
