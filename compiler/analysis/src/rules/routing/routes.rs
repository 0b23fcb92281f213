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
        object.spec.http.iter().enumerate().map(move |(number, route)| Routed {
            object,
            path: format!("http[{number}]"),
            parts: route
                .route
                .iter()
                .map(|part| Part { destination: part.destination.as_ref(), weight: part.weight })
                .collect(),
        })
    })
}
