//! What a person means by a name: a caller, a service, a subset, a workload.

use std::collections::BTreeSet;

use super::{Entry, Graph, Node, Place};
use crate::promises::Destination;

/// What was asked for: `payments`, `payments.prod`, `api.example.com`, `reviews/v2`, `reviews-v1.shop`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    name: String,
    subset: Option<String>,
}

impl Wanted {
    pub(crate) fn new(text: &str) -> Self {
        match text.split_once('/') {
            Some((name, subset)) => Self { name: name.to_owned(), subset: Some(subset.to_owned()) },
            None => Self { name: text.to_owned(), subset: None },
        }
    }

    /// Whether a cluster is it.
    pub(crate) fn is_cluster(&self, cluster: &str) -> bool {
        let Some(destination) = Destination::read(cluster) else {
            return self.subset.is_none() && cluster == self.name;
        };
        self.is_host(destination.host)
            && self.subset.as_ref().is_none_or(|subset| subset == destination.subset)
    }

    /// Whether a host is it: in full, or its first labels where it is a service of Kubernetes.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        let rest = host.strip_prefix(self.name.as_str());
        host.eq_ignore_ascii_case(&self.name)
            || (host.contains(".svc.") && rest.is_some_and(|rest| rest.starts_with('.')))
    }

    /// Whether a workload is it.
    pub(crate) fn is_workload(&self, place: &Place<'_>) -> bool {
        let full = format!("{}.{}", place.workload, place.namespace);
        self.subset.is_none() && (self.name == place.workload || self.name == full)
    }
}

/// Whether an entry is the caller of this name: a workload, one of its pods, or a whole namespace as `*.NAMESPACE`.
pub(crate) fn is_caller(entry: &Entry<'_>, name: &str) -> bool {
    let proxy = entry.proxy;
    let namespace = &proxy.id.namespace;
    if let Some(of) = name.strip_prefix("*.") {
        return of == namespace;
    }
    let is = |own: &str| name == own || name.strip_suffix(namespace.as_str()) == Some(&format!("{own}."));
    is(&proxy.workload) || is(&proxy.id.name)
}

/// The names of all callers, for those who mistype one.
pub(crate) fn callers(graph: &Graph<'_>) -> Vec<String> {
    let entries = graph.net.node_weights().filter_map(|node| match node {
        Node::Entry(entry) => Some(entry),
        _ => None,
    });
    let names = entries.flat_map(|entry| [entry.workload(), entry.proxy.workload.clone()]);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The names of all that can be asked for.
pub(crate) fn targets(graph: &Graph<'_>) -> Vec<String> {
    let mut all = BTreeSet::new();
    for node in graph.net.node_weights() {
        match node {
            Node::Destination { name, .. } => {
                if let Some(destination) = Destination::read(name) {
                    all.insert(destination.host.to_owned());
                    if let Some((short, _)) = destination.host.split_once(".svc.") {
                        all.insert(short.to_owned());
                        all.extend(short.split('.').next().map(ToOwned::to_owned));
                    }
                }
            }
            Node::Workload(place) => {
                all.insert(format!("{}.{}", place.workload, place.namespace));
                all.insert(place.workload.clone());
            }
            _ => {}
        }
    }
    all.into_iter().collect()
}
