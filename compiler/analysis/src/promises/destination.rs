//! Destinations as promises name them: the parts of Istio's cluster names.

use meshc_mesh::hostname::{is_covered, is_wildcard, qualify};

/// An outbound cluster's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination<'c> {
    /// The service's port.
    pub port: &'c str,
    /// The subset; empty for all.
    pub subset: &'c str,
    /// The service's full name.
    pub host: &'c str,
}

impl<'c> Destination<'c> {
    /// Reads `outbound|9080|v2|reviews.shop.svc.cluster.local`; none for other clusters.
    pub fn read(cluster: &'c str) -> Option<Self> {
        let mut parts = cluster.strip_prefix("outbound|")?.splitn(3, '|');
        Some(Self { port: parts.next()?, subset: parts.next()?, host: parts.next()? })
    }

    /// Whether a host, as written in a resource of `namespace`, means it.
    pub(crate) fn has_host(&self, host: &str, namespace: &str) -> bool {
        let full = qualify(host, namespace);
        if is_wildcard(&full) { is_covered(self.host, &full) } else { self.host.eq_ignore_ascii_case(&full) }
    }

    /// The namespace of a Kubernetes service.
    pub(crate) fn namespace(&self) -> Option<&'c str> {
        self.host.split_once(".svc.")?.0.rsplit_once('.').map(|(_, namespace)| namespace)
    }

    /// `reviews.shop (v2)`, as a person says it.
    pub fn words(&self) -> String {
        let host = self.host.split_once(".svc.").map_or(self.host, |(name, _)| name);
        if self.subset.is_empty() { host.to_owned() } else { format!("{host} ({})", self.subset) }
    }
}

/// A cluster as a person says it.
pub(crate) fn words(cluster: &str) -> String {
    Destination::read(cluster).map_or_else(|| cluster.to_owned(), |destination| destination.words())
}

/// Clusters with their shares in percent, from their weights; of weights that are all zero each is the whole.
pub(crate) fn shares<'c>(
    weights: impl Iterator<Item = (&'c str, u32)> + Clone,
) -> impl Iterator<Item = (&'c str, f64)> {
    let total: u64 = weights.clone().map(|(_, weight)| u64::from(weight)).sum();
    weights.map(move |(cluster, weight)| {
        (cluster, if total == 0 { 100.0 } else { f64::from(weight) / total as f64 * 100.0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_clusters_say_where_they_lead() {
        let read = Destination::read("outbound|9080|v2|reviews.shop.svc.cluster.local").expect("one");
        assert_eq!((read.port, read.subset, read.namespace()), ("9080", "v2", Some("shop")));
        assert!(read.has_host("reviews", "shop") && !read.has_host("reviews", "edge"));
        assert!(read.has_host("*.shop.svc.cluster.local", "edge"));
        assert_eq!(read.words(), "reviews.shop (v2)");
        let outside = Destination::read("outbound|443||api.example.com").expect("one");
        assert_eq!((outside.namespace(), outside.words().as_str()), (None, "api.example.com"));
        assert_eq!(Destination::read("PassthroughCluster"), None);
    }
}
