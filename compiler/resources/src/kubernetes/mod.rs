//! The Kubernetes kinds that a mesh reads.

mod endpoint_slice;
mod ingress;
mod namespace;
mod pod;
mod service;
mod workload;

pub use endpoint_slice::{
    EndpointConditions, EndpointSlice, EndpointSliceEndpoint, EndpointSlicePort, TargetRef,
};
pub use ingress::{
    HttpIngressPath, HttpIngressRule, Ingress, IngressBackend, IngressClass, IngressClassParameters,
    IngressRule, IngressServiceBackend, IngressTls, PathType, ServiceBackendPort, TypedLocalObjectReference,
};
pub use namespace::{Namespace, ServiceAccount};
pub use pod::{Container, ContainerPort, Pod, PodIp, PodSpec, PodStatus};
pub use service::{Service, ServicePort, ServiceSpec};
pub use workload::{LabelSelector, PodTemplate, Workload, WorkloadSpec};
