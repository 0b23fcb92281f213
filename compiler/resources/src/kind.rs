//! The kinds: which a mesh reads, which it does not read yet, and which are none of its business.

use std::fmt;

/// A kind that is modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Kubernetes.
    Namespace,
    /// Kubernetes.
    ServiceAccount,
    /// Kubernetes.
    Service,
    /// Kubernetes.
    EndpointSlice,
    /// Kubernetes.
    Pod,
    /// Kubernetes.
    Deployment,
    /// Kubernetes.
    StatefulSet,
    /// Kubernetes.
    DaemonSet,
    /// Kubernetes.
    ReplicaSet,
    /// Istio.
    VirtualService,
    /// Istio.
    DestinationRule,
    /// Istio.
    Gateway,
    /// Istio.
    ServiceEntry,
}

impl Kind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ServiceAccount => "ServiceAccount",
            Self::Service => "Service",
            Self::EndpointSlice => "EndpointSlice",
            Self::Pod => "Pod",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::VirtualService => "VirtualService",
            Self::DestinationRule => "DestinationRule",
            Self::Gateway => "Gateway",
            Self::ServiceEntry => "ServiceEntry",
        }
    }

    /// Whether its objects live in a namespace.
    pub fn is_namespaced(self) -> bool {
        self != Self::Namespace
    }

    /// Whether all its fields are typed, so that an unknown one is a finding. Pods and what makes them have
    /// hundreds of fields that no mesh reads.
    pub(crate) fn is_strict(self) -> bool {
        !matches!(self, Self::Pod | Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::ReplicaSet)
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
    /// A mesh reads it, this version does not yet.
    NotYet,
    /// The group is a mesh's, the kind is none of it; the closest one, where one is close.
    UnknownKind(Option<&'static str>),
    /// The group and kind are a mesh's, the version is not served; those that are.
    UnknownVersion(&'static [&'static str]),
    /// None of a mesh's business.
    Foreign,
}

/// A group with its served versions and kinds; `None` for kinds that are not modelled yet.
struct Group {
    name: &'static str,
    versions: &'static [&'static str],
    kinds: &'static [(&'static str, Option<Kind>)],
    /// Whether a kind that is not listed is someone else's business and not a mistake.
    open: bool,
}

const GROUPS: &[Group] = &[
    Group {
        name: "",
        versions: &["v1"],
        kinds: &[
            ("Namespace", Some(Kind::Namespace)),
            ("ServiceAccount", Some(Kind::ServiceAccount)),
            ("Service", Some(Kind::Service)),
            ("Pod", Some(Kind::Pod)),
            ("Endpoints", None),
        ],
        open: true,
    },
    Group {
        name: "apps",
        versions: &["v1"],
        kinds: &[
            ("Deployment", Some(Kind::Deployment)),
            ("StatefulSet", Some(Kind::StatefulSet)),
            ("DaemonSet", Some(Kind::DaemonSet)),
            ("ReplicaSet", Some(Kind::ReplicaSet)),
        ],
        open: true,
    },
    Group {
        name: "discovery.k8s.io",
        versions: &["v1"],
        kinds: &[("EndpointSlice", Some(Kind::EndpointSlice))],
        open: false,
    },
    Group { name: "networking.k8s.io", versions: &["v1"], kinds: &[("Ingress", None)], open: true },
    Group {
        name: "networking.istio.io",
        versions: &["v1", "v1beta1", "v1alpha3"],
        kinds: &[
            ("VirtualService", Some(Kind::VirtualService)),
            ("DestinationRule", Some(Kind::DestinationRule)),
            ("Gateway", Some(Kind::Gateway)),
            ("ServiceEntry", Some(Kind::ServiceEntry)),
            ("Sidecar", None),
            ("WorkloadEntry", None),
            ("WorkloadGroup", None),
            ("EnvoyFilter", None),
            ("ProxyConfig", None),
        ],
        open: false,
    },
    Group {
        name: "security.istio.io",
        versions: &["v1", "v1beta1"],
        kinds: &[
            ("AuthorizationPolicy", None),
            ("PeerAuthentication", None),
            ("RequestAuthentication", None),
        ],
        open: false,
    },
    Group {
        name: "telemetry.istio.io",
        versions: &["v1", "v1alpha1"],
        kinds: &[("Telemetry", None)],
        open: false,
    },
    Group {
        name: "extensions.istio.io",
        versions: &["v1alpha1"],
        kinds: &[("WasmPlugin", None), ("TrafficExtension", None)],
        open: false,
    },
    Group {
        name: "gateway.networking.k8s.io",
        versions: &["v1", "v1beta1", "v1alpha2", "v1alpha3"],
        kinds: &[
            ("GatewayClass", None),
            ("Gateway", None),
            ("HTTPRoute", None),
            ("GRPCRoute", None),
            ("TLSRoute", None),
            ("TCPRoute", None),
            ("UDPRoute", None),
            ("ReferenceGrant", None),
            ("BackendTLSPolicy", None),
            ("ListenerSet", None),
        ],
        open: false,
    },
];

/// Looks a document's type up.
pub(crate) fn business(api_version: &str, kind: &str) -> Business {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let Some(group) = GROUPS.iter().find(|g| g.name == group) else { return Business::Foreign };
    let Some((_, known)) = group.kinds.iter().find(|(name, _)| *name == kind) else {
        if group.open {
            return Business::Foreign;
        }
        return Business::UnknownKind(closest(kind, group.kinds.iter().map(|(name, _)| *name)));
    };
    if !group.versions.contains(&version) {
        return Business::UnknownVersion(group.versions);
    }
    known.map_or(Business::NotYet, Business::Ours)
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
            ("v1", "ConfigMap", Business::Foreign),
            ("networking.istio.io/v1beta1", "Gateway", Business::Ours(Kind::Gateway)),
            ("gateway.networking.k8s.io/v1", "Gateway", Business::NotYet),
            ("networking.istio.io/v1", "VirtualServce", Business::UnknownKind(Some("VirtualService"))),
            ("networking.istio.io/v1", "Frobnicator", Business::UnknownKind(None)),
            ("networking.istio.io/v2", "Gateway", Business::UnknownVersion(&["v1", "v1beta1", "v1alpha3"])),
            ("cert-manager.io/v1", "Certificate", Business::Foreign),
        ];
        for (api_version, kind, expected) in cases {
            assert_eq!(business(api_version, kind), expected, "{api_version} {kind}");
        }
    }
}
