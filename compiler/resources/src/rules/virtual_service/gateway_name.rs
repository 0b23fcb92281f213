//! Names of gateways that Istio refuses.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_syntax::de::Spanned;

use crate::Object;
use crate::istio::VirtualService;
use crate::names;
use crate::rules::webhook::Refusals;

declare_rule! {
    /// ## What it does
    /// Finds names of gateways in a VirtualService that are neither `mesh`, `NAME` nor `NAMESPACE/NAME`. (The old form
    /// `NAME.NAMESPACE.svc.cluster.local` is `MC1407`.)
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the VirtualService; nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// gateways: [shop/]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// gateways: [shop/edge]
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub GATEWAY_NAME = "MC0251", "gateway-name", Error, Document,
    "A name of a gateway that Istio refuses",
    ["IST0106"]
}

/// Those of the VirtualService and of its conditions.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    names_of(object, &spec.gateways, found);
    for condition in spec.http.iter().flat_map(|route| &route.matches) {
        names_of(object, &condition.gateways, found);
    }
    for condition in spec.tls.iter().flat_map(|route| &route.matches) {
        names_of(object, &condition.gateways, found);
    }
    for condition in spec.tcp.iter().flat_map(|route| &route.matches) {
        names_of(object, &condition.gateways, found);
    }
}

/// Istio looks no further than the first name without a namespace.
fn names_of(object: &Object<VirtualService>, gateways: &[Spanned<String>], found: &mut Vec<Diagnostic>) {
    for gateway in gateways {
        let Some((namespace, name)) = gateway.split_once('/') else {
            let mut refusals = Refusals { object, rule: &GATEWAY_NAME, found };
            refusals.maybe(gateway.span, names::fqdn(gateway));
            return;
        };
        let mut refusals = Refusals { object, rule: &GATEWAY_NAME, found };
        let converted = object.metadata.annotation("internal.istio.io/route-semantics") == Some("gateway");
        let refused = |part: &str, what: &str| match part {
            "" => format!("`{}` lacks the {what}", gateway.value),
            part => format!("`{part}` is no {what}"),
        };
        if !names::is_label(namespace) {
            refusals.at(gateway.span, refused(namespace, "namespace"));
        }
        if !converted && !names::is_label(name) {
            refusals.at(gateway.span, refused(name, "name of a Gateway"));
        }
    }
}
