//! The ports of the pods that a policy selects.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest::list;

use crate::rules::context::Context;

/// The ports of some pods, and of the Services in front of them.
pub(super) struct Ports {
    of_pods: BTreeSet<u16>,
    of_services: BTreeSet<u16>,
}

impl Ports {
    /// Those of the pods with these labels, of one namespace or of all.
    pub(super) fn of_selected(
        context: &Context<'_>,
        namespace: Option<&str>,
        labels: &IndexMap<Spanned<String>, Spanned<String>>,
    ) -> Self {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect();
        let mut ports = Self { of_pods: BTreeSet::new(), of_services: BTreeSet::new() };
        for index in context.pods.places(namespace, &labels) {
            let Some(pod) = context.mesh.pods.get(index) else { continue };
            ports.of_pods.extend(pod.ports.iter().map(|port| port.number));
            for target in context.mesh.targets(index) {
                ports.of_pods.insert(target.target_port);
                let port = target.service.ports.get(target.port);
                ports.of_services.extend(port.map(|port| port.number));
            }
        }
        ports
    }

    /// What helps with a port that none of the pods has; nothing where one has it, or where none says which it has.
    pub(super) fn unknown(&self, port: u16) -> Option<String> {
        if self.of_pods.is_empty() || self.of_pods.contains(&port) {
            return None;
        }
        let names: Vec<String> = self.of_pods.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let ports = list(&names).replace(" or ", " and ");
        Some(if self.of_services.contains(&port) {
            format!("{port} is a port of the Service; those of the pods are {ports}")
        } else {
            format!("the pods have {ports}")
        })
    }
}
