//! `networking.istio.io` EnvoyFilter: changes to what Istio sends a proxy.

use indexmap::IndexMap;
use meshc_syntax::de::{Raw, Spanned};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Patches of some proxies' configuration.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = json!([{
    "rule": "(has(self.workloadSelector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1",
    "message": "only one of targetRefs or workloadSelector can be set",
}])))]
pub struct EnvoyFilter {
    /// Pods of its namespace, of all namespaces in the root namespace; all when absent.
    pub workload_selector: Option<Spanned<PatchSelector>>,
    /// Gateways or Services of its namespace, in place of the selector.
    #[schemars(length(max = 16))]
    pub target_refs: Vec<Spanned<PatchTarget>>,
    /// In their order.
    pub config_patches: Vec<Spanned<ConfigPatch>>,
    /// Filters with smaller numbers come first; 0 when absent.
    pub priority: Option<Spanned<i32>>,
}

/// Istio's networking `WorkloadSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PatchSelector {
    /// Labels that the pods have.
    #[schemars(extend("maxProperties" = 256), transform = meshc_schema::values(json!({
        "maxLength": 63,
        "x-kubernetes-validations": [{
            "rule": "!self.contains(\"*\")",
            "message": "wildcard is not supported in selector",
        }],
    })))]
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
}

/// Istio's `PolicyTargetReference`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PatchTarget {
    /// An API group.
    #[schemars(
        length(max = 253),
        regex(pattern = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub group: Option<Spanned<String>>,
    /// A kind.
    #[schemars(
        required,
        length(min = 1, max = 63),
        regex(pattern = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
    )]
    pub kind: Option<Spanned<String>>,
    /// A name.
    #[schemars(required, length(min = 1, max = 253))]
    pub name: Option<Spanned<String>>,
    /// Must be empty: the resource's own.
    #[schemars(extend("x-kubernetes-validations" = json!([{
        "rule": "self.size() == 0",
        "message": "cross namespace referencing is not currently supported",
    }])))]
    pub namespace: Option<Spanned<String>>,
}

/// One change.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigPatch {
    /// What is changed.
    pub apply_to: Option<Spanned<ApplyTo>>,
    /// Which of them; all when absent.
    #[serde(rename = "match")]
    pub matches: Option<Spanned<PatchMatch>>,
    /// How.
    pub patch: Option<Spanned<Patch>>,
}

/// Kinds of things that a patch can change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApplyTo {
    /// None: refused.
    #[default]
    Invalid,
    /// A listener.
    Listener,
    /// A filter chain of a listener.
    FilterChain,
    /// A network filter of a chain.
    NetworkFilter,
    /// An HTTP filter of an HTTP connection manager.
    HttpFilter,
    /// A route table.
    RouteConfiguration,
    /// A virtual host of a route table.
    VirtualHost,
    /// A route of a virtual host.
    HttpRoute,
    /// A cluster.
    Cluster,
    /// A filter's configuration, sent by ECDS.
    ExtensionConfig,
    /// The bootstrap file, which only the sidecar's start reads.
    Bootstrap,
    /// A listener filter.
    ListenerFilter,
}

/// Istio's `EnvoyConfigObjectMatch`; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(
    extend("x-meshc-one-of" = [["listener", "routeConfiguration", "cluster", "waypoint"]]),
    extend("x-kubernetes-validations" = json!([{
        "rule": "has(self.context) ? ((self.context == \"WAYPOINT\") ? has(self.waypoint) : !has(self.waypoint)) : !has(self.waypoint)",
        "message": "only support waypointMatch when context is WAYPOINT",
    }])),
)]
pub struct PatchMatch {
    /// Which side of which proxies.
    pub context: Option<Spanned<PatchContext>>,
    /// Properties of the proxy.
    pub proxy: Option<Spanned<ProxyMatch>>,
    /// Listeners and their parts.
    pub listener: Option<Spanned<ListenerMatch>>,
    /// Route tables and their parts.
    pub route_configuration: Option<Spanned<RouteConfigurationMatch>>,
    /// Clusters.
    pub cluster: Option<Spanned<ClusterMatch>>,
    /// Parts of waypoints.
    pub waypoint: Option<Spanned<WaypointMatch>>,
}

/// Which side of which proxies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PatchContext {
    /// Sidecars and gateways, not waypoints.
    #[default]
    Any,
    /// What comes to a workload.
    SidecarInbound,
    /// What leaves a workload.
    SidecarOutbound,
    /// Gateways.
    Gateway,
    /// Waypoints.
    Waypoint,
}

/// Properties of the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyMatch {
    /// RE2, somewhere in Istio's version.
    pub proxy_version: Option<Spanned<String>>,
    /// Entries of the node's metadata.
    pub metadata: IndexMap<Spanned<String>, Spanned<String>>,
}

/// Istio's `ListenerMatch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerMatch {
    /// The port it listens on.
    pub port_number: Option<Spanned<u32>>,
    /// In Istio's schema; Istio does not read it.
    pub port_name: Option<Spanned<String>>,
    /// A chain of it.
    pub filter_chain: Option<Spanned<FilterChainMatch>>,
    /// A listener filter of it.
    pub listener_filter: Option<Spanned<String>>,
    /// Its name.
    pub name: Option<Spanned<String>>,
}

/// A chain of a listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterChainMatch {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// A server name that it is for.
    pub sni: Option<Spanned<String>>,
    /// `raw_buffer` or `tls`.
    pub transport_protocol: Option<Spanned<String>>,
    /// ALPN names, comma-separated.
    pub application_protocols: Option<Spanned<String>>,
    /// A filter of it.
    pub filter: Option<Spanned<FilterMatch>>,
    /// The port that it is for.
    pub destination_port: Option<Spanned<u32>>,
}

/// A network filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterMatch {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// An HTTP filter in it.
    pub sub_filter: Option<Spanned<SubFilterMatch>>,
}

/// An HTTP filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SubFilterMatch {
    /// Its name.
    pub name: Option<Spanned<String>>,
}

/// Istio's `RouteConfigurationMatch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteConfigurationMatch {
    /// The port that it serves.
    pub port_number: Option<Spanned<u32>>,
    /// The name of a Gateway's port.
    pub port_name: Option<Spanned<String>>,
    /// `NAMESPACE/NAME` of a Gateway.
    pub gateway: Option<Spanned<String>>,
    /// A virtual host of it.
    pub vhost: Option<Spanned<VirtualHostMatch>>,
    /// Its name.
    pub name: Option<Spanned<String>>,
}

/// A virtual host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct VirtualHostMatch {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// One of its domains.
    pub domain_name: Option<Spanned<String>>,
    /// A route of it.
    pub route: Option<Spanned<RouteMatch>>,
}

/// A route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteMatch {
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// What it does.
    pub action: Option<Spanned<RouteMatchAction>>,
}

/// What a route does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RouteMatchAction {
    /// Anything.
    #[default]
    Any,
    /// Sends on.
    Route,
    /// Redirects.
    Redirect,
    /// Answers.
    DirectResponse,
}

/// Istio's `ClusterMatch`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterMatch {
    /// The service's port.
    pub port_number: Option<Spanned<u32>>,
    /// The service's host name.
    pub service: Option<Spanned<String>>,
    /// A subset.
    pub subset: Option<Spanned<String>>,
    /// Its name.
    pub name: Option<Spanned<String>>,
}

/// Parts of waypoints.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct WaypointMatch {
    /// A service's port.
    #[schemars(extend("x-kubernetes-validations" = json!([{
        "rule": "0 < self && self <= 65535",
        "message": "port must be between 1-65535",
    }])))]
    pub port_number: Option<Spanned<u32>>,
    /// A filter.
    pub filter: Option<Spanned<FilterMatch>>,
    /// A route.
    pub route: Option<Spanned<SubFilterMatch>>,
}

/// How something is changed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Patch {
    /// What is done.
    pub operation: Option<Spanned<PatchOperation>>,
    /// A message of Envoy's, or a part of one, in JSON.
    pub value: Option<Spanned<Raw>>,
    /// Where among Istio's filters an added one stands.
    pub filter_class: Option<Spanned<FilterClass>>,
}

/// What is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PatchOperation {
    /// Nothing: refused.
    #[default]
    Invalid,
    /// Field by field, lists appended.
    Merge,
    /// Another one, at the end.
    Add,
    /// No longer there.
    Remove,
    /// Before the one that matches.
    InsertBefore,
    /// Behind the one that matches.
    InsertAfter,
    /// Before all.
    InsertFirst,
    /// In place of the one that matches.
    Replace,
    /// Field by field, lists replaced.
    MergeAndReplaceList,
}

/// Where among Istio's filters an added one stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FilterClass {
    /// As the operation says.
    #[default]
    Unspecified,
    /// Behind authentication.
    Authn,
    /// Behind authorization.
    Authz,
    /// Before statistics.
    Stats,
}

// === impl ApplyTo ===

impl ApplyTo {
    /// The full name of the message of Envoy's that is changed, and that a patch's value is (Istio's
    /// `BuildXDSObjectFromStruct`).
    pub fn message(self) -> Option<&'static str> {
        Some(match self {
            Self::Invalid => return None,
            Self::Listener => "envoy.config.listener.v3.Listener",
            Self::FilterChain => "envoy.config.listener.v3.FilterChain",
            Self::NetworkFilter => "envoy.config.listener.v3.Filter",
            Self::HttpFilter => "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
            Self::RouteConfiguration => "envoy.config.route.v3.RouteConfiguration",
            Self::VirtualHost => "envoy.config.route.v3.VirtualHost",
            Self::HttpRoute => "envoy.config.route.v3.Route",
            Self::Cluster => "envoy.config.cluster.v3.Cluster",
            Self::ExtensionConfig => "envoy.config.core.v3.TypedExtensionConfig",
            Self::Bootstrap => "envoy.config.bootstrap.v3.Bootstrap",
            Self::ListenerFilter => "envoy.config.listener.v3.ListenerFilter",
        })
    }
}
