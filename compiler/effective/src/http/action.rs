//! Where a route's requests go, and what is changed on the way.

use std::time::Duration;

use meshc_mesh::Semantics;
use meshc_resources::istio::{Destination, HttpRoute, HttpRouteDestination};
use meshc_source::Span;

use super::{Perspective, fault, headers, retry};
use crate::model::{
    Forward, HashPolicy, HeaderOps, Mirror, Origin, PathMatch, Percent, RegexRewrite, Rewrite,
    WeightedDestination,
};
use crate::names;

/// Envoy's answer where a cluster does not exist.
const NO_CLUSTER_STATUS: u16 = 503;

/// The Gateway API's answer in its place.
const NO_BACKEND_STATUS: u16 = 500;

/// What becomes of the requests of a route with destinations; none without any. The operations of an only
/// destination join `own`, those of the route.
pub(super) fn forward(
    route: &HttpRoute,
    perspective: &Perspective<'_>,
    (semantics, path): (Semantics, &PathMatch),
    own: &mut HeaderOps,
    origins: &mut Vec<Origin>,
) -> Option<Forward> {
    let mut rewrite = rewrite(route, own, origins);
    if semantics == Semantics::GatewayApi && rewrite.prefix.as_deref() == Some("/") {
        rewrite.prefix = None;
        rewrite.regex = Some(without_prefix(path));
    }
    let (destinations, weighted) = destinations(route, perspective, own, &rewrite, origins)?;
    let timeout = route.timeout.as_ref();
    if let Some(timeout) = timeout {
        origins.push(Origin::new(timeout.span, format!("the request may take {} in all", timeout.value)));
    }
    if let Some(retries) = &route.retries {
        let attempts = retries.attempts.as_ref().map_or(0, |attempts| attempts.value);
        let text = match attempts {
            ..=0 => "no retries".to_owned(),
            1 => "one retry".to_owned(),
            several => format!("up to {several} retries"),
        };
        origins.push(Origin::new(retries.span, text));
    }
    let hash_policies = hashes(route, perspective);
    // Of several destinations each may choose its hosts differently: then nobody asks.
    let hashed = route.route.len() == 1 && !hash_policies.is_empty();
    Some(Forward {
        destinations,
        weighted,
        cluster_not_found_status: match semantics {
            Semantics::GatewayApi => NO_BACKEND_STATUS,
            Semantics::Istio | Semantics::Ingress => NO_CLUSTER_STATUS,
        },
        timeout: Some(timeout.and_then(|timeout| timeout.as_std()).unwrap_or(Duration::ZERO)),
        retry: retry::outbound(
            route.retries.as_deref().map(|retries| &retries.value),
            perspective.config,
            hashed,
        ),
        rewrite,
        mirrors: mirrors(route, perspective, origins),
        hash_policies,
        tells_host: false,
        max_stream_duration: None,
    })
}

/// What is hashed for each destination that gets requests.
fn hashes(route: &HttpRoute, perspective: &Perspective<'_>) -> Vec<HashPolicy> {
    let alone = route.route.len() == 1;
    let used = |part: &&meshc_syntax::de::Spanned<HttpRouteDestination>| {
        alone || part.weight.as_ref().is_some_and(|weight| weight.value > 0)
    };
    let used = route.route.iter().filter(used);
    used.filter_map(|part| (perspective.hash)(part.destination.as_ref()?)).collect()
}

/// Takes a prefix away, with the slash behind it, so that one slash is left in any case.
fn without_prefix(path: &PathMatch) -> RegexRewrite {
    let prefix = if let PathMatch::PathSeparatedPrefix(prefix) = path { prefix.as_str() } else { "" };
    let mut pattern = String::from("^");
    for letter in prefix.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push_str("(/?)(.*)");
    RegexRewrite { pattern, substitution: r"/\2".to_owned() }
}

/// The authority of `rewrite` wins over one that is set as a header.
fn rewrite(route: &HttpRoute, own: &mut HeaderOps, origins: &mut Vec<Origin>) -> Rewrite {
    let Some(written) = &route.rewrite else { return Rewrite::default() };
    let text = |value: &Option<meshc_syntax::de::Spanned<String>>| {
        value.as_ref().map(|value| value.value.clone()).filter(|value| !value.is_empty())
    };
    let regex = written.uri_regex_rewrite.as_ref().map(|regex| RegexRewrite {
        pattern: regex.matches.as_ref().map(|pattern| pattern.value.clone()).unwrap_or_default(),
        substitution: regex.rewrite.as_ref().map(|rewrite| rewrite.value.clone()).unwrap_or_default(),
    });
    let prefix = if regex.is_some() { None } else { text(&written.uri) };
    let authority = text(&written.authority);
    if authority.is_some() {
        own.authority = None;
    }
    let mut done = Vec::new();
    if let Some(prefix) = &prefix {
        done.push(format!("the matched part of the path becomes {prefix}"));
    }
    if let Some(regex) = &regex {
        done.push(format!("what is like {} in the path becomes {}", regex.pattern, regex.substitution));
    }
    if let Some(authority) = &authority {
        done.push(format!("the authority becomes {authority}"));
    }
    if !done.is_empty() {
        origins.push(Origin::new(written.span, done.join(", ")));
    }
    Rewrite { prefix, regex, authority }
}

/// The destinations, and whether they stay a list of weights although one is left.
fn destinations(
    route: &HttpRoute,
    perspective: &Perspective<'_>,
    own: &mut HeaderOps,
    rewrite: &Rewrite,
    origins: &mut Vec<Origin>,
) -> Option<(Vec<WeightedDestination>, bool)> {
    if let [only] = route.route.as_slice() {
        let destination = only.destination.as_ref()?;
        let operations = headers::operations(only.headers.as_deref().map(|headers| &headers.value));
        if own.authority.is_none() && rewrite.authority.is_none() {
            own.authority.clone_from(&operations.authority);
        }
        headers::append(own, operations);
        let cluster = cluster(destination, perspective);
        origins.push(sent(destination, destination.span, "every request"));
        let destination = WeightedDestination { cluster, weight: 100, headers: HeaderOps::default() };
        return Some((vec![destination], false));
    }
    // Of several, those with weight 0 get nothing.
    let weight = |part: &HttpRouteDestination| part.weight.as_ref().map_or(0, |weight| weight.value);
    let parts: Vec<_> = route.route.iter().filter(|part| weight(part) > 0).collect();
    let sum: i64 = parts.iter().map(|part| i64::from(weight(part))).sum();
    let mut destinations = Vec::with_capacity(parts.len());
    for part in parts {
        let destination = part.destination.as_ref()?;
        let share = format!("{} of {sum} requests", weight(part));
        origins.push(sent(
            destination,
            part.weight.as_ref().map_or(destination.span, |weight| weight.span),
            &share,
        ));
        destinations.push(WeightedDestination {
            cluster: cluster(destination, perspective),
            weight: u32::try_from(weight(part)).unwrap_or_default(),
            headers: headers::operations(part.headers.as_deref().map(|headers| &headers.value)),
        });
    }
    if destinations.is_empty() { None } else { Some((destinations, true)) }
}

fn sent(destination: &Destination, span: Span, share: &str) -> Origin {
    let host = destination.host.as_ref().map_or("", |host| host.value.as_str());
    let text = match &destination.subset {
        Some(subset) => format!("{share} to subset {subset} of {host}"),
        None => format!("{share} to {host}"),
    };
    Origin::new(span, text)
}

/// Istio's name of a destination's cluster: the port is the one that is written, else the service's only one,
/// else the one that the request came to.
fn cluster(destination: &Destination, perspective: &Perspective<'_>) -> String {
    let host = destination.host.as_ref().map_or("", |host| host.value.as_str());
    if host.is_empty() {
        return names::UNKNOWN_SERVICE.to_owned();
    }
    let written = destination.port.as_ref().map(|port| port.number.as_ref().map_or(0, |number| number.value));
    let port = match written {
        Some(port) => u16::try_from(port).unwrap_or_default(),
        None => (perspective.only_port)(host).unwrap_or(perspective.port),
    };
    let alias = (perspective.alias)(host);
    let host = alias.as_deref().unwrap_or(host);
    names::outbound(host, port, destination.subset.as_ref().map(|subset| subset.value.as_str()))
}

fn mirrors(route: &HttpRoute, perspective: &Perspective<'_>, origins: &mut Vec<Origin>) -> Vec<Mirror> {
    let one = route.mirror.as_deref().map(|destination| {
        let percent = match (&route.mirror_percentage, route.mirror_percent()) {
            (Some(percentage), _) => fault::percent(percentage),
            (None, Some(percent)) => fault::hundredths(percent.value),
            (None, None) => Percent::ALL,
        };
        (destination, percent)
    });
    let several = route.mirrors.iter().filter_map(|mirror| {
        let percent =
            mirror.percentage.as_ref().map_or(Percent::ALL, |percentage| fault::percent(percentage));
        Some((mirror.destination.as_ref()?, percent))
    });
    let mut mirrors = Vec::new();
    for (destination, percent) in one.into_iter().chain(several).filter(|(_, percent)| percent.millionths > 0)
    {
        origins.push(sent(
            destination,
            destination.span,
            &format!("a copy of {} % of requests", percent.value()),
        ));
        mirrors.push(Mirror { cluster: cluster(destination, perspective), percent });
    }
    mirrors
}
