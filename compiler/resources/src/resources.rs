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

    /// Adds the objects of later files, in their order.
    pub(crate) fn append(&mut self, mut later: Vec<Self>) {
        // Room for all at once: objects are large, and moving them again and again as lists grow takes its time.
        macro_rules! append {
            ($($field:ident),* $(,)?) => {
                let mut counts = [$(stringify!($field)),*].map(|_| 0);
                for of in &later {
                    let mut counts = counts.iter_mut();
                    $(if let Some(count) = counts.next() { *count += of.$field.len(); })*
                }
                let mut counts = counts.into_iter();
                $(self.$field.reserve_exact(counts.next().unwrap_or_default());)*
                for of in &mut later {
                    $(self.$field.append(&mut of.$field);)*
                }
            };
        }
        append!(
            namespaces,
            service_accounts,
            services,
            endpoint_slices,
            pods,
            workloads,
            virtual_services,
            destination_rules,
            gateways,
            service_entries,
            endpoints,
            nodes,
            secrets,
            config_maps,
            mesh_settings,
            jobs,
            cron_jobs,
            ingresses,
            ingress_classes,
            mutating_webhooks,
            validating_webhooks,
            admission_policies,
            admission_policy_bindings,
            custom_resource_definitions,
            sidecars,
            workload_entries,
            workload_groups,
            envoy_filters,
            proxy_configs,
            authorization_policies,
            peer_authentications,
            request_authentications,
            telemetries,
            wasm_plugins,
            traffic_extensions,
            gateway_classes,
            kubernetes_gateways,
            http_routes,
            grpc_routes,
            tls_routes,
            tcp_routes,
            udp_routes,
            reference_grants,
            backend_tls_policies,
            listener_sets,
            x_backends,
            x_backend_traffic_policies,
            x_meshes,
            route_tests,
            invariants,
        );
        for mut of in later {
            self.proxy_annotations.append(&mut of.proxy_annotations);
            for (kind, count) in of.foreign {
                *self.foreign.entry(kind).or_default() += count;
            }
            self.documents += of.documents;
        }
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
