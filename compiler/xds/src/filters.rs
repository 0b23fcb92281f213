//! The HTTP filters' configuration: as they stand in a listener, and for one route.

use std::collections::BTreeMap;

use meshc_effective::model::{Cors, Fault, Percent, Route};
use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;

use crate::matching;

const FAULT: &str = "envoy.filters.http.fault";
const CORS: &str = "envoy.filters.http.cors";
const ROUTER: &str = "envoy.filters.http.router";

fn filter(name: &str, typed_config: TypedConfig) -> envoy::HttpFilter {
    envoy::HttpFilter {
        name: name.to_owned(),
        typed_config: Some(typed_config),
        ..envoy::HttpFilter::default()
    }
}

/// The filter that injects faults where a route asks for them.
pub(crate) fn fault() -> envoy::HttpFilter {
    filter(FAULT, envoy::HttpFault::default().into())
}

/// The filter that answers CORS where a route asks for it.
pub(crate) fn cors() -> envoy::HttpFilter {
    filter(CORS, envoy::Cors::default().into())
}

/// The filter that routes; the last.
pub(crate) fn router(suppress_envoy_headers: bool) -> envoy::HttpFilter {
    filter(ROUTER, envoy::Router { suppress_envoy_headers, ..envoy::Router::default() }.into())
}

/// What the filters do on one route.
pub(crate) fn per_route(route: &Route) -> BTreeMap<String, TypedConfig> {
    let mut out = BTreeMap::new();
    if let Some(cors) = &route.cors {
        out.insert(CORS.to_owned(), policy(cors).into());
    }
    if let Some(fault) = &route.fault {
        out.insert(FAULT.to_owned(), http_fault(fault).into());
    }
    out
}

/// A share as Envoy has it, in millionths or hundredths.
pub(crate) fn fraction(percent: Percent) -> envoy::FractionalPercent {
    if percent.whole {
        let numerator = percent.millionths / 10_000;
        return envoy::FractionalPercent { numerator, denominator: envoy::DenominatorType::Hundred };
    }
    envoy::FractionalPercent { numerator: percent.millionths, denominator: envoy::DenominatorType::Million }
}

fn http_fault(fault: &Fault) -> envoy::HttpFault {
    envoy::HttpFault {
        delay: fault.delay.as_ref().map(|delay| envoy::FaultDelay {
            fixed_delay: Some(delay.fixed.into()),
            percentage: Some(fraction(delay.percent)),
            ..envoy::FaultDelay::default()
        }),
        abort: fault.abort.as_ref().map(|abort| envoy::FaultAbort {
            http_status: abort.http_status,
            grpc_status: abort.grpc_status,
            // Without a percentage nothing is aborted, and nothing is written.
            percentage: (abort.percent != Percent::of_hundred(0) || !abort.percent.whole)
                .then(|| fraction(abort.percent)),
            ..envoy::FaultAbort::default()
        }),
        ..envoy::HttpFault::default()
    }
}

fn policy(cors: &Cors) -> envoy::CorsPolicy {
    let all = envoy::FractionalPercent { numerator: 100, ..envoy::FractionalPercent::default() };
    envoy::CorsPolicy {
        allow_origin_string_match: cors.allow_origins.iter().map(|o| matching::string(o, false)).collect(),
        allow_methods: cors.allow_methods.clone(),
        allow_headers: cors.allow_headers.clone(),
        expose_headers: cors.expose_headers.clone(),
        max_age: cors.max_age.clone().unwrap_or_default(),
        allow_credentials: cors.allow_credentials,
        forward_not_matching_preflights: cors.forward_not_matching_preflights,
        filter_enabled: Some(envoy::RuntimeFractionalPercent {
            default_value: Some(all),
            ..envoy::RuntimeFractionalPercent::default()
        }),
        ..envoy::CorsPolicy::default()
    }
}
