//! Which Gateways Istio implements.

use meshc_resources::Resources;

/// What Istio's controllers do with the Gateways of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// `istio.io/gateway-controller`: gateways that it deploys, or that an address names.
    Managed,
    /// `istio.io/unmanaged-gateway`: gateways of other networks, which it only knows of.
    Remote,
}

/// The class that is there without a GatewayClass.
const BUILTIN: &str = "istio";
/// The same for gateways of other networks.
const BUILTIN_REMOTE: &str = "istio-remote";

/// What a class name means; none for a class of another implementation, or of Istio's ambient mode, which is off.
pub(super) fn class(resources: &Resources, name: &str) -> Option<Class> {
    let written = resources.gateway_classes.iter().find(|class| class.name() == name);
    let controller = match written {
        Some(class) => class.spec.controller_name.as_ref().map(|name| name.value.as_str()),
        None if name == BUILTIN => Some("istio.io/gateway-controller"),
        None if name == BUILTIN_REMOTE => Some("istio.io/unmanaged-gateway"),
        None => None,
    };
    match controller {
        Some("istio.io/gateway-controller") => Some(Class::Managed),
        Some("istio.io/unmanaged-gateway") => Some(Class::Remote),
        _ => None,
    }
}
