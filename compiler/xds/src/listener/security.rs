//! Where security filters stand: what RequestAuthentication and AuthorizationPolicy ask for on a proxy, in the three
//! places that Istio has for them.

use meshc_effective::model::SecurityFilter;
use meshc_envoy as envoy;

use super::Place;
use crate::security;

/// The filters of a place.
struct Split {
    /// Whether a provider is asked.
    custom: usize,
    /// Behind the filter that verifies tokens.
    verified: usize,
}

/// Providers are asked first, then tokens are verified, then rules are enforced.
fn split(filters: &[SecurityFilter]) -> Split {
    let last = |is: fn(&SecurityFilter) -> bool| filters.iter().rposition(is).map_or(0, |index| index + 1);
    let custom = last(|filter| matches!(filter, SecurityFilter::External(_)));
    let verified = last(|filter| matches!(filter, SecurityFilter::Jwt(_)));
    Split { custom, verified: verified.max(custom) }
}

/// HTTP filters of external authorization, before authentication.
pub(super) fn custom_http(place: Place<'_>) -> Vec<envoy::HttpFilter> {
    let filters = &place.proxy.security.http;
    security::http_filters(filters.get(..split(filters).custom).unwrap_or_default(), place.target)
}

/// HTTP filters that verify tokens.
pub(super) fn authentication_http(place: Place<'_>) -> Vec<envoy::HttpFilter> {
    let filters = &place.proxy.security.http;
    let Split { custom, verified } = split(filters);
    security::http_filters(filters.get(custom..verified).unwrap_or_default(), place.target)
}

/// HTTP filters that authorize.
pub(super) fn authorization_http(place: Place<'_>) -> Vec<envoy::HttpFilter> {
    let filters = &place.proxy.security.http;
    security::http_filters(filters.get(split(filters).verified..).unwrap_or_default(), place.target)
}

/// Network filters of external authorization.
pub(super) fn custom_tcp(place: Place<'_>) -> Vec<envoy::Filter> {
    let filters = &place.proxy.security.tcp;
    security::network_filters(filters.get(..split(filters).custom).unwrap_or_default())
}

/// Network filters that authorize.
pub(super) fn authorization_tcp(place: Place<'_>) -> Vec<envoy::Filter> {
    let filters = &place.proxy.security.tcp;
    security::network_filters(filters.get(split(filters).custom..).unwrap_or_default())
}
