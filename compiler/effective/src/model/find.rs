//! Which proxy a name means.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use super::{EffectiveMesh, Proxy, ProxyId};

impl EffectiveMesh {
    /// The proxy that `name` means: the whole text as a pod's name first, then as a workload's (its first
    /// pod), then both again with the text split at its last dot into name and namespace. Without a namespace the
    /// name must be unique. Looks at every proxy: who asks often makes [`ProxyNames`].
    pub fn find(&self, name: &str) -> Result<&Arc<Proxy>, FindError> {
        find(
            name,
            |name| self.proxies.iter().filter(move |proxy| proxy.id.name == name),
            |name| self.proxies.iter().filter(move |proxy| proxy.workload == name),
        )
    }
}

/// The proxies of a mesh by their names.
#[derive(Debug)]
pub struct ProxyNames<'m> {
    pods: Named<'m>,
    workloads: Named<'m>,
}

impl<'m> ProxyNames<'m> {
    /// Of all proxies.
    pub fn new(mesh: &'m EffectiveMesh) -> Self {
        let proxies = &mesh.proxies;
        Self {
            pods: Named::new(proxies, |proxy| proxy.id.name.as_str()),
            workloads: Named::new(proxies, |proxy| proxy.workload.as_str()),
        }
    }

    /// The proxy that `name` means, as [`EffectiveMesh::find`] says.
    pub fn find(&self, name: &str) -> Result<&'m Arc<Proxy>, FindError> {
        find(name, |name| self.pods.of(name), |name| self.workloads.of(name))
    }
}

/// Proxies by a name that some of them share, in the order of the mesh.
#[derive(Debug)]
struct Named<'m> {
    first: HashMap<&'m str, &'m Arc<Proxy>>,
    /// Those that are not the first of their name.
    others: HashMap<&'m str, Vec<&'m Arc<Proxy>>>,
}

impl<'m> Named<'m> {
    fn new(proxies: &'m [Arc<Proxy>], name: impl Fn(&'m Proxy) -> &'m str) -> Self {
        let mut named = Self { first: HashMap::with_capacity(proxies.len()), others: HashMap::new() };
        for proxy in proxies {
            match named.first.entry(name(proxy)) {
                Entry::Vacant(new) => {
                    new.insert(proxy);
                }
                Entry::Occupied(known) => named.others.entry(*known.key()).or_default().push(proxy),
            }
        }
        named
    }

    fn of(&self, name: &str) -> impl Iterator<Item = &'m Arc<Proxy>> {
        self.first.get(name).copied().into_iter().chain(self.others.get(name).into_iter().flatten().copied())
    }
}

/// Finds the proxy of a name, given those that a pod's and those that a workload's name leads to.
fn find<'m, 'n, P: Iterator<Item = &'m Arc<Proxy>>, W: Iterator<Item = &'m Arc<Proxy>>>(
    name: &'n str,
    pods: impl Fn(&'n str) -> P,
    workloads: impl Fn(&'n str) -> W,
) -> Result<&'m Arc<Proxy>, FindError> {
    let find_in = |name: &'n str, namespace: Option<&str>| {
        let here = |proxy: &&Arc<Proxy>| namespace.is_none_or(|n| proxy.id.namespace == n);
        let mut pods = pods(name).filter(here);
        if let Some(first) = pods.next() {
            return match pods.next() {
                None => Ok(Some(first)),
                Some(second) => Err(FindError::ambiguous(name, first, second)),
            };
        }
        let mut of_workload = workloads(name).filter(here);
        let Some(first) = of_workload.next() else { return Ok(None) };
        match of_workload.find(|proxy| proxy.id.namespace != first.id.namespace) {
            None => Ok(Some(first)),
            Some(second) => Err(FindError::ambiguous(name, first, second)),
        }
    };
    if let Some(found) = find_in(name, None)? {
        return Ok(found);
    }
    if let Some((head, namespace)) = name.rsplit_once('.')
        && let Some(found) = find_in(head, Some(namespace))?
    {
        return Ok(found);
    }
    Err(FindError::Unknown { name: name.to_owned() })
}

/// Why a name means no proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FindError {
    /// No pod and no workload is called so.
    Unknown {
        /// The name that was looked for.
        name: String,
    },
    /// Several namespaces have one.
    Ambiguous {
        /// The name that was looked for.
        name: String,
        /// Two that it could mean.
        between: [ProxyId; 2],
    },
}

impl FindError {
    fn ambiguous(name: &str, a: &Proxy, b: &Proxy) -> Self {
        Self::Ambiguous { name: name.to_owned(), between: [a.id.clone(), b.id.clone()] }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "no pod and no workload is called {name:?}"),
            Self::Ambiguous { name, between: [a, b] } => {
                write!(f, "{name:?} can mean {a} or {b}: add the namespace, as in {a}")
            }
        }
    }
}

impl std::error::Error for FindError {}
