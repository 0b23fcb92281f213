//! The kinds: which a mesh reads, and which are none of its business.

use std::fmt;

/// A kind that a mesh reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Kubernetes.
    Namespace,
    /// Kubernetes.
    ServiceAccount,
    /// Kubernetes.
    Service,
    /// Kubernetes.
    Pod,
    /// Kubernetes.
    Endpoints,
    /// Kubernetes.
    Node,
    /// Kubernetes.
    Secret,
    /// Kubernetes.
    ConfigMap,
    /// Kubernetes.
    Deployment,
    /// Kubernetes.
    StatefulSet,
    /// Kubernetes.
    DaemonSet,
    /// Kubernetes.
    ReplicaSet,
    /// Kubernetes.
    Job,
    /// Kubernetes.
    CronJob,
    /// Kubernetes.
    EndpointSlice,
    /// Kubernetes.
    Ingress,
    /// Kubernetes.
    IngressClass,
    /// Kubernetes.
    MutatingWebhookConfiguration,
    /// Kubernetes.
    ValidatingWebhookConfiguration,
    /// Kubernetes.
    ValidatingAdmissionPolicy,
    /// Kubernetes.
    ValidatingAdmissionPolicyBinding,
    /// Kubernetes.
    CustomResourceDefinition,
    /// Istio.
    VirtualService,
    /// Istio.
    DestinationRule,
    /// Istio.
    Gateway,
    /// Istio.
    ServiceEntry,
    /// Istio.
    Sidecar,
    /// Istio.
    WorkloadEntry,
    /// Istio.
    WorkloadGroup,
    /// Istio.
    EnvoyFilter,
    /// Istio.
    ProxyConfig,
    /// Istio.
    AuthorizationPolicy,
    /// Istio.
    PeerAuthentication,
    /// Istio.
    RequestAuthentication,
    /// Istio.
    Telemetry,
    /// Istio.
    WasmPlugin,
    /// Istio.
    TrafficExtension,
    /// Gateway API.
    GatewayClass,
    /// Gateway API.
    KubernetesGateway,
    /// Gateway API.
    HttpRoute,
    /// Gateway API.
    GrpcRoute,
    /// Gateway API.
    TlsRoute,
    /// Gateway API.
    TcpRoute,
    /// Gateway API.
    UdpRoute,
    /// Gateway API.
    ReferenceGrant,
    /// Gateway API.
    BackendTlsPolicy,
    /// Gateway API.
    ListenerSet,
    /// Gateway API, experimental.
    XBackend,
    /// Gateway API, experimental.
    XBackendTrafficPolicy,
    /// Gateway API, experimental.
    XMesh,
    /// meshc's own.
    RouteTest,
    /// meshc's own.
    Invariant,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Invariant as usize + 1;

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|entry| entry.kind)
    }

    /// The group, empty for Kubernetes's first, and the versions that are served, the best first.
    pub fn group(self) -> (&'static str, &'static [&'static str]) {
        KINDS.iter().find(|entry| entry.kind == self).map_or(("", &[]), |entry| (entry.group, entry.versions))
    }

    /// Whether Istio defines it.
    pub(crate) fn is_istio(self) -> bool {
        self.group().0.ends_with(".istio.io")
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
            Self::Service => "Service",
            Self::Pod => "Pod",
            Self::Endpoints => "Endpoints",
            Self::Node => "Node",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::EndpointSlice => "EndpointSlice",
            Self::Ingress => "Ingress",
            Self::IngressClass => "IngressClass",
            Self::MutatingWebhookConfiguration => "MutatingWebhookConfiguration",
            Self::ValidatingWebhookConfiguration => "ValidatingWebhookConfiguration",
            Self::ValidatingAdmissionPolicy => "ValidatingAdmissionPolicy",
            Self::ValidatingAdmissionPolicyBinding => "ValidatingAdmissionPolicyBinding",
            Self::CustomResourceDefinition => "CustomResourceDefinition",
            Self::VirtualService => "VirtualService",
            Self::DestinationRule => "DestinationRule",
            Self::Gateway => "Gateway",
            Self::ServiceEntry => "ServiceEntry",
            Self::Sidecar => "Sidecar",
            Self::WorkloadEntry => "WorkloadEntry",
            Self::WorkloadGroup => "WorkloadGroup",
            Self::EnvoyFilter => "EnvoyFilter",
            Self::ProxyConfig => "ProxyConfig",
            Self::AuthorizationPolicy => "AuthorizationPolicy",
            Self::PeerAuthentication => "PeerAuthentication",
            Self::RequestAuthentication => "RequestAuthentication",
            Self::Telemetry => "Telemetry",
            Self::WasmPlugin => "WasmPlugin",
            Self::TrafficExtension => "TrafficExtension",
            Self::GatewayClass => "GatewayClass",
            Self::KubernetesGateway => "Gateway",
            Self::HttpRoute => "HTTPRoute",
            Self::GrpcRoute => "GRPCRoute",
            Self::TlsRoute => "TLSRoute",
            Self::TcpRoute => "TCPRoute",
            Self::UdpRoute => "UDPRoute",
            Self::ReferenceGrant => "ReferenceGrant",
            Self::BackendTlsPolicy => "BackendTLSPolicy",
            Self::ListenerSet => "ListenerSet",
            Self::XBackend => "XBackend",
            Self::XBackendTrafficPolicy => "XBackendTrafficPolicy",
            Self::XMesh => "XMesh",
            Self::RouteTest => "RouteTest",
            Self::Invariant => "Invariant",
        }
    }

    /// Whether its objects live in a namespace.
    pub fn is_namespaced(self) -> bool {
        !matches!(
            self,
            Self::Namespace
                | Self::Node
                | Self::IngressClass
                | Self::MutatingWebhookConfiguration
                | Self::ValidatingWebhookConfiguration
                | Self::ValidatingAdmissionPolicy
                | Self::ValidatingAdmissionPolicyBinding
                | Self::CustomResourceDefinition
                | Self::GatewayClass
                | Self::XMesh
        )
    }

    /// Whether a controller writes conditions into its status that say whether it has an effect.
    pub(crate) fn has_conditions(self) -> bool {
        matches!(
            self,
            Self::Service
                | Self::ServiceEntry
                | Self::WorkloadEntry
                | Self::AuthorizationPolicy
                | Self::KubernetesGateway
                | Self::HttpRoute
                | Self::GrpcRoute
        )
    }

    /// Whether all its fields are typed, so that an unknown one is a finding. Pods and what makes them have
    /// hundreds of fields that no mesh reads.
    pub(crate) fn is_strict(self) -> bool {
        matches!(
            self,
            Self::Namespace
                | Self::ServiceAccount
                | Self::Service
                | Self::EndpointSlice
                | Self::Endpoints
                | Self::Node
                | Self::Secret
                | Self::ConfigMap
                | Self::MutatingWebhookConfiguration
                | Self::ValidatingWebhookConfiguration
                | Self::ValidatingAdmissionPolicy
                | Self::ValidatingAdmissionPolicyBinding
                | Self::CustomResourceDefinition
                | Self::VirtualService
                | Self::DestinationRule
                | Self::Gateway
                | Self::ServiceEntry
                | Self::EnvoyFilter
                | Self::ProxyConfig
                | Self::Sidecar
                | Self::Telemetry
                | Self::WasmPlugin
                | Self::TrafficExtension
                | Self::WorkloadEntry
                | Self::WorkloadGroup
                | Self::AuthorizationPolicy
                | Self::PeerAuthentication
                | Self::RequestAuthentication
                | Self::Ingress
                | Self::IngressClass
                | Self::GatewayClass
                | Self::KubernetesGateway
                | Self::HttpRoute
                | Self::GrpcRoute
                | Self::TlsRoute
                | Self::TcpRoute
                | Self::UdpRoute
                | Self::ReferenceGrant
                | Self::BackendTlsPolicy
                | Self::ListenerSet
                | Self::XBackend
                | Self::XBackendTrafficPolicy
                | Self::XMesh
                | Self::RouteTest
                | Self::Invariant
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a document's `apiVersion` and `kind` say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Business {
    /// It is read.
    Ours(Kind),
    /// The group is a mesh's, the kind is none of it; the closest one, where one is close.
    UnknownKind(Option<&'static str>),
    /// The group and kind are a mesh's, the version is not served; those that are.
    UnknownVersion(&'static [&'static str]),
    /// The kind is a mesh's, and the group is spelt nearly like its own, which is this.
    UnknownGroup(&'static str),
    /// None of a mesh's business.
    Foreign,
}

/// A kind with its group and the versions that are served.
struct Entry {
    group: &'static str,
    versions: &'static [&'static str],
    kind: Kind,
}

/// All kinds that a mesh reads.
const KINDS: &[Entry] = &[
    Entry { group: "", versions: &["v1"], kind: Kind::Namespace },
    Entry { group: "", versions: &["v1"], kind: Kind::ServiceAccount },
    Entry { group: "", versions: &["v1"], kind: Kind::Service },
    Entry { group: "", versions: &["v1"], kind: Kind::Pod },
    Entry { group: "", versions: &["v1"], kind: Kind::Endpoints },
    Entry { group: "", versions: &["v1"], kind: Kind::Node },
    Entry { group: "", versions: &["v1"], kind: Kind::Secret },
    Entry { group: "", versions: &["v1"], kind: Kind::ConfigMap },
    Entry { group: "apps", versions: &["v1"], kind: Kind::Deployment },
    Entry { group: "apps", versions: &["v1"], kind: Kind::StatefulSet },
    Entry { group: "apps", versions: &["v1"], kind: Kind::DaemonSet },
    Entry { group: "apps", versions: &["v1"], kind: Kind::ReplicaSet },
    Entry { group: "batch", versions: &["v1"], kind: Kind::Job },
    Entry { group: "batch", versions: &["v1"], kind: Kind::CronJob },
    Entry { group: "discovery.k8s.io", versions: &["v1"], kind: Kind::EndpointSlice },
    Entry { group: "networking.k8s.io", versions: &["v1"], kind: Kind::Ingress },
    Entry { group: "networking.k8s.io", versions: &["v1"], kind: Kind::IngressClass },
    Entry {
        group: "admissionregistration.k8s.io",
        versions: &["v1"],
        kind: Kind::MutatingWebhookConfiguration,
    },
    Entry {
        group: "admissionregistration.k8s.io",
        versions: &["v1"],
        kind: Kind::ValidatingWebhookConfiguration,
    },
    Entry { group: "admissionregistration.k8s.io", versions: &["v1"], kind: Kind::ValidatingAdmissionPolicy },
    Entry {
        group: "admissionregistration.k8s.io",
        versions: &["v1"],
        kind: Kind::ValidatingAdmissionPolicyBinding,
    },
    Entry { group: "apiextensions.k8s.io", versions: &["v1"], kind: Kind::CustomResourceDefinition },
    Entry {
        group: "networking.istio.io",
        versions: &["v1", "v1beta1", "v1alpha3"],
        kind: Kind::VirtualService,
    },
    Entry {
        group: "networking.istio.io",
        versions: &["v1", "v1beta1", "v1alpha3"],
        kind: Kind::DestinationRule,
    },
    Entry { group: "networking.istio.io", versions: &["v1", "v1beta1", "v1alpha3"], kind: Kind::Gateway },
    Entry {
        group: "networking.istio.io",
        versions: &["v1", "v1beta1", "v1alpha3"],
        kind: Kind::ServiceEntry,
    },
    Entry { group: "networking.istio.io", versions: &["v1", "v1beta1", "v1alpha3"], kind: Kind::Sidecar },
    Entry {
        group: "networking.istio.io",
        versions: &["v1", "v1beta1", "v1alpha3"],
        kind: Kind::WorkloadEntry,
    },
    Entry {
        group: "networking.istio.io",
        versions: &["v1", "v1beta1", "v1alpha3"],
        kind: Kind::WorkloadGroup,
    },
    Entry { group: "networking.istio.io", versions: &["v1alpha3"], kind: Kind::EnvoyFilter },
    Entry { group: "networking.istio.io", versions: &["v1beta1"], kind: Kind::ProxyConfig },
    Entry { group: "security.istio.io", versions: &["v1", "v1beta1"], kind: Kind::AuthorizationPolicy },
    Entry { group: "security.istio.io", versions: &["v1", "v1beta1"], kind: Kind::PeerAuthentication },
    Entry { group: "security.istio.io", versions: &["v1", "v1beta1"], kind: Kind::RequestAuthentication },
    Entry { group: "telemetry.istio.io", versions: &["v1", "v1alpha1"], kind: Kind::Telemetry },
    Entry { group: "extensions.istio.io", versions: &["v1alpha1"], kind: Kind::WasmPlugin },
    Entry { group: "extensions.istio.io", versions: &["v1alpha1"], kind: Kind::TrafficExtension },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1beta1"], kind: Kind::GatewayClass },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1beta1"], kind: Kind::KubernetesGateway },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1beta1"], kind: Kind::HttpRoute },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1"], kind: Kind::GrpcRoute },
    Entry {
        group: "gateway.networking.k8s.io",
        versions: &["v1", "v1alpha3", "v1alpha2"],
        kind: Kind::TlsRoute,
    },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1alpha2"], kind: Kind::TcpRoute },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1alpha2"], kind: Kind::UdpRoute },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1beta1"], kind: Kind::ReferenceGrant },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1", "v1alpha3"], kind: Kind::BackendTlsPolicy },
    Entry { group: "gateway.networking.k8s.io", versions: &["v1"], kind: Kind::ListenerSet },
    Entry { group: "gateway.networking.x-k8s.io", versions: &["v1alpha1"], kind: Kind::XBackend },
    Entry {
        group: "gateway.networking.x-k8s.io",
        versions: &["v1alpha1"],
        kind: Kind::XBackendTrafficPolicy,
    },
    Entry { group: "gateway.networking.x-k8s.io", versions: &["v1alpha1"], kind: Kind::XMesh },
    Entry { group: "meshc.dev", versions: &["v1alpha1"], kind: Kind::RouteTest },
    Entry { group: "meshc.dev", versions: &["v1alpha1"], kind: Kind::Invariant },
];

/// Groups all of whose kinds a mesh reads: a kind that is not among them is a mistake.
const CLOSED_GROUPS: &[&str] = &[
    "discovery.k8s.io",
    "networking.istio.io",
    "security.istio.io",
    "telemetry.istio.io",
    "extensions.istio.io",
    "gateway.networking.k8s.io",
    "meshc.dev",
];

/// Looks a document's type up.
pub(crate) fn business(api_version: &str, kind: &str) -> Business {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let mut same_group = KINDS.iter().filter(|entry| entry.group == group);
    match same_group.clone().find(|entry| entry.kind.as_str() == kind) {
        Some(entry) if entry.versions.contains(&version) => Business::Ours(entry.kind),
        Some(entry) => Business::UnknownVersion(entry.versions),
        None if CLOSED_GROUPS.contains(&group) && other_group(kind).is_none() => {
            Business::UnknownKind(closest(kind, same_group.by_ref().map(|entry| entry.kind.as_str())))
        }
        // A kind of Istio or the Gateway API under another group of theirs, or under none.
        None if group.is_empty() || CLOSED_GROUPS.contains(&group) => {
            other_group(kind).map_or(Business::Foreign, Business::UnknownGroup)
        }
        None => misspelt_group(group, kind).map_or(Business::Foreign, Business::UnknownGroup),
    }
}

/// Whether a text is an `apiVersion` of Istio's or of the Gateway API.
pub(crate) fn is_of_a_mesh(api_version: &str) -> bool {
    api_version.split_once('/').is_some_and(|(group, _)| CLOSED_GROUPS.contains(&group))
}

/// The one group of Istio's or the Gateway API that has a kind.
pub(crate) fn other_group(kind: &str) -> Option<&'static str> {
    let mut groups = KINDS
        .iter()
        .filter(|entry| entry.kind.as_str() == kind && CLOSED_GROUPS.contains(&entry.group))
        .map(|entry| entry.group);
    groups.next().filter(|_| groups.next().is_none())
}

/// The group of Istio or the Gateway API that was meant by one that is spelt nearly so, for a kind that it has.
fn misspelt_group(group: &str, kind: &str) -> Option<&'static str> {
    let same_kind =
        KINDS.iter().filter(|entry| entry.kind.as_str() == kind && CLOSED_GROUPS.contains(&entry.group));
    let near = |name: &str| strsim::damerau_levenshtein(group, name) <= 3;
    same_kind.map(|entry| entry.group).find(|name| group.contains('.') && near(name))
}

/// The candidate that is spelt most alike, if it is close enough to be meant.
fn closest(word: &str, candidates: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{Business, Kind, business};

    #[test]
    fn types_are_looked_up_by_group_version_and_kind() {
        let cases = [
            ("v1", "Service", Business::Ours(Kind::Service)),
            ("v1", "PersistentVolume", Business::Foreign),
            ("networking.istio.io/v1beta1", "Gateway", Business::Ours(Kind::Gateway)),
            ("gateway.networking.k8s.io/v1", "Gateway", Business::Ours(Kind::KubernetesGateway)),
            ("networking.istio.io/v1", "EnvoyFilter", Business::UnknownVersion(&["v1alpha3"])),
            ("networking.istio.io/v1", "VirtualServce", Business::UnknownKind(Some("VirtualService"))),
            ("networking.istio.io/v1", "Frobnicator", Business::UnknownKind(None)),
            ("networking.istio.io/v2", "Gateway", Business::UnknownVersion(&["v1", "v1beta1", "v1alpha3"])),
            ("cert-manager.io/v1", "Certificate", Business::Foreign),
            ("network.istio.io/v1", "VirtualService", Business::UnknownGroup("networking.istio.io")),
            ("networking.internal.knative.dev/v1", "Certificate", Business::Foreign),
            ("networking.gke.io/v1", "Gateway", Business::Foreign),
            ("security.istio.io/v1", "VirtualService", Business::UnknownGroup("networking.istio.io")),
            ("v1", "VirtualService", Business::UnknownGroup("networking.istio.io")),
        ];
        for (api_version, kind, expected) in cases {
            assert_eq!(business(api_version, kind), expected, "{api_version} {kind}");
        }
    }
}
