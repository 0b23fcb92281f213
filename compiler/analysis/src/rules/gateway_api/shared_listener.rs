//! A host that two Gateways of the Gateway API serve on one port, or an address that two ask for.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::Object;
use meshc_resources::gateway_api::Gateway;
use meshc_source::Span;

use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds listeners of several Gateways of the Gateway API with the same hostname, port and protocol, and addresses that
    /// several of them ask for. Gateways of which each has a workload of its own do not collide by hostname: that is an info.
    ///
    /// ## What happens to traffic
    /// Gateways have a workload each, and the host's name in DNS leads to one of them. An address is given to one of them: the
    /// other never gets ready.
    ///
    /// ## Example
    /// Two Gateways with `addresses: [{type: IPAddress, value: 203.0.113.7}]`.
    ///
    /// ## Use instead
    /// One Gateway with the listeners of both.
    ///
    /// ## Covers
    /// KIA1501 (hostname) and KIA1502 (address).
    pub SHARED_LISTENER = "MC1623", "shared-listener", Warning, Mesh,
    "A host or an address that two Gateways of the Gateway API have",
    ["KIA1501", "KIA1502"]
}

type Holders<'a> = Vec<(&'a Object<Gateway>, Span)>;

/// Every Gateway.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut listeners: BTreeMap<(&str, i32, &str), Holders<'_>> = BTreeMap::new();
    let mut addresses: BTreeMap<(&str, &str), Holders<'_>> = BTreeMap::new();
    for object in &context.resources.kubernetes_gateways {
        for listener in &object.spec.listeners {
            let (Some(hostname), Some(port)) = (&listener.hostname, &listener.port) else { continue };
            let protocol = listener.protocol.as_ref().map_or("", |protocol| protocol.value.as_str());
            listeners
                .entry((hostname.value.as_str(), port.value, protocol))
                .or_default()
                .push((object, hostname.span));
        }
        for address in &object.spec.addresses {
            let Some(value) = address.value.value.as_ref().filter(|value| !value.is_empty()) else {
                continue;
            };
            let kind = address.kind.as_ref().map_or("IPAddress", |kind| kind.value.as_str());
            addresses.entry((kind, value.value.as_str())).or_default().push((object, value.span));
        }
    }
    for ((hostname, port, _), all) in &listeners {
        each(all, |object, span, other, of_other| {
            let message =
                format!("{} has `{hostname}` on port {port} too: its name leads to one of them", other.id());
            let finding = object
                .finding(&SHARED_LISTENER, span, message)
                .severity(Severity::Info)
                .label(of_other, "the same host and port")
                .help("put both listeners into one Gateway")
                .alias("KIA1501");
            found.push(finding);
        });
    }
    for ((_, address), all) in &addresses {
        each(all, |object, span, other, of_other| {
            let message =
                format!("{} asks for address `{address}` too: one of them never gets ready", other.id());
            let finding = object
                .finding(&SHARED_LISTENER, span, message)
                .label(of_other, "the same address")
                .help("put the listeners of both into one Gateway, or use another address")
                .alias("KIA1502");
            found.push(finding);
        });
    }
}

/// Each holder with another one.
fn each(all: &Holders<'_>, mut tell: impl FnMut(&Object<Gateway>, Span, &Object<Gateway>, Span)) {
    for (object, span) in all {
        let other = all.iter().find(|(other, _)| other.name_span() != object.name_span());
        if let Some((other, of_other)) = other {
            tell(object, *span, other, *of_other);
        }
    }
}
