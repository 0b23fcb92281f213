//! Endpoints: where a cluster's requests go.

use crate::listener::Address;
use crate::message::{message, proto_enum};
use crate::scalar::{FractionalPercent, Metadata};

message! {
    /// `envoy.config.endpoint.v3.ClusterLoadAssignment`.
    pub struct ClusterLoadAssignment {
        /// The cluster, or the cluster's `service_name`.
        pub cluster_name: String,
        /// Endpoints by locality and priority.
        pub endpoints: Vec<LocalityLbEndpoints>,
        /// How priorities spill.
        pub policy: Option<LoadAssignmentPolicy>,
    }

    /// How priorities spill.
    pub struct LoadAssignmentPolicy {
        /// How much more than it should a priority takes before the next is used (140 %).
        pub overprovisioning_factor: Option<u32>,
        /// Requests that are dropped (`DropOverload` has a name too, of no effect).
        pub drop_overloads: Vec<DropOverload>,
    }

    /// Requests that are dropped.
    pub struct DropOverload {
        /// The name in statistics.
        pub category: String,
        /// How many of all.
        pub drop_percentage: Option<FractionalPercent>,
    }

    /// The endpoints of one place.
    pub struct LocalityLbEndpoints {
        /// The place.
        pub locality: Option<Locality>,
        /// The endpoints.
        pub lb_endpoints: Vec<LbEndpoint>,
        /// Its weight among the places of its priority.
        pub load_balancing_weight: Option<u32>,
        /// 0 first.
        pub priority: u32,
    }

    /// A place.
    pub struct Locality {
        /// Region.
        pub region: String,
        /// Zone.
        pub zone: String,
        /// Subzone.
        pub sub_zone: String,
    }

    /// One endpoint with what balancing needs to know of it.
    pub struct LbEndpoint {
        /// The endpoint.
        pub endpoint: Option<Endpoint>,
        /// Whether it takes requests.
        pub health_status: HealthStatus,
        /// Free data.
        pub metadata: Option<Metadata>,
        /// Its weight among the endpoints of its place.
        pub load_balancing_weight: Option<u32>,
    }

    /// One endpoint.
    pub struct Endpoint {
        /// Where.
        pub address: Option<Address>,
        /// Its host name, for `auto_host_rewrite`.
        pub hostname: String,
    }
}

impl LbEndpoint {
    /// A healthy endpoint at an address.
    pub fn at(address: Address) -> Self {
        Self {
            endpoint: Some(Endpoint { address: Some(address), hostname: String::new() }),
            ..Self::default()
        }
    }
}

proto_enum! {
    /// Whether an endpoint takes requests.
    pub enum HealthStatus {
        /// Not said, which means yes.
        #[default]
        Unknown = 0 "UNKNOWN",
        /// Yes.
        Healthy = 1 "HEALTHY",
        /// No.
        Unhealthy = 2 "UNHEALTHY",
        /// It is going away: no new requests.
        Draining = 3 "DRAINING",
        /// Its check timed out.
        Timeout = 4 "TIMEOUT",
        /// Only where too few others are left.
        Degraded = 5 "DEGRADED",
    }
}
