//! What sidecars do with what no service claims: the Sidecar's `outboundTrafficPolicy`, else the mesh's.

use std::sync::Arc;

use meshc_mesh::{Mesh, Pod, Sidecar, View};
use meshc_resources::istio::mesh::MeshOutboundMode;
use meshc_resources::istio::{Destination, OutboundMode, OutboundTrafficPolicy};

use crate::model::{Lookup, Origin, Route, VirtualHost};
use crate::{http, names};

/// Where what no service claims goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Unclaimed {
    /// To this cluster: where it was going, or an egress proxy.
    To(String),
    /// Requests to the name that they ask for, which is looked up; other bytes to where they were going.
    LookedUp(Lookup),
    /// Nowhere.
    Refused,
}

/// The policy of a view.
pub(crate) fn of(mesh: &Mesh, view: &View) -> Unclaimed {
    of_sidecar(mesh, view.sidecar.as_deref())
}

/// The policy under a Sidecar, or under none.
pub(crate) fn of_sidecar(mesh: &Mesh, sidecar: Option<&Sidecar>) -> Unclaimed {
    let passes = || Unclaimed::To(names::PASSTHROUGH_CLUSTER.to_owned());
    let own = sidecar.and_then(|sidecar| sidecar.outbound_traffic_policy.as_ref());
    match own.map(|policy| &policy.value) {
        Some(policy) if mode(policy) == OutboundMode::AllowAny => {
            policy.egress_proxy.as_ref().map_or_else(passes, |proxy| Unclaimed::To(cluster(proxy)))
        }
        Some(_) => Unclaimed::Refused,
        None => match mesh.config.outbound_mode() {
            MeshOutboundMode::RegistryOnly => Unclaimed::Refused,
            MeshOutboundMode::AllowAny => passes(),
            MeshOutboundMode::AllowAnyDynamicDns => Unclaimed::LookedUp(Lookup::default()),
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
    /// The same for the proxy of a pod, which may have a server of names.
    pub(crate) fn of_pod(self, pod: &Pod) -> Self {
        match self {
            Self::LookedUp(_) => Self::LookedUp(Lookup { by_proxy: pod.answers_dns() }),
            other => other,
        }
    }

    /// How names are looked up, if they are.
    pub(crate) fn lookup(&self) -> Option<Lookup> {
        match self {
            Self::LookedUp(lookup) => Some(*lookup),
            Self::To(_) | Self::Refused => None,
        }
    }

    /// The cluster that bytes go to.
    pub(crate) fn cluster(&self) -> &str {
        match self {
            Self::To(cluster) => cluster,
            Self::LookedUp(_) => names::PASSTHROUGH_CLUSTER,
            Self::Refused => names::BLACK_HOLE_CLUSTER,
        }
    }

    /// The virtual host at the end of each route table.
    pub(crate) fn virtual_host(&self, mesh: &Mesh, view: &View) -> Arc<VirtualHost> {
        let (name, route) = match self {
            Self::To(cluster) => (names::ALLOW_ANY, http::allow_any(names::ALLOW_ANY, cluster)),
            Self::LookedUp(_) => (
                names::ALLOW_ANY_DYNAMIC_DNS,
                http::allow_any(names::ALLOW_ANY_DYNAMIC_DNS, names::ALLOW_ANY_DYNAMIC_DNS_CLUSTER),
            ),
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
