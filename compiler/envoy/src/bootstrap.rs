//! The bootstrap: what a proxy process is started with.

use crate::access_log::AccessLog;
use crate::cluster::Cluster;
use crate::endpoint::Locality;
use crate::listener::{Address, Listener};
use crate::message::{message, proto_enum};
use crate::scalar::{Duration, Empty, Struct};

message! {
    /// `envoy.config.bootstrap.v3.Bootstrap`.
    pub struct Bootstrap {
        /// Who this proxy is.
        pub node: Option<Node>,
        /// Resources in the bootstrap itself.
        pub static_resources: Option<StaticResources>,
        /// Where other resources come from.
        pub dynamic_resources: Option<DynamicResources>,
        /// The administration endpoint.
        pub admin: Option<Admin>,
    }

    /// `envoy.config.core.v3.Node`.
    pub struct Node {
        /// Unique name.
        pub id: String,
        /// The name of the group of proxies that behave alike.
        pub cluster: String,
        /// Free data about the node.
        pub metadata: Struct,
        /// Where it runs.
        pub locality: Option<Locality>,
    }

    /// Resources that never change while the process runs.
    pub struct StaticResources {
        /// Listeners.
        pub listeners: Vec<Listener>,
        /// Clusters.
        pub clusters: Vec<Cluster>,
    }

    /// Where listeners and clusters come from.
    pub struct DynamicResources {
        /// Listeners.
        pub lds_config: Option<ConfigSource>,
        /// Clusters.
        pub cds_config: Option<ConfigSource>,
    }

    /// A source of resources; one of `path_config_source`, `ads` and `api_config_source`.
    pub struct ConfigSource {
        /// A file that is watched.
        pub path_config_source: Option<PathConfigSource>,
        /// The one stream of the control plane; in a bundle: the bundle itself.
        pub ads: Option<Empty>,
        /// A stream of its own.
        pub api_config_source: Option<ApiConfigSource>,
        /// How long the first answer may take; 0 is for ever.
        pub initial_fetch_timeout: Option<Duration>,
        /// The version of the resources.
        pub resource_api_version: ApiVersion,
    }

    /// `envoy.config.core.v3.ApiConfigSource`.
    pub struct ApiConfigSource {
        /// How it is asked: `GRPC`…
        pub api_type: String,
        /// The version of the protocol.
        pub transport_api_version: ApiVersion,
        /// Whom.
        pub grpc_services: Vec<GrpcService>,
        /// Says who it is only once.
        pub set_node_on_first_message_only: bool,
    }

    /// `envoy.config.core.v3.GrpcService`.
    pub struct GrpcService {
        /// By Envoy's own client.
        pub envoy_grpc: Option<EnvoyGrpc>,
        /// How long an answer may take.
        pub timeout: Option<Duration>,
    }

    /// A gRPC service by cluster.
    pub struct EnvoyGrpc {
        /// The cluster.
        pub cluster_name: String,
        /// The `:authority`; the cluster's name when empty.
        pub authority: String,
    }

    /// A file with a `DiscoveryResponse`, read again when it is replaced.
    pub struct PathConfigSource {
        /// Its path.
        pub path: String,
        /// The directory whose moves are watched in place of the file's.
        pub watched_directory: Option<WatchedDirectory>,
    }

    /// A directory that is watched.
    pub struct WatchedDirectory {
        /// Its path.
        pub path: String,
    }

    /// The administration endpoint.
    pub struct Admin {
        /// Where it listens.
        pub address: Option<Address>,
        /// Where its requests are logged.
        pub access_log: Vec<AccessLog>,
    }
}

proto_enum! {
    /// The version of Envoy's API.
    pub enum ApiVersion {
        /// Not said, which means v3 today.
        #[default]
        Auto = 0 "AUTO",
        /// v3.
        V3 = 2 "V3",
    }
}
