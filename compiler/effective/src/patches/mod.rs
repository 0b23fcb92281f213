//! The patches of each proxy, selected and in order (`pilot/pkg/model/envoyfilter.go` and `push_context.go`).

mod convert;
mod matches;
mod reach;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use meshc_mesh::{Interception, Mesh, Pod};
use meshc_resources::istio::ProxyMatch;

use crate::model::Patches;

pub(crate) use reach::first_on_request_path;

/// The version of Istio that is modelled, as its proxies tell it.
const ISTIO_VERSION: &str = "1.32.0";

/// The cluster's name where nobody gives it another one.
const CLUSTER: &str = "Kubernetes";

/// Longer expressions match no proxy.
const LONGEST_VERSION: usize = 1024;

/// The selected patches, by the addresses of their filters and their places in those, and the ports of servers.
type Key = (Vec<(usize, usize)>, BTreeMap<u16, BTreeSet<u16>>);

/// What was made before.
#[derive(Default)]
pub(crate) struct Cache {
    made: HashMap<Key, Arc<Patches>>,
    versions: HashMap<String, bool>,
}

impl Cache {
    /// The patches of the proxy of a pod.
    pub(crate) fn of(
        &mut self,
        mesh: &Mesh,
        pod: &Pod,
        server_ports: BTreeMap<u16, BTreeSet<u16>>,
    ) -> Arc<Patches> {
        let filters = mesh.policies.envoy_filters(&pod.namespace, &pod.labels);
        if filters.is_empty() {
            return Arc::default();
        }
        let metadata = metadata(mesh, pod);
        let mut places = Vec::new();
        let mut written = Vec::new();
        for filter in filters {
            for (index, patch) in filter.spec.config_patches.iter().enumerate() {
                let proxy = patch.matches.as_ref().and_then(|matches| matches.proxy.as_ref());
                if proxy.is_none_or(|proxy| self.is_for(proxy, &metadata)) {
                    places.push((Arc::as_ptr(filter).addr(), index));
                    written.push((filter, index, patch));
                }
            }
        }
        let made = self.made.entry((places, server_ports.clone()));
        let new = || {
            let all = written
                .into_iter()
                .filter_map(|(filter, index, patch)| convert::patch(&filter.meta, index, patch));
            Arc::new(Patches { all: all.collect(), server_ports })
        };
        Arc::clone(made.or_insert_with(new))
    }

    /// Whether a patch is for a proxy with this metadata.
    fn is_for(&mut self, proxy: &ProxyMatch, metadata: &BTreeMap<&str, String>) -> bool {
        let version = proxy.proxy_version.as_ref().map_or("", |version| version.value.as_str());
        if !version.is_empty() && !self.is_our_version(version) {
            return false;
        }
        let has = |key: &str, value: &str| metadata.get(key).is_some_and(|known| known == value);
        proxy.metadata.iter().all(|(key, value)| has(key, value))
    }

    /// An expression that cannot be read matches every version in Istio: its webhook refuses it before.
    fn is_our_version(&mut self, expression: &str) -> bool {
        if expression.len() > LONGEST_VERSION {
            return false;
        }
        if let Some(known) = self.versions.get(expression) {
            return *known;
        }
        let matches = meshc_re2::Regex::search(expression)
            .map_or(true, |regex| regex.is_match(ISTIO_VERSION.as_bytes()));
        self.versions.insert(expression.to_owned(), matches);
        matches
    }
}

/// What Istio's agent tells of a proxy by texts, as far as the YAML and Istio's defaults say.
fn metadata(mesh: &Mesh, pod: &Pod) -> BTreeMap<&'static str, String> {
    let interception = match pod.interception {
        Interception::Redirect => "REDIRECT",
        Interception::Tproxy => "TPROXY",
        Interception::None => "NONE",
    };
    BTreeMap::from([
        ("NAME", pod.name.clone()),
        ("NAMESPACE", pod.namespace.clone()),
        ("WORKLOAD_NAME", pod.workload.clone()),
        ("SERVICE_ACCOUNT", pod.service_account.clone()),
        ("MESH_ID", mesh.config.trust_domain().to_owned()),
        ("CLUSTER_ID", CLUSTER.to_owned()),
        ("ISTIO_VERSION", ISTIO_VERSION.to_owned()),
        ("INTERCEPTION_MODE", interception.to_owned()),
    ])
}
