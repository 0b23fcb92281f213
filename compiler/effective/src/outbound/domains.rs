//! The names under which a workload may ask for a service: Istio's list of a virtual host's domains.

use std::collections::HashSet;
use std::net::IpAddr;

use meshc_mesh::hostname::CLUSTER_DOMAIN;
use meshc_mesh::{Registry, Resolution, Service, UNSPECIFIED};

use crate::names;

/// The domains of one host from one namespace.
#[derive(Debug)]
pub(super) struct Domains {
    /// The host, in lower case.
    pub(super) host: String,
    /// In Istio's order.
    pub(super) all: Vec<String>,
    /// The same in lower case: a domain belongs to one virtual host, whatever its case.
    keys: Vec<String>,
    /// How many behind the first were made from the host: they give way to a service that is really called so.
    expanded: usize,
}

/// What is left of a virtual host's domains.
pub(super) enum Claim {
    /// All of them.
    All,
    /// Others have the rest.
    Some(Vec<String>),
}

/// The domains of a service, seen from a namespace.
pub(super) fn of_service(service: &Service, namespace: &str) -> Domains {
    let host = service.hostname.to_ascii_lowercase();
    let alternatives = alternatives(&host, namespace);
    let expanded = alternatives.len();
    let mut all = vec![names::domain(&host)];
    all.extend(alternatives);
    if service.resolution == Resolution::Passthrough && service.registry == Registry::Kubernetes {
        // Single pods of a headless service are asked for as POD.SERVICE.
        let pods: Vec<_> = all.iter().map(|domain| format!("*.{domain}")).collect();
        all.extend(pods);
    }
    let has_v4 = service.addresses.iter().any(|address| !address.contains(':'));
    let addresses = service.addresses.iter().filter(|address| {
        // Proxies of this version have IPv4 addresses; a dual-stack service's others are none of theirs.
        let foreign = service.registry == Registry::Kubernetes && has_v4 && address.contains(':');
        address.as_str() != UNSPECIFIED && !foreign
    });
    all.extend(addresses.map(|address| names::domain(address)));
    Domains::new(host, all, expanded)
}

/// The domains of a host, in lower case, that only a VirtualService names.
pub(super) fn of_host(host: String) -> Domains {
    let all = vec![names::domain(&host)];
    Domains::new(host, all, 0)
}

impl Domains {
    fn new(host: String, all: Vec<String>, expanded: usize) -> Self {
        let keys = all.iter().map(|domain| domain.to_ascii_lowercase()).collect();
        Self { host, all, keys, expanded }
    }

    /// Those that no earlier virtual host has and that are not the full name of another service; marks them
    /// as taken.
    pub(super) fn claim<'a>(&'a self, taken: &mut HashSet<&'a str>, known: &HashSet<&str>) -> Claim {
        let mut left = Vec::new();
        for (place, (domain, key)) in self.all.iter().zip(&self.keys).enumerate() {
            let is_expanded = (1..=self.expanded).contains(&place);
            if !(is_expanded && known.contains(domain.as_str())) && taken.insert(key) {
                left.push(domain);
            }
        }
        if left.len() == self.all.len() {
            Claim::All
        } else {
            Claim::Some(left.into_iter().cloned().collect())
        }
    }
}

/// Whether callers of a namespace have other domains for a host than those of all other namespaces.
pub(super) fn is_neighbour(host: &str, namespace: &str) -> bool {
    parts(host).is_some_and(|(_, of)| of == namespace)
}

/// `NAME.NAMESPACE` and the namespace in the full name of a Kubernetes service.
fn parts(host: &str) -> Option<(&str, &str)> {
    let before = host.strip_suffix(CLUSTER_DOMAIN)?.strip_suffix(".svc.")?;
    // Istio looks for the first `.svc.`, which is the last but for odd names.
    let before = before.split(".svc.").next().unwrap_or(before);
    Some((before, before.split_once('.')?.1))
}

/// With a final dot, and for a Kubernetes service the short names.
fn alternatives(host: &str, namespace: &str) -> Vec<String> {
    let mut alternatives = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        alternatives.push(format!("{host}."));
    }
    let Some((before, of)) = parts(host) else { return alternatives };
    if of == namespace {
        let name = before.split('.').next().unwrap_or(before);
        alternatives.extend([name.to_owned(), format!("{before}.svc"), before.to_owned()]);
    } else {
        alternatives.extend([before.to_owned(), format!("{before}.svc")]);
    }
    alternatives
}

#[cfg(test)]
mod tests {
    use super::{Claim, HashSet, alternatives, of_host};

    #[test]
    fn short_names_depend_on_who_asks() {
        let host = "reviews.shop.svc.cluster.local";
        assert_eq!(
            alternatives(host, "shop"),
            ["reviews.shop.svc.cluster.local.", "reviews", "reviews.shop.svc", "reviews.shop"]
        );
        assert_eq!(
            alternatives(host, "backoffice"),
            ["reviews.shop.svc.cluster.local.", "reviews.shop", "reviews.shop.svc"]
        );
        assert_eq!(alternatives("api.example.com", "shop"), ["api.example.com."]);
        assert!(alternatives("192.0.2.1", "shop").is_empty());
    }

    #[test]
    fn a_domain_is_given_away_once() {
        let (first, second) = (of_host("a.example".to_owned()), of_host("a.example".to_owned()));
        let mut taken = HashSet::new();
        assert!(matches!(first.claim(&mut taken, &HashSet::new()), Claim::All));
        assert!(matches!(second.claim(&mut taken, &HashSet::new()), Claim::Some(left) if left.is_empty()));
    }
}
