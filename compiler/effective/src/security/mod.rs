//! Security policies of a workload, as istiod writes them: which tokens are valid, and which rules hold.

mod authorization;
pub(crate) mod conditions;
mod providers;
mod rule;
mod text;
mod tokens;
mod trust;

use std::collections::HashMap;
use std::sync::Arc;

use meshc_mesh::{Mesh, Pod, PodProxy};

use crate::model::{self, Origin, Security, SecurityFilter};

/// What pods check, each answer shared by those for whom the same policies hold.
pub(crate) struct Cache {
    trust_domains: Vec<String>,
    providers: providers::Providers,
    by_policies: HashMap<(Vec<usize>, bool), Arc<Security>>,
}

impl Cache {
    /// Nothing yet.
    pub(crate) fn new(mesh: &Mesh) -> Self {
        Self {
            trust_domains: mesh.trust_domains(),
            providers: providers::read(mesh),
            by_policies: HashMap::new(),
        }
    }

    /// What a pod checks.
    pub(crate) fn of(&mut self, mesh: &Mesh, pod: &Pod) -> Arc<Security> {
        let is_gateway = pod.proxy == PodProxy::Gateway;
        let (namespace, labels) = (&pod.namespace, &pod.labels);
        let peer = mesh.policies.peer_authentications(namespace, labels);
        let request = mesh.policies.request_authentications(namespace, labels);
        let policies = mesh.policies.authorization_policies(namespace, labels);
        let key = peer.iter().map(|policy| Arc::as_ptr(policy).addr());
        let key = key.chain(request.iter().map(|policy| Arc::as_ptr(policy).addr()));
        let key: Vec<usize> = key.chain(policies.iter().map(|policy| Arc::as_ptr(policy).addr())).collect();
        if let Some(known) = self.by_policies.get(&(key.clone(), is_gateway)) {
            return Arc::clone(known);
        }
        let builder = |tcp| authorization::Builder {
            policies: &policies,
            trust_domains: &self.trust_domains,
            providers: &self.providers,
            tcp,
        };
        // Whether a provider is asked is decided before tokens are verified.
        let mut http = builder(false).custom();
        http.extend(tokens::jwt(mesh, &request, is_gateway).map(|jwt| SecurityFilter::Jwt(Arc::new(jwt))));
        http.extend(builder(false).local());
        let mut tcp = builder(true).custom();
        tcp.extend(builder(true).local());
        let made = Arc::new(Security { mtls: mtls(&mesh.mtls(pod)), http, tcp });
        self.by_policies.insert((key, is_gateway), Arc::clone(&made));
        made
    }
}

fn mtls(composed: &meshc_mesh::Mtls) -> model::Mtls {
    let setting = |setting: &meshc_mesh::MtlsSetting| model::MtlsSetting {
        mode: match setting.mode {
            meshc_mesh::MtlsMode::Disable => model::MtlsMode::Disable,
            meshc_mesh::MtlsMode::Permissive => model::MtlsMode::Permissive,
            meshc_mesh::MtlsMode::Strict => model::MtlsMode::Strict,
        },
        origins: setting
            .by
            .iter()
            .map(|(meta, span)| Origin::new(*span, format!("{meta}: mutual TLS is {}", setting.mode)))
            .collect(),
    };
    model::Mtls {
        all: setting(&composed.all),
        ports: composed.ports.iter().map(|(port, of_port)| (*port, setting(of_port))).collect(),
    }
}
