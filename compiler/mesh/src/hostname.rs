//! The algebra of host names: wildcards, short names, which of two is more specific.
//! The rules are Istio's (`pkg/config/host` and `pilot/pkg/model/config.go`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The DNS suffix of Kubernetes services.
pub const CLUSTER_DOMAIN: &str = "cluster.local";

/// Whether a name begins with `*`.
pub fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Whether some name is covered by both.
pub fn overlaps(a: &str, b: &str) -> bool {
    match (a.strip_prefix('*'), b.strip_prefix('*')) {
        (Some(a_suffix), Some(b_suffix)) if a.len() < b.len() => b_suffix.ends_with(a_suffix),
        (Some(a_suffix), Some(b_suffix)) => a_suffix.ends_with(b_suffix),
        (Some(suffix), None) => b.ends_with(suffix),
        (None, Some(suffix)) => a.ends_with(suffix),
        (None, None) => a == b,
    }
}

/// Whether every name that `inner` covers is covered by `outer`.
pub fn is_covered(inner: &str, outer: &str) -> bool {
    match (inner.strip_prefix('*'), outer.strip_prefix('*')) {
        (Some(inner_suffix), Some(outer_suffix)) => {
            inner.len() >= outer.len() && inner_suffix.ends_with(outer_suffix)
        }
        (Some(_), None) => false,
        (None, Some(suffix)) => inner.ends_with(suffix),
        (None, None) => inner == outer,
    }
}

/// Istio's order of hosts: names before wildcards, longer before shorter, then by the alphabet.
pub fn specificity(a: &str, b: &str) -> Ordering {
    is_wildcard(a).cmp(&is_wildcard(b)).then(b.len().cmp(&a.len())).then_with(|| a.cmp(b))
}

/// The hosts that are covered by one of `left` and one of `right`, in Istio's order of discovery.
pub fn intersection<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<&'a str> {
    let mut both: Vec<&str> = Vec::new();
    let mut add = |host| {
        if !both.contains(&host) {
            both.push(host);
        }
    };
    for l in left {
        for r in right {
            if is_covered(l, r) {
                add(*l);
            } else if is_covered(r, l) {
                add(*r);
            }
        }
    }
    both
}

/// The entry of the most specific host that covers `host`: the name itself, else the longest wildcard.
pub fn most_specific<'a, V>(host: &str, entries: &'a BTreeMap<String, V>) -> Option<(&'a str, &'a V)> {
    if let Some((name, entry)) = entries.get_key_value(host) {
        return Some((name, entry));
    }
    // Most have no wildcard at all: theirs begin at the first star.
    entries.range("*".to_owned()..).next().filter(|(name, _)| is_wildcard(name))?;
    // Each suffix is tried once, the longest first: linear in the name, not in the entries. A wildcard
    // itself is only covered by the wildcards of its own suffix.
    let rest = host.strip_prefix('*').unwrap_or(host);
    rest.char_indices().map(|(at, _)| &rest[at..]).chain(std::iter::once("")).find_map(|suffix| {
        entries.get_key_value(&format!("*{suffix}")).map(|(name, entry)| (name.as_str(), entry))
    })
}

/// A host as written in a resource of `namespace`, as a full name: a name without a dot is a Kubernetes
/// service of that namespace.
pub fn qualify(host: &str, namespace: &str) -> String {
    if host.is_empty() || host == "*" || host.contains('.') || host.parse::<IpAddr>().is_ok() {
        return host.to_owned();
    }
    service_host(host, namespace)
}

/// The full name of a Kubernetes service.
pub fn service_host(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.svc.{CLUSTER_DOMAIN}")
}

/// A gateway as written in a VirtualService of `namespace`, as `NAMESPACE/NAME`; `mesh` stays. A dotted
/// name is the old form `NAME.NAMESPACE.svc.cluster.local`.
pub fn qualify_gateway(gateway: &str, namespace: &str) -> String {
    if gateway == MESH_GATEWAY {
        return gateway.to_owned();
    }
    match (gateway.split_once('/'), gateway.split_once('.')) {
        (Some((".", name)), _) => format!("{namespace}/{name}"),
        (Some(_), _) => gateway.to_owned(),
        (None, Some((name, rest))) => {
            let of = rest.split_once('.').map_or(rest, |(of, _)| of);
            format!("{of}/{name}")
        }
        (None, None) => format!("{namespace}/{gateway}"),
    }
}

/// The gateway name that means all sidecars.
pub const MESH_GATEWAY: &str = "mesh";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_overlap_as_istio_says() {
        assert!(overlaps("foo.com", "foo.com"));
        assert!(!overlaps("foo.com", "bar.com"));
        assert!(overlaps("*.com", "foo.com"));
        assert!(overlaps("bar.com", "*.com"));
        assert!(!overlaps("*.foo.com", "foo.com"));
        assert!(overlaps("*", "*.com"));
        assert!(overlaps("*.foo.com", "*.com"));
        assert!(is_covered("*.foo.com", "*.com"));
        assert!(!is_covered("*.com", "*.foo.com"));
        assert!(!is_covered("*.com", "foo.com"));
    }

    #[test]
    fn the_intersection_keeps_the_narrower_host() {
        assert_eq!(intersection(&["foo.com", "bar.com"], &["*.com"]), ["foo.com", "bar.com"]);
        assert_eq!(intersection(&["foo.com", "*.net"], &["*.com", "bar.net"]), ["foo.com", "bar.net"]);
        assert_eq!(intersection(&["foo.com", "*.net"], &["*.bar.net"]), ["*.bar.net"]);
        assert!(intersection(&["foo.com"], &["bar.com"]).is_empty());
        assert!(intersection(&[], &["bar.com"]).is_empty());
    }

    #[test]
    fn the_longest_wildcard_wins() {
        let entries: BTreeMap<String, u8> = [("*", 0), ("*.com", 1), ("*.foo.com", 2), ("a.foo.com", 3)]
            .map(|(h, v)| (h.to_owned(), v))
            .into();
        let value = |host| most_specific(host, &entries).map(|(_, v)| *v);
        assert_eq!(value("a.foo.com"), Some(3));
        assert_eq!(value("b.foo.com"), Some(2));
        assert_eq!(value("foo.com"), Some(1));
        assert_eq!(value("*.foo.com"), Some(2));
        assert_eq!(value("*.b.foo.com"), Some(2));
        assert_eq!(value("localhost"), Some(0));
        assert_eq!(value(""), Some(0));
    }

    #[test]
    fn short_names_belong_to_the_resources_namespace() {
        assert_eq!(qualify("reviews", "shop"), "reviews.shop.svc.cluster.local");
        assert_eq!(qualify("reviews.other", "shop"), "reviews.other");
        assert_eq!(qualify("*", "shop"), "*");
        assert_eq!(qualify("10.0.0.1", "shop"), "10.0.0.1");
        assert_eq!(qualify("::1", "shop"), "::1");
        assert_eq!(qualify_gateway("edge", "shop"), "shop/edge");
        assert_eq!(qualify_gateway("./edge", "shop"), "shop/edge");
        assert_eq!(qualify_gateway("ops/edge", "shop"), "ops/edge");
        assert_eq!(qualify_gateway("edge.ops.svc.cluster.local", "shop"), "ops/edge");
        assert_eq!(qualify_gateway("edge.ops", "shop"), "ops/edge");
        assert_eq!(qualify_gateway("mesh", "shop"), "mesh");
    }

    #[test]
    fn names_sort_before_wildcards_and_longest_first() {
        let mut hosts = ["*", "b.com", "*.com", "a.com", "long.com"];
        hosts.sort_by(|a, b| specificity(a, b));
        assert_eq!(hosts, ["long.com", "a.com", "b.com", "*.com", "*"]);
    }
}
