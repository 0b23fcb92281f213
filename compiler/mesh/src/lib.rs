//! The resolved world: namespaces, services, ports, workloads, subsets, gateways.
//! Every name of the YAML is in full here, and whatever Kubernetes or Istio's installation would add is added.

#![forbid(unsafe_code)]

mod absence;
mod address;
mod build;
mod config;
mod delegate;
mod destination_rule;
mod gateway;
mod gateway_api;
pub mod hostname;
mod ingress;
mod label_selector;
mod mesh;
mod meta;
mod mtls;
mod networks;
pub mod place;
mod pod;
mod policy;
mod protocol;
mod proxy_config;
pub mod rules;
mod service;
mod sidecar;
mod view;
mod views;
mod virtual_service;
mod visibility;

pub use absence::Absence;
pub use config::MeshConfig;
pub use destination_rule::{DestinationRule, DestinationRules, ROOT_NAMESPACE};
pub use gateway::{Bound, Gateway, Namespace};
pub use gateway_api::{
    Absent, Condition, ListenerStatus, ObjectStatus, ParentStatus, Problem, are_equally_specific,
};
pub use mesh::{Mesh, Target};
pub use meta::{Meta, selects};
pub use mtls::{Mtls, MtlsMode, MtlsSetting};
pub use networks::{NetworkGateway, Networks, Unaddressed};
pub use pod::{ContainerPort, Interception, Pod, PodProxy, Workload};
pub use policy::{Policies, Policy};
pub use protocol::Protocol;
pub use service::{
    Distribution, Endpoint, Health, Port, Registry, Resolution, Service, TargetPort, UNSPECIFIED,
};
pub use sidecar::{EgressPort, EgressSpec, Sidecar, Sidecars};
pub use view::{Egress, View};
pub use views::Views;
pub use virtual_service::{HttpRule, Semantics, VirtualService};
pub use visibility::ExportTo;
