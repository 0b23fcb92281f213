//! Every route of every VirtualService with its destinations, whatever it routes.

use meshc_resources::Object;
use meshc_resources::istio::{Destination, VirtualService};
use meshc_syntax::de::Spanned;

/// A route.
pub(super) struct Routed<'a> {
    /// The resource.
    pub(super) object: &'a Object<VirtualService>,
    /// `http[0]`
    pub(super) path: String,
    /// Its destinations in order.
    pub(super) parts: Vec<Part<'a>>,
}

/// A destination with its share.
pub(super) struct Part<'a> {
    pub(super) destination: Option<&'a Spanned<Destination>>,
    pub(super) weight: Option<Spanned<i32>>,
}

/// All of them.
pub(super) fn all(virtual_services: &[Object<VirtualService>]) -> impl Iterator<Item = Routed<'_>> {
    virtual_services.iter().flat_map(|object| {
        let http = object.spec.http.iter().enumerate().map(move |(number, route)| Routed {
            object,
            path: format!("http[{number}]"),
            parts: route
                .route
                .iter()
                .map(|part| Part { destination: part.destination.as_ref(), weight: part.weight })
                .collect(),
        });
        let tls = object.spec.tls.iter().map(|route| ("tls", &route.route)).enumerate();
        let tcp = object.spec.tcp.iter().map(|route| ("tcp", &route.route)).enumerate();
        let bytes = tls.chain(tcp).map(move |(number, (kind, route))| Routed {
            object,
            path: format!("{kind}[{number}]"),
            parts: route
                .iter()
                .map(|part| Part { destination: part.destination.as_ref(), weight: part.weight })
                .collect(),
        });
        http.chain(bytes)
    })
}
