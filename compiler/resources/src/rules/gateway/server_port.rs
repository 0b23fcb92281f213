//! Ports of servers that Istio refuses.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::Gateway;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds servers with a port that is none, a protocol that Istio does not know, no name or one that stands there twice,
    /// a `targetPort`, and a `bind` that is no address.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the Gateway; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// port: {number: 80, protocol: HTTP/1, name: http}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// port: {number: 80, protocol: HTTP, name: http}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub SERVER_PORT = "MC0276", "server-port", Error, Document,
    "A port of a Gateway that Istio refuses",
    ["IST0106"]
}

/// Each port of each server.
pub(crate) fn check(object: &Object<Gateway>, found: &mut Vec<Diagnostic>) {
    let mut refusals = Refusals { object, rule: &SERVER_PORT, found };
    let mut seen = BTreeSet::new();
    for server in &object.spec.servers {
        let bind = server.bind.as_ref().filter(|bind| !bind.is_empty());
        let socket = bind.and_then(|bind| bind.strip_prefix("unix://"));
        let Some(port) = &server.port else {
            refusals.at(server.span, "this server has no port");
            continue;
        };
        let number = port.number.as_ref().map_or(0, |number| number.value);
        let span = port.number.as_ref().map_or(port.span, |number| number.span);
        if number > 0 || socket.is_none() {
            refusals.maybe(span, names::port(i64::from(number)));
        }
        let protocol = port.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
        let known = (!protocol.is_empty()).then(|| names::protocol(protocol));
        let span = port.protocol.as_ref().map_or(port.span, |protocol| protocol.span);
        refusals.maybe(span, known.unwrap_or_else(|| Some("this port has no protocol".to_owned())));
        if let Some(target) = port.target_port.as_ref().filter(|target| target.value > 0) {
            refusals.at(target.span, "`targetPort` has no effect on a gateway");
        }
        let name = port.name.as_ref().map_or("", |name| name.value.as_str());
        let span = port.name.as_ref().map_or(port.span, |name| name.span);
        if name.is_empty() {
            refusals.at(span, "this port has no name");
        }
        if !seen.insert(name) {
            refusals.at(span, format!("another server has a port called `{name}`"));
        }
        match (bind, socket) {
            (Some(bind), Some(path)) => {
                refusals.maybe(bind.span, names::unix_path(path));
                if number != 0 {
                    refusals.at(bind.span, "a socket of the file system has no port: its number must be 0");
                }
            }
            (Some(bind), None) => refusals.maybe(bind.span, names::ip_address(bind)),
            (None, _) => {}
        }
    }
}
