//! Hosts of servers, and names of Gateways, that Istio refuses.

use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::Gateway;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds hosts of a Gateway's servers that are neither `*`, a full name (with `*.` in front, if any) nor an address, with
    /// `NAMESPACE/`, `./` or `*/` in front, if any; and names of Gateways with dots.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Gateway; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// hosts: [shop]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// hosts: [shop.example.com]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub SERVER_HOST = "MC0275", "server-host", Error, Document,
    "A host of a Gateway that Istio refuses",
    ["IST0106"]
}

/// Each host of each server.
pub(crate) fn check(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &SERVER_HOST, found };
    // Istio makes such of Gateways of the Gateway API, with names and hosts of its own.
    let converted = object.metadata.annotation("internal.istio.io/gateway-semantics") == Some("gateway");
    if !converted && !names::is_label(object.name()) {
        refusals.at(
            object.name_span(),
            format!("`{}` is no name of a Gateway: it has only letters, digits and dashes", object.name()),
        );
    }
    for host in object.spec.servers.iter().flat_map(|server| &server.hosts) {
        refusals.maybe(host.span, problem(host, converted).map(|why| format!("`{}`: {why}", host.value)));
    }
}

fn problem(text: &str, converted: bool) -> Option<String> {
    let Some((namespace, host)) = text.split_once('/') else { return of_host(text) };
    if namespace.is_empty() || host.is_empty() {
        return Some("neither the namespace nor the host may be empty".to_owned());
    }
    let of_none = converted && namespace == "~";
    if !of_none && !matches!(namespace, "*" | ".") && !names::is_label(namespace) {
        return Some(format!("`{namespace}` is no namespace"));
    }
    of_host(host)
}

fn of_host(host: &str) -> Option<String> {
    if host != "*" && !host.contains('.') {
        return Some("a short name: a gateway needs the full one".to_owned());
    }
    let wrong = names::wildcard_domain(host).filter(|_| host.parse::<IpAddr>().is_err());
    wrong.or_else(|| names::partial_wildcard(host))
}
