//! What a route sees of a request.

use std::borrow::Cow;

use http::HeaderMap;

/// The request as Envoy's matchers see it: pseudo headers beside the header map.
#[derive(Clone, Copy)]
pub struct RequestView<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:scheme`.
    pub scheme: &'a str,
    /// `:authority`, without change of case.
    pub authority: &'a str,
    /// `:path`, normalised, with the query.
    pub path: &'a str,
    /// The other headers.
    pub headers: &'a HeaderMap,
}

/// The value of a header, several values joined by a comma as Envoy joins them; pseudo headers by their names.
pub fn header_value<'a>(request: &RequestView<'a>, name: &str) -> Option<Cow<'a, [u8]>> {
    match name {
        ":method" => return Some(Cow::Borrowed(request.method.as_bytes())),
        ":scheme" => return Some(Cow::Borrowed(request.scheme.as_bytes())),
        ":authority" | "host" => return Some(Cow::Borrowed(request.authority.as_bytes())),
        ":path" => return Some(Cow::Borrowed(request.path.as_bytes())),
        _ => {}
    }
    joined(request.headers, name)
}

/// The values of a header joined by a comma.
pub(crate) fn joined<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    let Some(second) = values.next() else { return Some(Cow::Borrowed(first.as_bytes())) };
    let mut joined = first.as_bytes().to_vec();
    for value in std::iter::once(second).chain(values) {
        joined.push(b',');
        joined.extend_from_slice(value.as_bytes());
    }
    Some(Cow::Owned(joined))
}

/// A path without query and fragment.
pub fn without_query(path: &str) -> &str {
    path.find(['?', '#']).map_or(path, |end| &path[..end])
}
