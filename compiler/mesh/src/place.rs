//! Where pods and entries are: region, zone, subzone, node and network, and the labels that Istio adds for them.

use std::collections::BTreeMap;

use meshc_resources::Resources;

use crate::meta::plain;

/// What Istio calls a cluster that was given no name.
pub const CLUSTER: &str = "Kubernetes";

/// Of a node, and of an endpoint.
pub const REGION: &str = "topology.kubernetes.io/region";
/// Of a node, and of an endpoint.
pub const ZONE: &str = "topology.kubernetes.io/zone";
/// Of a node, and of an endpoint.
pub const SUBZONE: &str = "topology.istio.io/subzone";
/// Of a pod, an entry, or the namespace of Istio's installation.
pub const NETWORK: &str = "topology.istio.io/network";
/// Of an endpoint.
pub const NODE: &str = "kubernetes.io/hostname";
/// Of an endpoint.
pub const IN_CLUSTER: &str = "topology.istio.io/cluster";

type Labels = BTreeMap<String, String>;

/// The labels of nodes, by name.
#[derive(Debug, Default)]
pub(crate) struct Nodes(BTreeMap<String, Labels>);

impl Nodes {
    pub(crate) fn new(resources: &Resources) -> Self {
        let labels = |object: &meshc_resources::Object<_>| plain(&object.metadata.labels);
        Self(resources.nodes.iter().map(|node| (node.name().to_owned(), labels(node))).collect())
    }

    /// The locality of a pod: what its label says, else its node's.
    pub(crate) fn locality(&self, labels: &Labels, node: &str) -> String {
        if let Some(said) = said(labels) {
            return said;
        }
        let Some(node) = self.0.get(node) else { return String::new() };
        let label = |names: &[&str]| {
            names.iter().find_map(|name| node.get(*name)).map(String::as_str).unwrap_or_default()
        };
        let region = label(&[REGION, "failure-domain.beta.kubernetes.io/region"]);
        let zone = label(&[ZONE, "failure-domain.beta.kubernetes.io/zone"]);
        let subzone = label(&[SUBZONE]);
        if region.is_empty() && zone.is_empty() && subzone.is_empty() {
            return String::new();
        }
        format!("{region}/{zone}/{subzone}")
    }
}

/// The locality that a pod's or entry's own label says; points stand for slashes where it has no slash.
pub(crate) fn said(labels: &Labels) -> Option<String> {
    let said = labels.get("topology.istio.io/locality").or_else(|| labels.get("istio-locality"))?;
    let said = if said.contains('/') { said.clone() } else { said.replace('.', "/") };
    Some(said).filter(|said| !said.is_empty())
}

/// Region, zone and subzone of a locality.
pub fn split(locality: &str) -> [&str; 3] {
    let mut parts = locality.split('/');
    [(); 3].map(|()| parts.next().unwrap_or_default())
}

/// Labels with those that say where something is.
pub fn augmented(labels: &Labels, locality: &str, node: &str, network: &str) -> Labels {
    let mut all = labels.clone();
    let [region, zone, subzone] = split(locality);
    let places = [(REGION, region), (ZONE, zone), (SUBZONE, subzone), (IN_CLUSTER, CLUSTER), (NODE, node)];
    all.extend(
        places
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    if !network.is_empty() && all.get(NETWORK).is_none_or(String::is_empty) {
        all.insert(NETWORK.to_owned(), network.to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_pods_own_label_goes_before_its_nodes() {
        let node = labels(&[(REGION, "eu"), (ZONE, "eu-1")]);
        let nodes = Nodes([("n1".to_owned(), node)].into());
        assert_eq!(nodes.locality(&Labels::new(), "n1"), "eu/eu-1/");
        assert_eq!(nodes.locality(&Labels::new(), "n2"), "");
        assert_eq!(nodes.locality(&labels(&[("istio-locality", "us.us-1")]), "n1"), "us/us-1");
    }

    #[test]
    fn places_become_labels() {
        let all = augmented(&labels(&[("app", "a")]), "eu/eu-1/", "n1", "net");
        let expected = [
            ("app", "a"),
            (REGION, "eu"),
            (ZONE, "eu-1"),
            (IN_CLUSTER, CLUSTER),
            (NODE, "n1"),
            (NETWORK, "net"),
        ];
        assert_eq!(all, labels(&expected));
    }
}
