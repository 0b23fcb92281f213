//! Every place of a VirtualService that sends requests somewhere.

use meshc_resources::Object;
use meshc_resources::istio::{Destination, VirtualService};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

/// A destination with where it stands.
pub(super) struct Place<'a> {
    /// The resource.
    pub(super) object: &'a Object<VirtualService>,
    /// What is written.
    pub(super) destination: &'a Spanned<Destination>,
    /// `http[0].route[1]`
    pub(super) path: String,
    /// Copies of requests go there, no answers come from there.
    pub(super) mirror: bool,
    /// Connections go there, not requests.
    pub(super) bytes: bool,
}

impl<'a> Place<'a> {
    /// The host as written, none where a document rule refuses the destination.
    pub(super) fn host(&self) -> Option<&'a Spanned<String>> {
        self.destination.value.host.as_ref().filter(|host| !host.is_empty())
    }

    /// Where its host is written.
    pub(super) fn span(&self) -> Span {
        self.host().map_or(self.destination.span, |host| host.span)
    }

    /// What clients notice when nothing can be reached there.
    pub(super) fn loss(&self) -> &'static str {
        match (self.mirror, self.bytes) {
            (true, _) => "the copies are lost",
            (false, false) => "requests sent there get 503",
            (false, true) => "connections sent there are closed",
        }
    }
}

/// All destinations of all VirtualServices, delegates included.
pub(super) fn all(virtual_services: &[Object<VirtualService>]) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for object in virtual_services {
        for (number, route) in object.spec.http.iter().enumerate() {
            let routed = route.route.iter().enumerate().map(|(index, part)| {
                (part.destination.as_ref(), format!("http[{number}].route[{index}]"), false)
            });
            let mirrors = route.mirrors.iter().enumerate().map(|(index, mirror)| {
                (mirror.destination.as_ref(), format!("http[{number}].mirrors[{index}]"), true)
            });
            let mirror = (route.mirror.as_deref(), format!("http[{number}].mirror"), true);
            let written = routed.chain([mirror]).chain(mirrors);
            places.extend(written.filter_map(|(destination, path, mirror)| {
                Some(Place { object, destination: destination?, path, mirror, bytes: false })
            }));
        }
        let tls = object.spec.tls.iter().map(|route| ("tls", &route.route)).enumerate();
        let tcp = object.spec.tcp.iter().map(|route| ("tcp", &route.route)).enumerate();
        for (number, (kind, route)) in tls.chain(tcp) {
            for (index, part) in route.iter().enumerate() {
                let Some(destination) = part.destination.as_ref() else { continue };
                let path = format!("{kind}[{number}].route[{index}]");
                places.push(Place { object, destination, path, mirror: false, bytes: true });
            }
        }
    }
    places
}
