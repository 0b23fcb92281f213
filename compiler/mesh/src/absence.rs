//! What it means that the tree does not have something: it may live elsewhere.

use crate::Mesh;
use crate::hostname::CLUSTER_DOMAIN;

/// Why a host is not in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence<'h> {
    /// The settings say that it lives elsewhere.
    Elsewhere,
    /// The tree holds no Service of the host's namespace, which therefore may live elsewhere as a whole.
    Unseen {
        /// The namespace.
        namespace: &'h str,
    },
    /// The tree should have it.
    Missing,
}

impl Mesh {
    /// Why a host, as a full name, is not in the tree.
    pub fn absence<'h>(&self, host: &'h str) -> Absence<'h> {
        if self.external.has_service(host) {
            return Absence::Elsewhere;
        }
        match namespace_of(host) {
            Some(namespace) if !self.inhabited.contains(namespace) => Absence::Unseen { namespace },
            _ => Absence::Missing,
        }
    }

    /// Whether the tree holds a Service of the namespace.
    pub fn is_inhabited(&self, namespace: &str) -> bool {
        self.inhabited.contains(namespace)
    }
}

/// The namespace of the host of a Kubernetes service.
fn namespace_of(host: &str) -> Option<&str> {
    let of_cluster = host.strip_suffix(CLUSTER_DOMAIN)?.strip_suffix(".svc.")?;
    let (_, namespace) = of_cluster.rsplit_once('.')?;
    (!namespace.is_empty() && namespace != "*").then_some(namespace)
}

#[cfg(test)]
mod tests {
    use super::namespace_of;

    #[test]
    fn only_hosts_of_kubernetes_services_have_a_namespace() {
        assert_eq!(namespace_of("reviews.shop.svc.cluster.local"), Some("shop"));
        assert_eq!(namespace_of("*.shop.svc.cluster.local"), Some("shop"));
        assert_eq!(namespace_of("*.svc.cluster.local"), None);
        assert_eq!(namespace_of("api.example.com"), None);
        assert_eq!(namespace_of("reviews.shop"), None);
    }
}
