//! Route tables.

use std::collections::BTreeMap;

use meshc_effective::model::{Action, AppendAction, HeaderAddition, Route, RouteTable, VirtualHost};
use meshc_envoy as envoy;
use serde_json::Value;

use crate::{action, filters, matching};

/// The largest body of a direct response that Istio lets Envoy take, in bytes.
const MAX_DIRECT_BODY: u32 = 1 << 20;

/// Envoy's `RouteConfiguration`.
pub(crate) fn table(table: &RouteTable) -> envoy::RouteConfiguration {
    envoy::RouteConfiguration { max_direct_response_body_size_bytes: Some(MAX_DIRECT_BODY), ..inline(table) }
}

/// A table that stands in a listener: Istio's of inbound requests never answer themselves.
pub(crate) fn inline(table: &RouteTable) -> envoy::RouteConfiguration {
    envoy::RouteConfiguration {
        name: table.name.clone(),
        virtual_hosts: table.virtual_hosts.iter().map(|host| virtual_host(host)).collect(),
        // A cluster that is not there (yet) fails its requests, never the table.
        validate_clusters: Some(false),
        ignore_port_in_host_matching: table.ignore_port_in_host,
        ..envoy::RouteConfiguration::default()
    }
}

/// Operations that add or set, as Envoy has them.
pub(crate) fn additions(headers: &[HeaderAddition]) -> Vec<envoy::HeaderValueOption> {
    let action = |action| match action {
        AppendAction::AppendIfExistsOrAdd => envoy::HeaderAppendAction::AppendIfExistsOrAdd,
        AppendAction::OverwriteIfExistsOrAdd => envoy::HeaderAppendAction::OverwriteIfExistsOrAdd,
    };
    headers
        .iter()
        .map(|h| envoy::HeaderValueOption::new(h.name.clone(), h.value.clone(), action(h.action)))
        .collect()
}

fn virtual_host(host: &VirtualHost) -> envoy::VirtualHost {
    envoy::VirtualHost {
        name: host.name.clone(),
        domains: host.domains.clone(),
        routes: host.routes.iter().map(route).collect(),
        require_tls: if host.require_tls {
            envoy::TlsRequirementType::All
        } else {
            envoy::TlsRequirementType::None
        },
        include_request_attempt_count: host.include_attempt_count,
        ..envoy::VirtualHost::default()
    }
}

fn route(route: &Route) -> envoy::Route {
    let mut out = envoy::Route {
        name: route.name.clone().unwrap_or_default(),
        r#match: Some(matching::route_match(&route.matches)),
        metadata: route.config.as_ref().map(|config| config_metadata(config)),
        decorator: route
            .decorator
            .as_ref()
            .map(|operation| envoy::Decorator { operation: operation.clone(), propagate: None }),
        typed_per_filter_config: filters::per_route(route),
        request_headers_to_add: additions(&route.headers.request_add),
        request_headers_to_remove: route.headers.request_remove.clone(),
        response_headers_to_add: additions(&route.headers.response_add),
        response_headers_to_remove: route.headers.response_remove.clone(),
        stat_prefix: route.stat_prefix.clone().unwrap_or_default(),
        ..envoy::Route::default()
    };
    match &route.action {
        Action::Forward(forward) => out.route = Some(action::forward(forward, route)),
        Action::Redirect(redirect) => out.redirect = Some(action::redirect(redirect)),
        Action::DirectResponse(response) => out.direct_response = Some(action::direct_response(response)),
    }
    out
}

/// Istio's note of the resource that made the route.
fn config_metadata(config: &str) -> envoy::Metadata {
    let mut istio = envoy::Struct::new();
    istio.insert("config".to_owned(), Value::String(config.to_owned()));
    envoy::Metadata { filter_metadata: BTreeMap::from([("istio".to_owned(), istio)]) }
}
