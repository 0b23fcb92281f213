//! An answer, held against what a RouteTest expects.

use meshc_resources::meshc::{Expectation, ExpectedDestination};
use meshc_trace::Answer;

use super::destination::{self, Destination};

/// What of an `expect` does not hold of an answer; none if all of it does.
pub(super) fn unmet(expect: &Expectation, answer: &Answer, namespace: &str) -> Option<String> {
    let differs = |what: &str, wanted: &str, got: Option<String>| {
        let got = got.unwrap_or_else(|| "none".to_owned());
        (wanted != got).then(|| format!("{what} {got}, expected {wanted}"))
    };
    let status = expect
        .status
        .as_ref()
        .and_then(|status| differs("status", &status.to_string(), answer.status.map(|s| s.to_string())));
    let location =
        || expect.location.as_ref().and_then(|to| differs("location", to, answer.location.clone()));
    let timeout = || {
        let wanted = expect.timeout.as_ref()?.as_millis().to_string();
        let got = answer.timeout_ms.map(|ms| ms.to_string());
        differs("timeout in ms", &wanted, got)
    };
    let upstream_headers = || {
        expect.upstream_headers.iter().find_map(|(name, wanted)| {
            let headers = answer.upstream.as_ref().map(|upstream| &upstream.headers);
            let got = headers.and_then(|headers| headers.get(&name.to_ascii_lowercase()));
            differs(&format!("header {} upstream", name.value), wanted, got.cloned())
        })
    };
    let response_headers = || {
        expect.response_headers.iter().find_map(|(name, wanted)| {
            let got = answer.response_headers.get(&name.to_ascii_lowercase());
            differs(&format!("header {} of the response", name.value), wanted, got.cloned())
        })
    };
    status
        .or_else(|| destinations(&expect.destinations, answer, namespace))
        .or_else(location)
        .or_else(timeout)
        .or_else(upstream_headers)
        .or_else(response_headers)
}

/// What an answer has of a `never`, if it has all of it; none if some of it does not hold.
pub(super) fn met(never: &Expectation, answer: &Answer, namespace: &str) -> Option<String> {
    let wanted = never.destinations.iter().map(|wanted| &wanted.value);
    let hit = shares(answer).into_iter().find(|(cluster, percent)| {
        *percent > 0.0 && wanted.clone().any(|wanted| fits(wanted, cluster, *percent, namespace))
    });
    let rest = Expectation { destinations: Vec::new(), ..never.clone() };
    let reached = never.destinations.is_empty() || hit.is_some();
    if !reached || unmet(&rest, answer, namespace).is_some() {
        return None;
    }
    Some(if let Some((cluster, _)) = hit {
        format!("reaches {}, which it never should", destination::words(cluster))
    } else {
        let status = answer.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        format!("is answered as it never should be (status {status})")
    })
}

fn destinations(
    expected: &[meshc_syntax::de::Spanned<ExpectedDestination>],
    answer: &Answer,
    namespace: &str,
) -> Option<String> {
    if expected.is_empty() {
        return None;
    }
    let shares = shares(answer);
    if shares.is_empty() {
        return Some("goes to no destination".to_owned());
    }
    let stray = shares.iter().find(|(cluster, percent)| {
        *percent > 0.0 && !expected.iter().any(|wanted| is_place(wanted, cluster, namespace))
    });
    if let Some((cluster, percent)) = stray {
        return Some(format!("{percent} % goes to {}, which is not expected", destination::words(cluster)));
    }
    expected.iter().find_map(|wanted| {
        let got: f64 =
            shares.iter().filter(|(cluster, _)| is_place(wanted, cluster, namespace)).map(|(_, p)| p).sum();
        (!has_share(wanted, got)).then(|| {
            let host = wanted.host.as_ref().map_or("", |host| host.value.as_str());
            let subset = wanted.subset.as_ref().map(|subset| format!(" ({})", subset.value));
            format!("{got} % goes to {host}{}, expected {}", subset.unwrap_or_default(), bounds(wanted))
        })
    })
}

fn fits(wanted: &ExpectedDestination, cluster: &str, percent: f64, namespace: &str) -> bool {
    is_place(wanted, cluster, namespace) && has_share(wanted, percent)
}

/// Whether a cluster is the destination, whatever its share.
fn is_place(wanted: &ExpectedDestination, cluster: &str, namespace: &str) -> bool {
    Destination::read(cluster).is_some_and(|destination| {
        wanted.host.as_ref().is_some_and(|host| destination.has_host(host, namespace))
            && wanted.subset.as_ref().is_none_or(|subset| subset.value == destination.subset)
            && wanted.port.as_ref().is_none_or(|port| port.to_string() == destination.port)
    })
}

/// Shares are ratios of whole numbers: a millionth of a percent is rounding.
const ROUNDING: f64 = 1e-6;

fn has_share(wanted: &ExpectedDestination, percent: f64) -> bool {
    let bound = |bound: &Option<meshc_syntax::de::Spanned<u32>>| bound.as_ref().map(|b| f64::from(b.value));
    bound(&wanted.weight).is_none_or(|weight| (percent - weight).abs() < ROUNDING)
        && bound(&wanted.min_weight).is_none_or(|least| percent > least - ROUNDING)
        && bound(&wanted.max_weight).is_none_or(|most| percent < most + ROUNDING)
}

fn bounds(wanted: &ExpectedDestination) -> String {
    let exactly = wanted.weight.as_ref().map(|weight| format!("{weight} %"));
    let least = wanted.min_weight.as_ref().map(|least| format!("at least {least} %"));
    let most = wanted.max_weight.as_ref().map(|most| format!("at most {most} %"));
    exactly.into_iter().chain(least).chain(most).collect::<Vec<_>>().join(" and ")
}

/// The destinations with their shares in percent.
fn shares(answer: &Answer) -> Vec<(&str, f64)> {
    destination::shares(answer.destinations.iter().map(|(cluster, weight)| (cluster.as_str(), *weight)))
        .collect()
}
