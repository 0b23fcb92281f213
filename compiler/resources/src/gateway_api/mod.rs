//! The kinds of the Kubernetes Gateway API. The types are those of the experimental channel, which has every field of
//! the standard one; where the channels' constraints differ, the experimental one's holds and the field says so. What
//! the API server fills in is filled in where the types are read.

mod backend_tls_policy;
mod common;
mod constraints;
mod experimental;
mod gateway;
mod gateway_class;
mod grpc_route;
mod http_filter;
mod http_route;
mod listener_set;
mod reference_grant;
mod stream_routes;

pub use backend_tls_policy::*;
pub use common::*;
pub use experimental::*;
pub use gateway::*;
pub use gateway_class::*;
pub use grpc_route::*;
pub use http_filter::*;
pub use http_route::*;
pub use listener_set::*;
pub use reference_grant::*;
pub use stream_routes::*;
