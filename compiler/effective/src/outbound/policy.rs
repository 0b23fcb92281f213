//! What sidecars do with what no service claims: the Sidecar's `outboundTrafficPolicy`, else the mesh's.

use std::sync::Arc;

use meshc_mesh::{Mesh, View};
use meshc_resources::istio::mesh::MeshOutboundMode;
use meshc_resources::istio::{Destination, OutboundMode, OutboundTrafficPolicy};

use crate::model::{Origin, Route, VirtualHost};
use crate::{http, names};

/// Where what no service claims goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Unclaimed {
    /// To this cluster: where it was going, or an egress proxy.
    To(String),
    /// Nowhere.
    Refused,
}

/// The policy of a view.
pub(crate) fn of(mesh: &Mesh, view: &View) -> Unclaimed {
    let passes = || Unclaimed::To(names::PASSTHROUGH_CLUSTER.to_owned());
    let own = view.sidecar.as_ref().and_then(|sidecar| sidecar.outbound_traffic_policy.as_ref());
    match own.map(|policy| &policy.value) {
        Some(policy) if mode(policy) == OutboundMode::AllowAny => {
            policy.egress_proxy.as_ref().map_or_else(passes, |proxy| Unclaimed::To(cluster(proxy)))
        }
        Some(_) => Unclaimed::Refused,
        None => match mesh.config.outbound_mode() {
            MeshOutboundMode::RegistryOnly => Unclaimed::Refused,
            // The names of requests are looked up by the proxy with the latter: refused by name where it is read.
            MeshOutboundMode::AllowAny | MeshOutboundMode::AllowAnyDynamicDns => passes(),
        },
    }
}

fn mode(policy: &OutboundTrafficPolicy) -> OutboundMode {
    policy.mode.as_ref().map(|mode| mode.value).unwrap_or_default()
}

/// The cluster of an egress proxy; its host is a full name.
fn cluster(proxy: &Destination) -> String {
    let text = |value: &Option<meshc_syntax::de::Spanned<String>>| {
        value.as_ref().map(|value| value.value.clone()).unwrap_or_default()
    };
    let port = proxy.port.as_ref().and_then(|port| port.number.as_ref());
    let port = port.and_then(|number| u16::try_from(number.value).ok()).unwrap_or(0);
    let subset = text(&proxy.subset);
    names::outbound(&text(&proxy.host), port, Some(subset.as_str()).filter(|subset| !subset.is_empty()))
}

impl Unclaimed {
    /// The cluster that bytes go to.
    pub(crate) fn cluster(&self) -> &str {
        match self {
            Self::To(cluster) => cluster,
            Self::Refused => names::BLACK_HOLE_CLUSTER,
        }
    }

    /// The virtual host at the end of each route table.
    pub(crate) fn virtual_host(&self, mesh: &Mesh, view: &View) -> Arc<VirtualHost> {
        let (name, route) = match self {
            Self::To(cluster) => (names::ALLOW_ANY, http::allow_any(cluster)),
            Self::Refused => (names::BLOCK_ALL, http::block_all()),
        };
        let origins = origin(mesh, view);
        Arc::new(VirtualHost {
            name: name.to_owned(),
            domains: vec!["*".to_owned()],
            routes: vec![Route { origins: origins.clone(), ..route }].into(),
            include_attempt_count: true,
            require_tls: false,
            origins,
        })
    }
}

/// Where the policy is written.
fn origin(mesh: &Mesh, view: &View) -> Vec<Origin> {
    if let Some(sidecar) = &view.sidecar
        && let Some(policy) = &sidecar.outbound_traffic_policy
    {
        return vec![Origin::new(policy.span, format!("{}: outboundTrafficPolicy", sidecar.meta))];
    }
    let written = mesh.config.written.outbound_traffic_policy.as_ref();
    written.map(|policy| Origin::new(policy.span, "MeshConfig: outboundTrafficPolicy")).into_iter().collect()
}
