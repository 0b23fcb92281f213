//! The names under which a workload may ask for a service: Istio's list of a virtual host's domains.

use std::collections::BTreeSet;
use std::net::IpAddr;

use meshc_mesh::hostname::CLUSTER_DOMAIN;
use meshc_mesh::{Registry, Resolution, Service, UNSPECIFIED};

use crate::names;

/// The domains of one service from one namespace.
#[derive(Debug, Default)]
pub(super) struct Domains {
    /// In Istio's order.
    pub(super) all: Vec<String>,
    /// Those that were made from the host: they give way to a service that is really called so.
    expanded: Vec<String>,
}

/// The domains of a service, seen from a namespace.
pub(super) fn of_service(service: &Service, namespace: &str) -> Domains {
    let host = service.hostname.to_ascii_lowercase();
    let expanded = alternatives(&host, namespace);
    let mut all = vec![names::domain(&host)];
    all.extend(expanded.iter().cloned());
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
    Domains { all, expanded }
}

/// The domains of a host that only a VirtualService names.
pub(super) fn of_host(host: &str) -> Domains {
    Domains { all: vec![names::domain(host)], expanded: Vec::new() }
}

impl Domains {
    /// Those that no earlier virtual host has and that are not the full name of another service; marks them
    /// as taken.
    pub(super) fn claim(self, taken: &mut BTreeSet<String>, known: &BTreeSet<String>) -> Vec<String> {
        let expanded = self.expanded;
        let free = |domain: &String| !(expanded.contains(domain) && known.contains(domain));
        self.all.into_iter().filter(free).filter(|domain| taken.insert(domain.to_ascii_lowercase())).collect()
    }
}

/// With a final dot, and for a Kubernetes service the short names.
fn alternatives(host: &str, namespace: &str) -> Vec<String> {
    let mut alternatives = Vec::new();
    if host.parse::<IpAddr>().is_err() {
        alternatives.push(format!("{host}."));
    }
    let Some(of_cluster) = host.strip_suffix(CLUSTER_DOMAIN).and_then(|rest| rest.strip_suffix(".svc."))
    else {
        return alternatives;
    };
    // Istio looks for the first `.svc.`, which is the last but for odd names.
    let of_cluster = of_cluster.split(".svc.").next().unwrap_or(of_cluster);
    if let Some((name, of)) = of_cluster.split_once('.') {
        if of == namespace {
            alternatives.extend([name.to_owned(), format!("{of_cluster}.svc"), of_cluster.to_owned()]);
        } else {
            alternatives.extend([of_cluster.to_owned(), format!("{of_cluster}.svc")]);
        }
    }
    alternatives
}

#[cfg(test)]
mod tests {
    use super::alternatives;

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
}
