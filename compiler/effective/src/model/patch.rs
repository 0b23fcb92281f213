//! Patches of EnvoyFilters: changes to what is sent to a proxy, made last.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{Origin, Proxy, ProxyKind};

/// What a patch changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PatchKind {
    /// A listener.
    Listener,
    /// A listener filter.
    ListenerFilter,
    /// A filter chain.
    FilterChain,
    /// A network filter.
    NetworkFilter,
    /// An HTTP filter.
    HttpFilter,
    /// A route table.
    RouteConfiguration,
    /// A virtual host.
    VirtualHost,
    /// A route.
    HttpRoute,
    /// A cluster.
    Cluster,
    /// The configuration of a filter that only names it.
    ExtensionConfig,
}

/// How it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PatchOperation {
    /// Merged in, lists appended.
    Merge,
    /// Merged in, lists replaced.
    MergeAndReplaceList,
    /// Another one at the end.
    Add,
    /// Taken away.
    Remove,
    /// Another one before.
    InsertBefore,
    /// Another one behind.
    InsertAfter,
    /// Another one before all.
    InsertFirst,
    /// Another one in its place.
    Replace,
}

/// Which part of which kind of proxy, Istio's patch context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PatchSide {
    /// What comes to a sidecar's workload.
    SidecarInbound,
    /// What leaves a sidecar's workload.
    SidecarOutbound,
    /// A gateway.
    Gateway,
}

/// One patch that is for a proxy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Patch {
    /// What is changed.
    pub kind: PatchKind,
    /// How.
    pub operation: PatchOperation,
    /// Only on this side; on all where absent.
    pub side: Option<PatchSide>,
    /// Which of them.
    pub matches: PatchMatch,
    /// The message, in the form of `meshc-protobuf`; none for what is taken away.
    pub value: Option<Value>,
    /// The namespace and the name of the EnvoyFilter.
    pub filter: (String, String),
    /// The patch: `EnvoyFilter NAMESPACE/NAME: configPatches[N]`.
    pub origin: Origin,
}

/// Which parts a patch is for; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchMatch {
    /// Of listeners and their parts.
    pub listener: Option<PatchListener>,
    /// Of route tables and their parts.
    pub routes: Option<PatchRoutes>,
    /// Of clusters.
    pub cluster: Option<PatchCluster>,
}

/// Which listeners and parts of them. What is empty or 0 is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchListener {
    /// The name.
    pub name: String,
    /// The port.
    pub port: u32,
    /// A listener filter's name.
    pub listener_filter: String,
    /// A chain.
    pub chain: Option<PatchChain>,
}

/// Which filter chains and filters in them. What is empty or 0 is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchChain {
    /// The name.
    pub name: String,
    /// One of its server names.
    pub sni: String,
    /// `tls` or `raw_buffer`.
    pub transport_protocol: String,
    /// All of these are among its application protocols.
    pub application_protocols: Vec<String>,
    /// Its destination port.
    pub destination_port: u32,
    /// A network filter's name.
    pub filter: Option<String>,
    /// An HTTP filter's name.
    pub sub_filter: Option<String>,
}

/// Which route tables and parts of them. What is empty or 0 is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchRoutes {
    /// The name.
    pub name: String,
    /// The port.
    pub port: u32,
    /// The name of the Gateway's port.
    pub port_name: String,
    /// `NAMESPACE/NAME` of the Gateway.
    pub gateway: String,
    /// A virtual host.
    pub host: Option<PatchHost>,
}

/// Which virtual hosts and routes in them. What is empty is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchHost {
    /// The name.
    pub name: String,
    /// One of its domains.
    pub domain: String,
    /// A route.
    pub route: Option<PatchRoute>,
}

/// Which routes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchRoute {
    /// The name; empty for any.
    pub name: String,
    /// `route`, `redirect` or `direct_response`: the field of its action; none for any.
    pub action: Option<&'static str>,
}

/// Which clusters. What is empty or 0 is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PatchCluster {
    /// The name; nothing else is asked then.
    pub name: String,
    /// The service's host.
    pub service: String,
    /// The subset.
    pub subset: String,
    /// The service's port.
    pub port: u32,
}

/// All patches of a proxy, in the order in which they are applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Patches {
    /// The patches.
    pub all: Vec<Patch>,
    /// On gateways: the ports that the Gateways' servers name, by the port that the pod listens on.
    pub server_ports: BTreeMap<u16, BTreeSet<u16>>,
}

// === impl Patches ===

impl Patches {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Those of one kind that are for one side, with their places.
    pub fn of(&self, kind: PatchKind, side: PatchSide) -> impl Iterator<Item = (usize, &Patch)> {
        let here = move |patch: &Patch| patch.kind == kind && patch.is_for(side);
        self.all.iter().enumerate().filter(move |(_, patch)| here(patch))
    }
}

// === impl Patch ===

impl Patch {
    /// Whether it is for this side of a proxy.
    pub fn is_for(&self, side: PatchSide) -> bool {
        self.side.is_none_or(|own| own == side)
    }
}

// === impl PatchKind ===

impl PatchKind {
    /// What a patch of this kind changes, in words.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Listener => "listeners",
            Self::ListenerFilter => "listener filters",
            Self::FilterChain => "filter chains",
            Self::NetworkFilter => "network filters",
            Self::HttpFilter => "HTTP filters",
            Self::RouteConfiguration => "route tables",
            Self::VirtualHost => "virtual hosts",
            Self::HttpRoute => "routes",
            Self::Cluster => "clusters",
            Self::ExtensionConfig => "extensions",
        }
    }

    /// The full name of the message that is changed.
    pub fn message(self) -> &'static str {
        match self {
            Self::Listener => "envoy.config.listener.v3.Listener",
            Self::ListenerFilter => "envoy.config.listener.v3.ListenerFilter",
            Self::FilterChain => "envoy.config.listener.v3.FilterChain",
            Self::NetworkFilter => "envoy.config.listener.v3.Filter",
            Self::HttpFilter => "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
            Self::RouteConfiguration => "envoy.config.route.v3.RouteConfiguration",
            Self::VirtualHost => "envoy.config.route.v3.VirtualHost",
            Self::HttpRoute => "envoy.config.route.v3.Route",
            Self::Cluster => "envoy.config.cluster.v3.Cluster",
            Self::ExtensionConfig => "envoy.config.core.v3.TypedExtensionConfig",
        }
    }
}

// === impl PatchOperation ===

impl PatchOperation {
    /// Whether it merges.
    pub fn is_merge(self) -> bool {
        matches!(self, Self::Merge | Self::MergeAndReplaceList)
    }
}

// === impl PatchSide ===

impl PatchSide {
    /// The side of a proxy on which its tables with names are: what it sends.
    pub fn outer(proxy: &Proxy) -> Self {
        match proxy.kind {
            ProxyKind::Sidecar => Self::SidecarOutbound,
            ProxyKind::Gateway => Self::Gateway,
        }
    }

    /// The side of a proxy on which policies check what comes to it.
    pub fn inner(proxy: &Proxy) -> Self {
        match proxy.kind {
            ProxyKind::Sidecar => Self::SidecarInbound,
            ProxyKind::Gateway => Self::Gateway,
        }
    }

    /// The sides that a proxy has.
    pub fn of(proxy: &Proxy) -> &'static [Self] {
        match proxy.kind {
            ProxyKind::Sidecar => &[Self::SidecarInbound, Self::SidecarOutbound],
            ProxyKind::Gateway => &[Self::Gateway],
        }
    }
}

impl fmt::Display for PatchSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SidecarInbound => "inbound",
            Self::SidecarOutbound => "outbound",
            Self::Gateway => "gateway",
        })
    }
}
