//! VirtualServices with every name in full and every delegate merged into its root.

use meshc_resources::istio::HttpRoute;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::hostname::{MESH_GATEWAY, qualify, qualify_gateway};
use crate::{ExportTo, Meta};

/// A VirtualService that has hosts (one without is a delegate and part of its roots).
#[derive(Debug, Clone, PartialEq)]
pub struct VirtualService {
    /// The resource.
    pub meta: Meta,
    /// In full.
    pub hosts: Vec<Spanned<String>>,
    /// `mesh` or `NAMESPACE/NAME`.
    pub gateways: Vec<String>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// In the order in which they are tried.
    pub http: Vec<HttpRule>,
    /// Whose rules hold for it.
    pub semantics: Semantics,
}

/// Whose rules hold for a VirtualService: some differ where Istio makes one of another API's resource.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Semantics {
    /// Istio's.
    #[default]
    Istio,
    /// The Gateway API's: prefixes are those of segments, a destination that is not there answers 500, and within the
    /// mesh the routes of a namespace hold only for its callers and its services.
    GatewayApi,
    /// Ingress's: prefixes are those of segments.
    Ingress,
}

/// One HTTP route, its hosts and gateways in full.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRule {
    /// The route.
    pub route: HttpRoute,
    /// Where it is written: in the delegate, if there is one.
    pub span: Span,
    /// `http[0]`, its place in the resource that has it.
    pub path: String,
    /// The delegate that it stands in.
    pub delegate: Option<Meta>,
    /// The resource of another API that it was made of.
    pub made_of: Option<Meta>,
}

impl VirtualService {
    /// Whether sidecars follow it.
    pub fn is_for_mesh(&self) -> bool {
        self.is_for(MESH_GATEWAY)
    }

    /// Whether this gateway follows it.
    pub fn is_for(&self, gateway: &str) -> bool {
        self.gateways.iter().any(|g| g == gateway)
    }
}

/// The gateways of a VirtualService of `namespace`: sidecars where none is written.
pub(crate) fn gateways(written: &[Spanned<String>], namespace: &str) -> Vec<String> {
    if written.is_empty() {
        return vec![MESH_GATEWAY.to_owned()];
    }
    written.iter().map(|gateway| qualify_gateway(gateway, namespace)).collect()
}

/// A route of a resource of `namespace` with its hosts and gateways in full.
pub(crate) fn qualified(route: &HttpRoute, namespace: &str) -> HttpRoute {
    let mut route = route.clone();
    let full = |host: &mut Option<Spanned<String>>| {
        if let Some(host) = host {
            host.value = qualify(&host.value, namespace);
        }
    };
    for condition in &mut route.matches {
        for gateway in &mut condition.gateways {
            gateway.value = qualify_gateway(&gateway.value, namespace);
        }
    }
    for destination in route.route.iter_mut().filter_map(|d| d.destination.as_mut()) {
        full(&mut destination.host);
    }
    if let Some(mirror) = &mut route.mirror {
        full(&mut mirror.host);
    }
    for mirror in route.mirrors.iter_mut().filter_map(|m| m.destination.as_mut()) {
        full(&mut mirror.host);
    }
    route
}
