//! The names under which a workload may ask for a service: Istio's list of a virtual host's domains.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;

use meshc_mesh::hostname::CLUSTER_DOMAIN;
use meshc_mesh::{Registry, Resolution, Service, UNSPECIFIED};

use crate::names;

/// Numbers for names in lower case: each view asks of thousands of names whether they are taken, and a number is
/// looked up at once.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<String, usize>);

impl Numbers {
    fn of(&mut self, name: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(name.to_ascii_lowercase()).or_insert(next)
    }
}

/// A set of numbered names.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<bool>);

impl Names {
    /// Adds a name; whether it is new.
    pub(super) fn insert(&mut self, number: usize) -> bool {
        if self.0.len() <= number {
            self.0.resize(number + 1, false);
        }
        self.0.get_mut(number).is_some_and(|has| !std::mem::replace(has, true))
    }

    /// Whether a name is in it.
    pub(super) fn contains(&self, number: usize) -> bool {
        self.0.get(number).copied().unwrap_or_default()
    }
}

/// The domains of one host from one namespace.
#[derive(Debug)]
pub(super) struct Domains {
    /// The host, in lower case.
    pub(super) host: String,
    /// The host's number.
    pub(super) number: usize,
    /// In Istio's order.
    pub(super) all: Vec<String>,
    /// Their numbers: a domain belongs to one virtual host, whatever its case.
    keys: Vec<usize>,
    /// Those that were made from the hosts: they give way to a service that is really called so.
    expanded: Vec<Range<usize>>,
}

/// What is left of a virtual host's domains.
pub(super) enum Claim {
    /// All of them.
    All,
    /// Others have the rest.
    Some(Vec<String>),
}

/// The domains of a service, seen from a namespace, each also with the port where one is given.
pub(super) fn of_service(
    service: &Service,
    namespace: &str,
    port: Option<u16>,
    numbers: &mut Numbers,
) -> Domains {
    let host = service.hostname.to_ascii_lowercase();
    let both = |name: &str| [Some(names::domain(name)), port.map(|port| names::host_port(name, port))];
    let (mut all, mut expanded) = (Vec::new(), Vec::new());
    for name in std::iter::once(&host).chain(&service.aliases) {
        all.extend(both(name).into_iter().flatten());
        let start = all.len();
        all.extend(alternatives(name, namespace).iter().flat_map(|name| both(name)).flatten());
        expanded.push(start..all.len());
    }
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
    all.extend(addresses.flat_map(|address| both(address)).flatten());
    Domains::new(host, all, expanded, numbers)
}

/// The domains of a host, in lower case, that only a VirtualService names.
pub(super) fn of_host(host: String, numbers: &mut Numbers) -> Domains {
    let all = vec![names::domain(&host)];
    Domains::new(host, all, Vec::new(), numbers)
}

impl Domains {
    fn new(host: String, all: Vec<String>, expanded: Vec<Range<usize>>, numbers: &mut Numbers) -> Self {
        let keys = all.iter().map(|domain| numbers.of(domain)).collect();
        Self { number: numbers.of(&host), host, all, keys, expanded }
    }

    /// The numbers of those that another list of the same host does not have; none where the other has some that this one
    /// does not.
    pub(super) fn beside(&self, other: &Self) -> Option<Vec<usize>> {
        let more: Vec<usize> = self.keys.iter().copied().filter(|key| !other.keys.contains(key)).collect();
        other.keys.iter().all(|key| self.keys.contains(key)).then_some(more)
    }

    /// Those that no earlier virtual host has and that are not the full name of another service; marks them
    /// as taken.
    pub(super) fn claim(&self, taken: &mut Names, known: &Names) -> Claim {
        let mut left = Vec::new();
        for (place, (domain, &key)) in self.all.iter().zip(&self.keys).enumerate() {
            let is_expanded = self.expanded.iter().any(|range| range.contains(&place));
            if !(is_expanded && known.contains(key)) && taken.insert(key) {
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
    neighbourhood(host) == Some(namespace)
}

/// The namespace whose callers have other domains for a host.
pub(super) fn neighbourhood(host: &str) -> Option<&str> {
    parts(host).map(|(_, of)| of)
}

/// `NAME.NAMESPACE` and the namespace in the full name of a Kubernetes service.
fn parts(host: &str) -> Option<(&str, &str)> {
    let before = host.strip_suffix(CLUSTER_DOMAIN)?.strip_suffix(".svc.")?;
    // Istio looks for the first `.svc.`, which is the last but for odd names.
    let before = before.split(".svc.").next().unwrap_or(before);
    Some((before, before.split_once('.')?.1))
}

/// With a final dot, and for a Kubernetes service the short names.
pub(super) fn alternatives(host: &str, namespace: &str) -> Vec<String> {
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
    use super::{Claim, Names, Numbers, alternatives, of_host};

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
        let mut numbers = Numbers::default();
        let [first, second] = ["a.example"; 2].map(|host| of_host(host.to_owned(), &mut numbers));
        let (mut taken, known) = (Names::default(), Names::default());
        assert!(matches!(first.claim(&mut taken, &known), Claim::All));
        assert!(matches!(second.claim(&mut taken, &known), Claim::Some(left) if left.is_empty()));
    }
}
