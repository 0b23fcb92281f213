//! What of a request is hashed, so that equal requests go to one endpoint (Istio's `HashForHTTPDestination`).

use meshc_mesh::DestinationRule;
use meshc_resources::istio::{ConsistentHash, Destination, LoadBalancerSettings, TrafficPolicy};
use meshc_syntax::de::Spanned;

use crate::model::HashPolicy;

/// For a route's destination: by the subset's policy of the destination's port, else the subset's, else the rule's of
/// the port, else the rule's.
pub(crate) fn of_destination(rule: &DestinationRule, destination: &Destination) -> Option<HashPolicy> {
    let port = destination.port.as_ref().map(|port| port.number.as_ref().map_or(0, |number| number.value));
    let name = destination.subset.as_ref().map_or("", |subset| subset.value.as_str());
    let subset = rule.subset(name).and_then(|subset| subset.traffic_policy.as_ref());
    let whole = rule.traffic_policy.as_ref();
    let of_port =
        |policy: Option<&'_ Spanned<TrafficPolicy>>| port.and_then(|port| at_port(policy?, port)).cloned();
    let hash = of_port(subset)
        .or_else(|| subset.and_then(|policy| hash(policy.load_balancer.as_deref())).cloned())
        .or_else(|| of_port(whole))
        .or_else(|| whole.and_then(|policy| hash(policy.load_balancer.as_deref())).cloned())?;
    policy(&hash)
}

/// Whether anything of requests may be hashed.
pub(crate) fn hashes(rule: &DestinationRule) -> bool {
    let subsets = rule.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
    rule.traffic_policy.iter().chain(subsets).any(|policy| {
        let of_ports = policy.port_level_settings.iter().map(|settings| settings.load_balancer.as_deref());
        of_ports.chain([policy.load_balancer.as_deref()]).any(|settings| hash(settings).is_some())
    })
}

/// For requests to a port of a service.
pub(crate) fn of_service(rule: &DestinationRule, port: u16) -> Option<HashPolicy> {
    let whole = rule.traffic_policy.as_ref()?;
    at_port(whole, u32::from(port)).or_else(|| hash(whole.load_balancer.as_deref())).and_then(policy)
}

fn at_port(policy: &TrafficPolicy, port: u32) -> Option<&ConsistentHash> {
    let settings = policy.port_level_settings.iter().find(|settings| {
        let number = settings.port.as_ref().and_then(|own| own.number.as_ref());
        number.is_some_and(|number| number.value == port)
    });
    hash(settings?.load_balancer.as_deref())
}

fn hash(settings: Option<&Spanned<LoadBalancerSettings>>) -> Option<&ConsistentHash> {
    settings.and_then(|settings| settings.consistent_hash.as_ref()).map(|hash| &hash.value)
}

fn text(value: &Option<Spanned<String>>) -> String {
    value.as_ref().map(|value| value.value.clone()).unwrap_or_default()
}

/// The one key that is hashed.
fn policy(hash: &ConsistentHash) -> Option<HashPolicy> {
    if let Some(name) = &hash.http_header_name {
        return Some(HashPolicy::Header { name: name.value.clone() });
    }
    if let Some(cookie) = &hash.http_cookie {
        return Some(HashPolicy::Cookie {
            name: text(&cookie.name),
            path: text(&cookie.path),
            ttl: cookie.ttl.as_ref().and_then(|ttl| ttl.value.as_std()),
            attributes: cookie
                .attributes
                .iter()
                .map(|attribute| (text(&attribute.value.name), text(&attribute.value.value)))
                .collect(),
        });
    }
    if let Some(used) = &hash.use_source_ip {
        return Some(HashPolicy::SourceIp { used: used.value });
    }
    let name = hash.http_query_parameter_name.as_ref()?;
    Some(HashPolicy::QueryParameter { name: name.value.clone() })
}
