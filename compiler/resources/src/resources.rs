//! All objects of a tree, by kind.

use std::collections::BTreeMap;

use meshc_diagnostics::Diagnostic;
use meshc_syntax::Suppression;
use meshc_syntax::de::Spanned;

use crate::istio::mesh::MeshProxyConfig;
use crate::istio::{
    AuthorizationPolicy, DestinationRule, EnvoyFilter, Gateway, PeerAuthentication, ProxyConfig,
    RequestAuthentication, ServiceEntry, Sidecar, Telemetry, TrafficExtension, VirtualService, WasmPlugin,
    WorkloadEntry, WorkloadGroup,
};
use crate::kubernetes::{
    ConfigMap, CronJobSpec, CustomResourceDefinition, EndpointSlice, Endpoints, JobSpec,
    MutatingWebhookConfiguration, Secret, ServiceSpec, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration, WorkloadSpec,
};
use crate::mesh_settings::MeshSettings;
use crate::meshc::{Invariant, RouteTest};
use crate::object::{Object, PodParts};

/// All objects of a tree, by kind, in the order of files and documents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resources {
    /// Namespaces.
    pub namespaces: Vec<Object<()>>,
    /// Identities.
    pub service_accounts: Vec<Object<()>>,
    /// Services.
    pub services: Vec<Object<ServiceSpec>>,
    /// Endpoints as facts.
    pub endpoint_slices: Vec<Object<EndpointSlice>>,
    /// Pods.
    pub pods: Vec<Object<PodParts>>,
    /// Deployments, StatefulSets, DaemonSets, ReplicaSets: the object's kind tells which.
    pub workloads: Vec<Object<WorkloadSpec>>,
    /// Istio.
    pub virtual_services: Vec<Object<VirtualService>>,
    /// Istio.
    pub destination_rules: Vec<Object<DestinationRule>>,
    /// Istio.
    pub gateways: Vec<Object<Gateway>>,
    /// Istio.
    pub service_entries: Vec<Object<ServiceEntry>>,
    /// Kubernetes.
    pub endpoints: Vec<Object<Endpoints>>,
    /// Kubernetes.
    pub nodes: Vec<Object<()>>,
    /// Kubernetes.
    pub secrets: Vec<Object<Secret>>,
    /// Kubernetes.
    pub config_maps: Vec<Object<ConfigMap>>,
    /// The settings of the whole mesh in istiod's ConfigMaps, which are among `config_maps` too.
    pub mesh_settings: Vec<Object<MeshSettings>>,
    /// What the annotations `proxy.istio.io/config` of pods, and of what makes them, say, by their text.
    pub proxy_annotations: BTreeMap<String, Spanned<MeshProxyConfig>>,
    /// Kubernetes.
    pub jobs: Vec<Object<JobSpec>>,
    /// Kubernetes.
    pub cron_jobs: Vec<Object<CronJobSpec>>,
    /// Kubernetes.
    pub ingresses: Vec<Object<crate::kubernetes::Ingress>>,
    /// Kubernetes.
    pub ingress_classes: Vec<Object<crate::kubernetes::IngressClass>>,
    /// Kubernetes.
    pub mutating_webhooks: Vec<Object<MutatingWebhookConfiguration>>,
    /// Kubernetes.
    pub validating_webhooks: Vec<Object<ValidatingWebhookConfiguration>>,
    /// Kubernetes.
    pub admission_policies: Vec<Object<ValidatingAdmissionPolicy>>,
    /// Kubernetes.
    pub admission_policy_bindings: Vec<Object<ValidatingAdmissionPolicyBinding>>,
    /// Kubernetes.
    pub custom_resource_definitions: Vec<Object<CustomResourceDefinition>>,
    /// Istio.
    pub sidecars: Vec<Object<Sidecar>>,
    /// Istio.
    pub workload_entries: Vec<Object<WorkloadEntry>>,
    /// Istio.
    pub workload_groups: Vec<Object<WorkloadGroup>>,
    /// Istio.
    pub envoy_filters: Vec<Object<EnvoyFilter>>,
    /// Istio.
    pub proxy_configs: Vec<Object<ProxyConfig>>,
    /// Istio.
    pub authorization_policies: Vec<Object<AuthorizationPolicy>>,
    /// Istio.
    pub peer_authentications: Vec<Object<PeerAuthentication>>,
    /// Istio.
    pub request_authentications: Vec<Object<RequestAuthentication>>,
    /// Istio.
    pub telemetries: Vec<Object<Telemetry>>,
    /// Istio.
    pub wasm_plugins: Vec<Object<WasmPlugin>>,
    /// Istio.
    pub traffic_extensions: Vec<Object<TrafficExtension>>,
    /// Gateway API.
    pub gateway_classes: Vec<Object<crate::gateway_api::GatewayClass>>,
    /// Gateway API.
    pub kubernetes_gateways: Vec<Object<crate::gateway_api::Gateway>>,
    /// Gateway API.
    pub http_routes: Vec<Object<crate::gateway_api::HttpRoute>>,
    /// Gateway API.
    pub grpc_routes: Vec<Object<crate::gateway_api::GrpcRoute>>,
    /// Gateway API.
    pub tls_routes: Vec<Object<crate::gateway_api::TlsRoute>>,
    /// Gateway API.
    pub tcp_routes: Vec<Object<crate::gateway_api::TcpRoute>>,
    /// Gateway API.
    pub udp_routes: Vec<Object<crate::gateway_api::UdpRoute>>,
    /// Gateway API.
    pub reference_grants: Vec<Object<crate::gateway_api::ReferenceGrant>>,
    /// Gateway API.
    pub backend_tls_policies: Vec<Object<crate::gateway_api::BackendTlsPolicy>>,
    /// Gateway API.
    pub listener_sets: Vec<Object<crate::gateway_api::ListenerSet>>,
    /// Gateway API, experimental.
    pub x_backends: Vec<Object<crate::gateway_api::XBackend>>,
    /// Gateway API, experimental.
    pub x_backend_traffic_policies: Vec<Object<crate::gateway_api::XBackendTrafficPolicy>>,
    /// Gateway API, experimental.
    pub x_meshes: Vec<Object<crate::gateway_api::XMesh>>,
    /// meshc's own.
    pub route_tests: Vec<Object<RouteTest>>,
    /// meshc's own.
    pub invariants: Vec<Object<Invariant>>,
    /// How many documents there were of kinds that are none of a mesh's business, by `apiVersion kind`; documents
    /// that are no Kubernetes object at all are counted under `other YAML`.
    pub foreign: BTreeMap<String, usize>,
    /// Documents read, of any kind.
    pub documents: usize,
}

impl Resources {
    /// How many objects a mesh reads.
    pub fn len(&self) -> usize {
        self.namespaces.len()
            + self.service_accounts.len()
            + self.services.len()
            + self.endpoint_slices.len()
            + self.pods.len()
            + self.workloads.len()
            + self.virtual_services.len()
            + self.destination_rules.len()
            + self.gateways.len()
            + self.service_entries.len()
            + self.endpoints.len()
            + self.nodes.len()
            + self.secrets.len()
            + self.config_maps.len()
            + self.jobs.len()
            + self.cron_jobs.len()
            + self.ingresses.len()
            + self.ingress_classes.len()
            + self.mutating_webhooks.len()
            + self.validating_webhooks.len()
            + self.admission_policies.len()
            + self.admission_policy_bindings.len()
            + self.custom_resource_definitions.len()
            + self.sidecars.len()
            + self.workload_entries.len()
            + self.workload_groups.len()
            + self.envoy_filters.len()
            + self.proxy_configs.len()
            + self.authorization_policies.len()
            + self.peer_authentications.len()
            + self.request_authentications.len()
            + self.telemetries.len()
            + self.wasm_plugins.len()
            + self.traffic_extensions.len()
            + self.gateway_classes.len()
            + self.kubernetes_gateways.len()
            + self.http_routes.len()
            + self.grpc_routes.len()
            + self.tls_routes.len()
            + self.tcp_routes.len()
            + self.udp_routes.len()
            + self.reference_grants.len()
            + self.backend_tls_policies.len()
            + self.listener_sets.len()
            + self.x_backends.len()
            + self.x_backend_traffic_policies.len()
            + self.x_meshes.len()
            + self.route_tests.len()
            + self.invariants.len()
    }

    /// Whether there is nothing that a mesh reads.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those in the namespaces that are looked at, and those in none; Secrets and ConfigMaps stay, as does what is about
    /// meshc.
    #[must_use]
    pub fn within(&self, looks_at: impl Fn(&str) -> bool) -> Self {
        let mut kept = self.clone();
        kept.service_accounts.retain(|object| looks_at(object.namespace()));
        kept.services.retain(|object| looks_at(object.namespace()));
        kept.endpoint_slices.retain(|object| looks_at(object.namespace()));
        kept.pods.retain(|object| looks_at(object.namespace()));
        kept.workloads.retain(|object| looks_at(object.namespace()));
        kept.virtual_services.retain(|object| looks_at(object.namespace()));
        kept.destination_rules.retain(|object| looks_at(object.namespace()));
        kept.gateways.retain(|object| looks_at(object.namespace()));
        kept.service_entries.retain(|object| looks_at(object.namespace()));
        kept.endpoints.retain(|object| looks_at(object.namespace()));
        kept.jobs.retain(|object| looks_at(object.namespace()));
        kept.cron_jobs.retain(|object| looks_at(object.namespace()));
        kept.ingresses.retain(|object| looks_at(object.namespace()));
        kept.sidecars.retain(|object| looks_at(object.namespace()));
        kept.workload_entries.retain(|object| looks_at(object.namespace()));
        kept.workload_groups.retain(|object| looks_at(object.namespace()));
        kept.envoy_filters.retain(|object| looks_at(object.namespace()));
        kept.proxy_configs.retain(|object| looks_at(object.namespace()));
        kept.authorization_policies.retain(|object| looks_at(object.namespace()));
        kept.peer_authentications.retain(|object| looks_at(object.namespace()));
        kept.request_authentications.retain(|object| looks_at(object.namespace()));
        kept.telemetries.retain(|object| looks_at(object.namespace()));
        kept.wasm_plugins.retain(|object| looks_at(object.namespace()));
        kept.traffic_extensions.retain(|object| looks_at(object.namespace()));
        kept.kubernetes_gateways.retain(|object| looks_at(object.namespace()));
        kept.http_routes.retain(|object| looks_at(object.namespace()));
        kept.grpc_routes.retain(|object| looks_at(object.namespace()));
        kept.tls_routes.retain(|object| looks_at(object.namespace()));
        kept.tcp_routes.retain(|object| looks_at(object.namespace()));
        kept.udp_routes.retain(|object| looks_at(object.namespace()));
        kept.reference_grants.retain(|object| looks_at(object.namespace()));
        kept.backend_tls_policies.retain(|object| looks_at(object.namespace()));
        kept.listener_sets.retain(|object| looks_at(object.namespace()));
        kept.x_backends.retain(|object| looks_at(object.namespace()));
        kept.x_backend_traffic_policies.retain(|object| looks_at(object.namespace()));
        kept
    }

    /// Adds the objects of a later file.
    pub(crate) fn append(&mut self, mut later: Self) {
        self.namespaces.append(&mut later.namespaces);
        self.service_accounts.append(&mut later.service_accounts);
        self.services.append(&mut later.services);
        self.endpoint_slices.append(&mut later.endpoint_slices);
        self.pods.append(&mut later.pods);
        self.workloads.append(&mut later.workloads);
        self.virtual_services.append(&mut later.virtual_services);
        self.destination_rules.append(&mut later.destination_rules);
        self.gateways.append(&mut later.gateways);
        self.service_entries.append(&mut later.service_entries);
        self.endpoints.append(&mut later.endpoints);
        self.nodes.append(&mut later.nodes);
        self.secrets.append(&mut later.secrets);
        self.config_maps.append(&mut later.config_maps);
        self.mesh_settings.append(&mut later.mesh_settings);
        self.proxy_annotations.append(&mut later.proxy_annotations);
        self.jobs.append(&mut later.jobs);
        self.cron_jobs.append(&mut later.cron_jobs);
        self.ingresses.append(&mut later.ingresses);
        self.ingress_classes.append(&mut later.ingress_classes);
        self.mutating_webhooks.append(&mut later.mutating_webhooks);
        self.validating_webhooks.append(&mut later.validating_webhooks);
        self.admission_policies.append(&mut later.admission_policies);
        self.admission_policy_bindings.append(&mut later.admission_policy_bindings);
        self.custom_resource_definitions.append(&mut later.custom_resource_definitions);
        self.sidecars.append(&mut later.sidecars);
        self.workload_entries.append(&mut later.workload_entries);
        self.workload_groups.append(&mut later.workload_groups);
        self.envoy_filters.append(&mut later.envoy_filters);
        self.proxy_configs.append(&mut later.proxy_configs);
        self.authorization_policies.append(&mut later.authorization_policies);
        self.peer_authentications.append(&mut later.peer_authentications);
        self.request_authentications.append(&mut later.request_authentications);
        self.telemetries.append(&mut later.telemetries);
        self.wasm_plugins.append(&mut later.wasm_plugins);
        self.traffic_extensions.append(&mut later.traffic_extensions);
        self.gateway_classes.append(&mut later.gateway_classes);
        self.kubernetes_gateways.append(&mut later.kubernetes_gateways);
        self.http_routes.append(&mut later.http_routes);
        self.grpc_routes.append(&mut later.grpc_routes);
        self.tls_routes.append(&mut later.tls_routes);
        self.tcp_routes.append(&mut later.tcp_routes);
        self.udp_routes.append(&mut later.udp_routes);
        self.reference_grants.append(&mut later.reference_grants);
        self.backend_tls_policies.append(&mut later.backend_tls_policies);
        self.listener_sets.append(&mut later.listener_sets);
        self.x_backends.append(&mut later.x_backends);
        self.x_backend_traffic_policies.append(&mut later.x_backend_traffic_policies);
        self.x_meshes.append(&mut later.x_meshes);
        self.route_tests.append(&mut later.route_tests);
        self.invariants.append(&mut later.invariants);
        for (kind, count) in later.foreign {
            *self.foreign.entry(kind).or_default() += count;
        }
        self.documents += later.documents;
    }
}

/// What reading a tree gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The objects.
    pub resources: Resources,
    /// What documents alone show, in the order of files and documents.
    pub diagnostics: Vec<Diagnostic>,
    /// The comments that silence findings.
    pub suppressions: Vec<Suppression>,
}
