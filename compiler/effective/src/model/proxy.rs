//! One proxy and the whole mesh of them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use meshc_diagnostics::Diagnostic;
use serde::Serialize;

use super::{
    Clusters, Extension, Listener, Origin, Patch, PatchSide, Patches, PathNormalization, ProxySettings,
    ProxyTelemetry, Reading, RouteTable, Security, Underscores,
};

/// The name of a proxy: its pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ProxyId {
    /// The pod's name; the pods of a workload that the YAML does not list are NAME-0, NAME-1…
    pub name: String,
    /// The pod's namespace.
    pub namespace: String,
}

impl fmt::Display for ProxyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.namespace)
    }
}

/// What a proxy stands in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProxyKind {
    /// Beside one workload.
    Sidecar,
    /// A workload of its own that `Gateway` resources select (Istio's node type `router`).
    Gateway,
}

/// Who reads requests, as far as that decides what its routes and policies see of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reader {
    /// Sidecar or gateway.
    pub kind: ProxyKind,
    /// What becomes of paths.
    pub paths: PathNormalization,
    /// What becomes of headers with underscores in their names.
    pub underscores: Underscores,
    /// `x-forwarded-for` says who the client is: at sidecars, and at gateways behind proxies that they trust.
    pub believes_forwarded: bool,
}

impl From<ProxyKind> for Reader {
    /// As Istio sets proxies up.
    fn from(kind: ProxyKind) -> Self {
        Self {
            kind,
            paths: PathNormalization::default(),
            underscores: Underscores::default(),
            believes_forwarded: kind == ProxyKind::Sidecar,
        }
    }
}

impl Proxy {
    /// How it reads requests.
    pub fn reader(&self) -> Reader {
        let mut reader = Reader::from(self.kind);
        reader.believes_forwarded |= self.settings.trusted_proxies > 0;
        Reader { paths: self.reading.paths, underscores: self.reading.underscores, ..reader }
    }
}

/// Everything that one proxy does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proxy {
    /// Its pod.
    pub id: ProxyId,
    /// Sidecar or gateway.
    pub kind: ProxyKind,
    /// The workload that owns the pod (the Deployment's name, or the pod's own).
    pub workload: String,
    /// The pod's labels.
    pub labels: Arc<BTreeMap<String, String>>,
    /// The pod's service account.
    pub service_account: String,
    /// The pod's address; an address that is derived (no pod in the YAML) is in 10.0.0.0/8 and stable.
    pub ip: String,
    /// What it checks of what comes to it.
    pub security: Arc<Security>,
    /// Listeners in Envoy's order.
    pub listeners: Vec<Arc<Listener>>,
    /// Route tables by name (`9080`, `http.8080`). Tables that no listener uses exist too, as in istiod,
    /// because `trace` can be asked for them. Proxies with the same view have one map in memory.
    pub tables: Arc<BTreeMap<String, Arc<RouteTable>>>,
    /// Clusters by name.
    pub clusters: Clusters,
    /// Code of one's own, in the order in which it runs within a phase.
    pub extensions: Arc<Vec<Extension>>,
    /// What EnvoyFilters change in what is sent to it; nothing else here knows of it.
    pub patches: Arc<Patches>,
    /// How it reads traffic.
    pub reading: Reading,
    /// How it is set up.
    pub settings: Arc<ProxySettings>,
    /// What it tells about its traffic.
    pub telemetry: Arc<ProxyTelemetry>,
    /// The workload's declaration.
    pub origin: Origin,
}

/// The whole mesh, compiled.
#[derive(Debug, Clone, Default)]
pub struct EffectiveMesh {
    /// Every proxy, sorted by namespace, then name.
    pub proxies: Vec<Arc<Proxy>>,
    /// What was found while compiling: things dropped, merged or assumed.
    pub diagnostics: Vec<Diagnostic>,
}

impl Proxy {
    /// The first patch that changes what becomes of requests on one side: what the routes say is not certain then.
    pub fn first_patch_of_requests(&self, side: PatchSide) -> Option<&Patch> {
        crate::patches::first_on_request_path(self, side)
    }

    /// Why what its routes say about one side is not certain; none where it is.
    pub fn doubt(&self, side: PatchSide) -> Option<String> {
        let patch = self.first_patch_of_requests(side)?;
        Some(format!("{} changes {} of {}", patch.origin.text, patch.kind.noun(), self.id))
    }
}
