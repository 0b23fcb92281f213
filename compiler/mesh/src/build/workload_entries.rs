//! What ServiceEntries and Services select beside the pods of a Service: WorkloadEntries, and pods by ServiceEntries.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_resources::istio::WorkloadEntry;
use meshc_resources::{Object, Resources};

use crate::meta::{plain, selects};
use crate::place::{NETWORK, augmented, said};
use crate::{Endpoint, Health, Networks, Pod};

type Labels = BTreeMap<String, String>;

/// A workload that can be an endpoint, before it is known of which port.
#[derive(Debug)]
pub(super) struct Instance {
    /// The endpoint without ports.
    pub(super) endpoint: Endpoint,
    /// Its own labels, which selectors select by.
    labels: Labels,
    /// Its own ports by name.
    pub(super) ports: BTreeMap<String, u16>,
    /// Its address is no IP address: only services whose names are looked up can use it.
    pub(super) only_by_name: bool,
}

impl Instance {
    /// Of a WorkloadEntry, inline or a resource of its own, with its labels.
    pub(super) fn of_entry(
        entry: &WorkloadEntry,
        labels: &Labels,
        name: String,
        namespace: &str,
        networks: &Networks,
    ) -> Self {
        let text = |value: &Option<meshc_syntax::de::Spanned<String>>| {
            value.as_ref().map(|value| value.value.clone()).unwrap_or_default()
        };
        let address = text(&entry.address);
        let account = text(&entry.service_account);
        let written = text(&entry.locality);
        let locality = if written.is_empty() { said(labels).unwrap_or_default() } else { written };
        let written = text(&entry.network);
        let label = labels.get(NETWORK).map(String::as_str);
        let network = if written.is_empty() { networks.of(label, &address) } else { written };
        let mutual_tls = match labels.get("security.istio.io/tlsMode") {
            Some(mode) => mode == "istio",
            None => !account.is_empty(),
        };
        let ports = entry.ports.iter();
        let ports =
            ports.filter_map(|(name, port)| Some((name.value.clone(), u16::try_from(port.value).ok()?)));
        Self {
            only_by_name: !address.is_empty() && address.parse::<IpAddr>().is_err(),
            endpoint: Endpoint {
                service_port: 0,
                address,
                port: 0,
                weight: entry.weight.as_ref().map_or(1, |weight| weight.value.max(1)),
                labels: augmented(labels, &locality, "", &network).into(),
                workload: name,
                namespace: namespace.to_owned(),
                pod: None,
                health: Health::Unknown,
                locality,
                network,
                mutual_tls,
                identity: Some((namespace.to_owned(), account)).filter(|(_, account)| !account.is_empty()),
            },
            labels: labels.clone(),
            ports: ports.collect(),
        }
    }

    fn of_pod(pod: &Pod) -> Self {
        let endpoint = Endpoint { health: Health::Unknown, ..super::endpoints::of_pod(pod) };
        Self { endpoint, labels: Labels::clone(&pod.labels), ports: BTreeMap::new(), only_by_name: false }
    }
}

/// All WorkloadEntries and pods by namespace: pods first, then by name.
#[derive(Debug, Default)]
pub(super) struct Instances {
    by_namespace: BTreeMap<String, Vec<Instance>>,
    /// Which network they are in.
    pub(super) networks: Networks,
}

impl Instances {
    pub(super) fn new(resources: &Resources, pods: &[Pod], networks: &Networks) -> Self {
        let mut all: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
        if resources.service_entries.iter().any(|entry| entry.spec.workload_selector.is_some()) {
            for pod in pods {
                all.entry(pod.namespace.clone()).or_default().push(Instance::of_pod(pod));
            }
        }
        let mut entries: Vec<_> = resources.workload_entries.iter().collect();
        entries.sort_by_key(|object| object.name());
        for object in entries {
            all.entry(object.namespace().to_owned()).or_default().push(of_resource(object, networks));
        }
        Self { by_namespace: all, networks: networks.clone() }
    }

    /// Those of a namespace that have all of these labels.
    pub(super) fn selected<'a>(
        &'a self,
        namespace: &str,
        selector: &'a Labels,
    ) -> impl Iterator<Item = &'a Instance> {
        let all = self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|instance| selects(selector, &instance.labels))
    }

    /// The WorkloadEntries that a Service selects: those with IP addresses.
    pub(super) fn of_service<'a>(
        &'a self,
        namespace: &str,
        selector: &'a Labels,
    ) -> impl Iterator<Item = &'a Instance> {
        let selected = self.selected(namespace, selector);
        selected.filter(|instance| instance.endpoint.pod.is_none() && !instance.only_by_name)
    }
}

/// A WorkloadEntry's labels are its metadata's and its own, the metadata's first; its workload is the group that it
/// came from, the one that its label names, or itself.
fn of_resource(object: &Object<WorkloadEntry>, networks: &Networks) -> Instance {
    let mut labels = plain(&object.spec.labels);
    labels.extend(plain(&object.metadata.labels));
    let name = object
        .metadata
        .annotation("istio.io/autoRegistrationGroup")
        .or_else(|| object.metadata.label("service.istio.io/workload-name"))
        .unwrap_or_else(|| object.name());
    Instance::of_entry(&object.spec, &labels, name.to_owned(), object.namespace(), networks)
}
