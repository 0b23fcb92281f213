//! The Kubernetes kinds that a mesh reads.

mod admission_policy;
mod custom_resource_definition;
mod endpoint_slice;
mod endpoints;
mod forms;
mod ingress;
mod namespace;
mod pod;
mod service;
mod storage;
mod webhook;
mod workload;

pub use admission_policy::{
    AuditAnnotation, MatchResources, NamedExpression, ParamKind, ResourceRule, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, Validation,
};
pub use custom_resource_definition::{
    CustomResourceDefinition, DefinitionNames, DefinitionSchema, DefinitionVersion,
};
pub use endpoint_slice::{
    EndpointConditions, EndpointSlice, EndpointSliceEndpoint, EndpointSlicePort, TargetRef,
};
pub use endpoints::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};
pub use ingress::{
    HttpIngressPath, HttpIngressRule, Ingress, IngressBackend, IngressClass, IngressClassParameters,
    IngressRule, IngressServiceBackend, IngressTls, PathType, ServiceBackendPort, TypedLocalObjectReference,
};
pub use namespace::{Namespace, Node, ServiceAccount};
pub use pod::{
    Container, ContainerPort, EnvVar, HttpGetAction, Pod, PodIp, PodSpec, PodStatus, Probe, SecurityContext,
    TcpSocketAction,
};
pub use service::{Service, ServicePort, ServiceSpec};
pub use storage::{ConfigMap, Secret};
pub use webhook::{
    MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhook, ValidatingWebhookConfiguration,
    WebhookClientConfig, WebhookService,
};
pub use workload::{
    CronJobSpec, JobSpec, JobTemplate, LabelSelector, LabelSelectorRequirement, PodTemplate, Workload,
    WorkloadSpec,
};
