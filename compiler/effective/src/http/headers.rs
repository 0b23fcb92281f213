//! Header operations.

use indexmap::IndexMap;
use meshc_resources::istio::{HeaderOperations, Headers};
use meshc_syntax::de::Spanned;

use crate::model::{AppendAction, HeaderAddition, HeaderOps};

type Additions = IndexMap<Spanned<String>, Spanned<String>>;

/// Istio's operations as Envoy's: settings before additions, each by name; pseudo-headers and `host` are none of
/// them, but a request's `:authority` or `host` becomes the new authority.
pub(super) fn operations(headers: Option<&Headers>) -> HeaderOps {
    let Some(headers) = headers else { return HeaderOps::default() };
    let empty = HeaderOperations::default();
    let request = headers.request.as_ref().map_or(&empty, |request| &request.value);
    let response = headers.response.as_ref().map_or(&empty, |response| &response.value);
    HeaderOps {
        request_add: additions(request),
        request_remove: removals(request),
        response_add: additions(response),
        response_remove: removals(response),
        authority: authority(&request.set).or_else(|| authority(&request.add)),
    }
}

/// Appends the operations of a route's only destination to the route's own.
pub(super) fn append(own: &mut HeaderOps, destination: HeaderOps) {
    own.request_add.extend(destination.request_add);
    own.request_remove.extend(destination.request_remove);
    own.response_add.extend(destination.response_add);
    own.response_remove.extend(destination.response_remove);
}

fn additions(operations: &HeaderOperations) -> Vec<HeaderAddition> {
    let of = |headers: &Additions, action| {
        let mut sorted: Vec<_> = headers
            .iter()
            .filter(|(name, _)| !is_internal(name))
            .map(|(name, value)| HeaderAddition {
                name: name.value.clone(),
                value: value.value.clone(),
                action,
            })
            .collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        sorted
    };
    let mut all = of(&operations.set, AppendAction::OverwriteIfExistsOrAdd);
    all.extend(of(&operations.add, AppendAction::AppendIfExistsOrAdd));
    all
}

fn removals(operations: &HeaderOperations) -> Vec<String> {
    operations.remove.iter().filter(|name| !is_internal(name)).map(|name| name.value.clone()).collect()
}

fn authority(headers: &Additions) -> Option<String> {
    let is_authority =
        |name: &str| name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host");
    headers
        .iter()
        .find(|(name, value)| is_authority(name) && !value.is_empty())
        .map(|(_, value)| value.value.clone())
}

/// Whether Envoy does not let configuration change it.
fn is_internal(name: &str) -> bool {
    name.starts_with(':') || name.eq_ignore_ascii_case("host")
}
