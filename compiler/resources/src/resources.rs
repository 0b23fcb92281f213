//! All objects of a tree, by kind.

use std::collections::BTreeMap;

use meshc_diagnostics::Diagnostic;
use meshc_syntax::Suppression;

use crate::istio::{DestinationRule, Gateway, ServiceEntry, VirtualService};
use crate::kubernetes::{EndpointSlice, ServiceSpec, WorkloadSpec};
use crate::object::{Object, PodParts};

/// All objects of a tree, by kind, in the order of files and documents.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    /// Namespaces.
    pub namespaces: Vec<Object<()>>,
    /// Identities.
    pub service_accounts: Vec<Object<()>>,
    /// Services.
    pub services: Vec<Object<ServiceSpec>>,
    /// Endpoints as facts.
    pub endpoint_slices: Vec<Object<EndpointSlice>>,
    /// Pods.
    pub pods: Vec<Object<PodParts>>,
    /// Deployments, StatefulSets, DaemonSets, ReplicaSets: the object's kind tells which.
    pub workloads: Vec<Object<WorkloadSpec>>,
    /// Istio.
    pub virtual_services: Vec<Object<VirtualService>>,
    /// Istio.
    pub destination_rules: Vec<Object<DestinationRule>>,
    /// Istio.
    pub gateways: Vec<Object<Gateway>>,
    /// Istio.
    pub service_entries: Vec<Object<ServiceEntry>>,
    /// How many documents there were of kinds that are none of a mesh's business, by `apiVersion kind`; documents
    /// that are no Kubernetes object at all are counted under `other YAML`.
    pub foreign: BTreeMap<String, usize>,
    /// Documents read, of any kind.
    pub documents: usize,
}

impl Resources {
    /// How many objects a mesh reads.
    pub fn len(&self) -> usize {
        self.namespaces.len()
            + self.service_accounts.len()
            + self.services.len()
            + self.endpoint_slices.len()
            + self.pods.len()
            + self.workloads.len()
            + self.virtual_services.len()
            + self.destination_rules.len()
            + self.gateways.len()
            + self.service_entries.len()
    }

    /// Whether there is nothing that a mesh reads.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the objects of a later file.
    pub(crate) fn append(&mut self, mut later: Self) {
        self.namespaces.append(&mut later.namespaces);
        self.service_accounts.append(&mut later.service_accounts);
        self.services.append(&mut later.services);
        self.endpoint_slices.append(&mut later.endpoint_slices);
        self.pods.append(&mut later.pods);
        self.workloads.append(&mut later.workloads);
        self.virtual_services.append(&mut later.virtual_services);
        self.destination_rules.append(&mut later.destination_rules);
        self.gateways.append(&mut later.gateways);
        self.service_entries.append(&mut later.service_entries);
        for (kind, count) in later.foreign {
            *self.foreign.entry(kind).or_default() += count;
        }
        self.documents += later.documents;
    }
}

/// What reading a tree gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The objects.
    pub resources: Resources,
    /// What documents alone show, in the order of files and documents.
    pub diagnostics: Vec<Diagnostic>,
    /// The comments that silence findings.
    pub suppressions: Vec<Suppression>,
}
