//! Documents to objects.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, ResourceId};
use meshc_source::{FileId, SourceSet, Span};
use meshc_syntax::de::{self, Issue, Raw};
use meshc_syntax::{Limits, Node};
use rayon::prelude::*;
use serde::de::DeserializeOwned;

use crate::definitions::{self, Foreign, Place};
use crate::gateway_api;
use crate::kind::{Business, business};
use crate::mesh_settings::of_config_map;
use crate::object::{Manifest, Root};
use crate::proxy_annotation;
use crate::{Kind, Object, Outcome};
use crate::{rules, schema};

/// Reads every document of a tree. Files are read side by side; the result is in the order of files and documents.
pub fn read(sources: &SourceSet, limits: &Limits) -> Outcome {
    read_beside(sources, None, limits)
}

/// As [`read`], beside a file with the snapshot of a cluster: its objects belong to the mesh unless the tree has one of
/// the same kind and name itself, and nothing is found in it.
pub fn read_beside(sources: &SourceSet, snapshot: Option<FileId>, limits: &Limits) -> Outcome {
    let own = sources.iter().filter(|(id, _)| Some(*id) != snapshot);
    let files: Vec<(FileId, &str)> = own.map(|(id, file)| (id, &*file.text)).collect();
    let note = snapshot.is_some();
    let parts: Vec<Reader<'_>> = files
        .into_par_iter()
        .map(|(id, text)| Reader { names: note.then(BTreeSet::new), ..Reader::new(text, limits) }.file(id))
        .collect();
    let mut all = Outcome::default();
    let mut known = BTreeSet::new();
    let mut foreign = Vec::new();
    let mut resources = Vec::with_capacity(parts.len());
    for part in parts {
        foreign.extend(part.foreign);
        resources.push(part.out.resources);
        all.diagnostics.extend(part.out.diagnostics);
        all.suppressions.extend(part.out.suppressions);
        known.extend(part.names.into_iter().flatten());
    }
    if let Some(snapshot) = snapshot {
        let reader = Reader { known, ..Reader::new(&sources.file(snapshot).text, limits) };
        resources.push(reader.file(snapshot).out.resources);
    }
    all.resources.append(resources);
    definitions::check(sources, limits, &foreign, &mut all);
    all
}

/// Reads the documents of one file as [`read`] does; none where what they may be stands in definitions of the tree.
pub fn read_file(sources: &SourceSet, file: FileId, limits: &Limits) -> Option<Outcome> {
    let read = Reader::new(&sources.file(file).text, limits).file(file);
    read.foreign.is_empty().then_some(read.out)
}

/// Group, kind, namespace and name.
type Identity = (String, String, String, String);

/// Who an object is; none where it has no name.
fn identity(root: &Node, api_version: &str, kind: &str) -> Option<Identity> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let text = |key: &str| root.at(&["metadata", key]).and_then(Node::as_str);
    let namespace = text("namespace").unwrap_or(crate::DEFAULT_NAMESPACE);
    Some((group.to_owned(), kind.to_owned(), namespace.to_owned(), text("name")?.to_owned()))
}

/// Who an object of one of our kinds is, for findings.
fn resource(kind: Kind, root: &Node) -> Option<ResourceId> {
    let text = |key: &str| root.at(&["metadata", key]).and_then(Node::as_str).map(ToOwned::to_owned);
    let namespace = || text("namespace").unwrap_or_else(|| crate::DEFAULT_NAMESPACE.to_owned());
    let namespace = kind.is_namespaced().then(namespace);
    Some(ResourceId { kind: kind.as_str().to_owned(), namespace, name: text("name")? })
}

/// Collects what the documents of one file say.
struct Reader<'t> {
    text: &'t str,
    limits: &'t Limits,
    out: Outcome,
    /// The objects that were read, where anyone wants to know.
    names: Option<BTreeSet<Identity>>,
    /// Objects that are left out.
    known: BTreeSet<Identity>,
    /// Documents whose kind the tree may define.
    foreign: Vec<Foreign>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, limits: &'t Limits) -> Self {
        Self {
            text,
            limits,
            out: Outcome::default(),
            names: None,
            known: BTreeSet::new(),
            foreign: Vec::new(),
        }
    }

    fn file(mut self, id: FileId) -> Self {
        let parsed = meshc_syntax::parse(id, self.text, self.limits);
        self.out.diagnostics = parsed.diagnostics;
        self.out.suppressions = parsed.suppressions;
        for document in &parsed.documents {
            self.document(&document.root, Some(document.span));
        }
        self
    }

    /// `span` is that of the document, none of an item of a list.
    fn document(&mut self, root: &Node, span: Option<Span>) {
        if root.is_null() {
            return;
        }
        let api_version = root.get("apiVersion").and_then(Node::as_str);
        let kind = root.get("kind").and_then(Node::as_str);
        let (Some(api_version), Some(kind)) = (api_version, kind) else {
            self.out.resources.documents += 1;
            self.count_foreign("other YAML");
            self.out.diagnostics.extend(rules::missing_kind::check(root));
            return;
        };
        // As `kubectl` writes several objects: a list in place of a stream.
        if api_version == "v1" && kind == "List" {
            for item in root.get("items").map(Node::items).unwrap_or_default() {
                self.document(item, None);
            }
            return;
        }
        if self.names.is_some() || !self.known.is_empty() {
            let who = identity(root, api_version, kind);
            if who.as_ref().is_some_and(|who| self.known.contains(who)) {
                return;
            }
            if let Some(names) = &mut self.names {
                names.extend(who);
            }
        }
        self.out.resources.documents += 1;
        match business(api_version, kind) {
            Business::Ours(kind) => {
                let start = self.out.diagnostics.len();
                self.object(kind, root);
                schema::prefer_own_rules(&mut self.out.diagnostics, start);
                rules::originals::add(kind, &mut self.out.diagnostics[start..]);
                for finding in &mut self.out.diagnostics[start..] {
                    rules::yaml_surprise::explain(finding, self.text);
                }
                let start = self.out.diagnostics.len();
                rules::yaml_surprise::check(root, self.text, &mut self.out.diagnostics);
                for finding in &mut self.out.diagnostics[start..] {
                    finding.resource = resource(kind, root);
                }
            }
            Business::Foreign => {
                self.count_foreign(&format!("{api_version} {kind}"));
                // The groups of definitions are domains.
                if api_version.split_once('/').is_some_and(|(group, _)| group.contains('.')) {
                    self.foreign.push(Foreign {
                        api_version: api_version.to_owned(),
                        kind: kind.to_owned(),
                        place: span.map_or_else(|| Place::Item(Box::new(root.clone())), Place::Document),
                    });
                }
            }
            Business::UnknownKind(meant) => {
                self.finding(rules::unknown_kind::check(root, api_version, kind, meant));
            }
            Business::UnknownGroup(meant) => {
                self.finding(rules::unknown_group::check(root, api_version, kind, meant));
            }
            Business::UnknownVersion(served) => {
                self.finding(rules::unknown_version::check(root, api_version, kind, served));
            }
        }
    }

    fn count_foreign(&mut self, what: &str) {
        *self.out.resources.foreign.entry(what.to_owned()).or_default() += 1;
    }

    fn finding(&mut self, finding: Diagnostic) {
        self.out.diagnostics.push(finding);
    }

    fn object(&mut self, kind: Kind, root: &Node) {
        let all = &mut self.out;
        let found = &mut all.diagnostics;
        let resources = &mut all.resources;
        rules::ambient_mode::check(kind, root, found);
        resources.proxy_annotations.extend(proxy_annotation::read(kind, root, self.text, self.limits, found));
        match kind {
            Kind::Namespace => {
                resources.namespaces.extend(typed::<crate::kubernetes::Namespace>(kind, root, found));
            }
            Kind::ServiceAccount => {
                resources
                    .service_accounts
                    .extend(typed::<crate::kubernetes::ServiceAccount>(kind, root, found));
            }
            Kind::Service => {
                let object = typed::<crate::kubernetes::Service>(kind, root, found);
                resources.services.extend(object.inspect(|o| rules::service(o, found)));
            }
            Kind::EndpointSlice => {
                resources
                    .endpoint_slices
                    .extend(typed::<crate::kubernetes::EndpointSlice>(kind, root, found));
            }
            Kind::Pod => resources.pods.extend(typed::<crate::kubernetes::Pod>(kind, root, found)),
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => {
                resources.workloads.extend(typed::<crate::kubernetes::Workload>(kind, root, found));
            }
            Kind::VirtualService => {
                let object = typed::<Manifest<crate::istio::VirtualService>>(kind, root, found);
                resources.virtual_services.extend(object.inspect(|o| rules::virtual_service(o, found)));
            }
            Kind::DestinationRule => {
                let object = typed::<Manifest<crate::istio::DestinationRule>>(kind, root, found);
                resources.destination_rules.extend(object.inspect(|o| rules::destination_rule(o, found)));
            }
            Kind::Gateway => {
                let object = typed::<Manifest<crate::istio::Gateway>>(kind, root, found);
                resources.gateways.extend(object.inspect(|o| rules::gateway(o, found)));
            }
            Kind::ServiceEntry => {
                let object = typed::<Manifest<crate::istio::ServiceEntry>>(kind, root, found);
                resources.service_entries.extend(object.inspect(|o| rules::service_entry(o, found)));
            }
            Kind::Endpoints => {
                resources.endpoints.extend(typed::<crate::kubernetes::Endpoints>(kind, root, found));
            }
            Kind::Node => resources.nodes.extend(typed::<crate::kubernetes::Node>(kind, root, found)),
            Kind::Secret => resources.secrets.extend(typed::<crate::kubernetes::Secret>(kind, root, found)),
            Kind::ConfigMap => {
                resources.mesh_settings.extend(of_config_map(root, self.text, self.limits, found));
                resources.config_maps.extend(typed::<crate::kubernetes::ConfigMap>(kind, root, found));
            }
            Kind::Job => resources.jobs.extend(manifest::<crate::kubernetes::JobSpec>(kind, root, found)),
            Kind::CronJob => {
                resources.cron_jobs.extend(manifest::<crate::kubernetes::CronJobSpec>(kind, root, found));
            }
            Kind::Ingress => {
                resources.ingresses.extend(manifest::<crate::kubernetes::Ingress>(kind, root, found));
            }
            Kind::IngressClass => resources
                .ingress_classes
                .extend(manifest::<crate::kubernetes::IngressClass>(kind, root, found)),
            Kind::MutatingWebhookConfiguration => {
                resources
                    .mutating_webhooks
                    .extend(typed::<crate::kubernetes::MutatingWebhookConfiguration>(kind, root, found));
            }
            Kind::ValidatingWebhookConfiguration => {
                resources
                    .validating_webhooks
                    .extend(typed::<crate::kubernetes::ValidatingWebhookConfiguration>(kind, root, found));
            }
            Kind::ValidatingAdmissionPolicy => {
                resources
                    .admission_policies
                    .extend(manifest::<crate::kubernetes::ValidatingAdmissionPolicy>(kind, root, found));
            }
            Kind::ValidatingAdmissionPolicyBinding => {
                resources.admission_policy_bindings.extend(manifest::<
                    crate::kubernetes::ValidatingAdmissionPolicyBinding,
                >(kind, root, found));
            }
            Kind::CustomResourceDefinition => {
                let object = manifest::<crate::kubernetes::CustomResourceDefinition>(kind, root, found);
                let object = object.inspect(|o| rules::invalid_definition::check(o, found));
                resources.custom_resource_definitions.extend(object);
            }
            Kind::Sidecar => {
                let object = manifest::<crate::istio::Sidecar>(kind, root, found);
                resources.sidecars.extend(object.inspect(|o| rules::sidecar(o, found)));
            }
            Kind::EnvoyFilter => {
                let object = typed::<Manifest<crate::istio::EnvoyFilter>>(kind, root, found);
                resources.envoy_filters.extend(object.inspect(|o| rules::envoy_filter(o, found)));
            }
            Kind::WorkloadEntry => {
                let object = typed::<Manifest<crate::istio::WorkloadEntry>>(kind, root, found);
                resources.workload_entries.extend(object.inspect(|o| rules::workload_entry(o, found)));
            }
            Kind::WorkloadGroup => {
                let object = typed::<Manifest<crate::istio::WorkloadGroup>>(kind, root, found);
                resources.workload_groups.extend(object.inspect(|o| rules::workload_group(o, found)));
            }
            Kind::ProxyConfig => {
                let object = manifest::<crate::istio::ProxyConfig>(kind, root, found);
                resources.proxy_configs.extend(object.inspect(|o| rules::proxy_config(o, found)));
            }
            Kind::AuthorizationPolicy => {
                let object = typed::<Manifest<crate::istio::AuthorizationPolicy>>(kind, root, found);
                resources
                    .authorization_policies
                    .extend(object.inspect(|o| rules::authorization_policy(o, found)));
            }
            Kind::PeerAuthentication => {
                let object = typed::<Manifest<crate::istio::PeerAuthentication>>(kind, root, found);
                resources
                    .peer_authentications
                    .extend(object.inspect(|o| rules::peer_authentication(o, found)));
            }
            Kind::RequestAuthentication => {
                let object = typed::<Manifest<crate::istio::RequestAuthentication>>(kind, root, found);
                resources
                    .request_authentications
                    .extend(object.inspect(|o| rules::request_authentication(o, found)));
            }
            Kind::Telemetry => {
                let object = manifest::<crate::istio::Telemetry>(kind, root, found);
                resources.telemetries.extend(object.inspect(|o| rules::telemetry(o, found)));
            }
            Kind::WasmPlugin => {
                let object = manifest::<crate::istio::WasmPlugin>(kind, root, found);
                resources.wasm_plugins.extend(object.inspect(|o| rules::wasm_plugin(o, found)));
            }
            Kind::TrafficExtension => {
                let object = manifest::<crate::istio::TrafficExtension>(kind, root, found);
                resources.traffic_extensions.extend(object.inspect(|o| rules::traffic_extension(o, found)));
            }
            Kind::GatewayClass => {
                resources.gateway_classes.extend(manifest::<gateway_api::GatewayClass>(kind, root, found));
            }
            Kind::KubernetesGateway => {
                resources.kubernetes_gateways.extend(manifest::<gateway_api::Gateway>(kind, root, found));
            }
            Kind::HttpRoute => {
                resources.http_routes.extend(manifest::<gateway_api::HttpRoute>(kind, root, found));
            }
            Kind::GrpcRoute => {
                resources.grpc_routes.extend(manifest::<gateway_api::GrpcRoute>(kind, root, found));
            }
            Kind::TlsRoute => {
                resources.tls_routes.extend(manifest::<gateway_api::TlsRoute>(kind, root, found));
            }
            Kind::TcpRoute => {
                resources.tcp_routes.extend(manifest::<gateway_api::TcpRoute>(kind, root, found));
            }
            Kind::UdpRoute => {
                resources.udp_routes.extend(manifest::<gateway_api::UdpRoute>(kind, root, found));
            }
            Kind::ReferenceGrant => {
                resources.reference_grants.extend(manifest::<gateway_api::ReferenceGrant>(kind, root, found));
            }
            Kind::BackendTlsPolicy => resources
                .backend_tls_policies
                .extend(manifest::<gateway_api::BackendTlsPolicy>(kind, root, found)),
            Kind::ListenerSet => {
                resources.listener_sets.extend(manifest::<gateway_api::ListenerSet>(kind, root, found));
            }
            Kind::XBackend => {
                resources.x_backends.extend(manifest::<gateway_api::XBackend>(kind, root, found));
            }
            Kind::XBackendTrafficPolicy => {
                resources
                    .x_backend_traffic_policies
                    .extend(manifest::<gateway_api::XBackendTrafficPolicy>(kind, root, found));
            }
            Kind::RouteTest => {
                resources.route_tests.extend(manifest::<crate::meshc::RouteTest>(kind, root, found));
            }
            Kind::Invariant => {
                resources.invariants.extend(manifest::<crate::meshc::Invariant>(kind, root, found));
            }
            Kind::XMesh => resources.x_meshes.extend(manifest::<gateway_api::XMesh>(kind, root, found)),
        }
    }
}

/// Reads an object of the usual shape: metadata and a `spec`.
fn manifest<T: Default + DeserializeOwned>(
    kind: Kind,
    root: &Node,
    found: &mut Vec<Diagnostic>,
) -> Option<Object<T>> {
    typed::<Manifest<T>>(kind, root, found)
}

/// Reads one object with its findings. An object that lacks what cannot be left out is no object.
fn typed<R: Root>(kind: Kind, root: &Node, found: &mut Vec<Diagnostic>) -> Option<Object<R::Spec>> {
    let (value, mut issues) = de::read::<R>(root);
    let (metadata, spec) = value.unwrap_or_default().split();
    let status = root.get("status").filter(|_| kind.has_conditions()).map(|node| Raw::new(node.clone()));
    let object = Object { kind, metadata, spec, status, span: root.span };
    // Of kinds that are typed in part the schema says which fields are unknown.
    issues.retain(|issue| kind.is_strict() || !matches!(issue, Issue::UnknownField { .. }));
    found.extend(issues.iter().map(|issue| rules::issue(&object, issue)));
    let start = found.len();
    schema::check(kind, root, &issues, found);
    rules::invalid_name::check(Some(kind), root, found);
    if !object.name().is_empty() {
        for finding in &mut found[start..] {
            finding.resource = Some(object.id());
        }
    }
    if object.name().is_empty() {
        found.push(rules::missing_name::check(&object));
        return None;
    }
    Some(object)
}

#[cfg(test)]
mod tests {
    use meshc_source::SourceSet;
    use meshc_syntax::Limits;

    use super::read;

    fn codes(text: &str) -> Vec<String> {
        let outcome = read(&SourceSet::of("mesh.yaml", text), &Limits::default());
        outcome.diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect()
    }

    #[test]
    fn lists_are_read_item_by_item_and_foreign_kinds_are_counted() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: a}\n\
                    - apiVersion: v1\n  kind: PersistentVolume\n  metadata: {name: b}\n---\nfoo: bar\n";
        let outcome = read(&SourceSet::of("mesh.yaml", text), &Limits::default());
        assert_eq!(outcome.resources.namespaces.len(), 1);
        assert_eq!(outcome.resources.foreign.get("v1 PersistentVolume"), Some(&1));
        assert_eq!(outcome.resources.foreign.get("other YAML"), Some(&1));
        assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
    }

    #[test]
    fn what_is_not_implemented_is_refused_by_name() {
        let text = "apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {name: a}\nspec:\n  \
                    environmentVariables: {ISTIO_META_GENERATOR: grpc}\n";
        let found = codes(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0]
                .contains("`spec.environmentVariables.ISTIO_META_GENERATOR: grpc` is not implemented yet"),
            "{found:?}"
        );
    }

    #[test]
    fn the_settings_of_the_mesh_are_read_where_they_stand() {
        let config_map = |name: &str, data: &str| {
            codes(&format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: istio-system}}\ndata: {data}\n"
            ))
        };
        assert!(config_map("istio", "{mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}'}").is_empty());
        assert!(
            config_map("istio", "{mesh: 'outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}'}").is_empty()
        );
        let with_tls = "{mesh: 'outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS, tls: {mode: SIMPLE}}'}";
        assert!(config_map("istio", with_tls).is_empty());
        let by_secret = "{mesh: 'outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS, tls: {mode: SIMPLE, credentialName: a}}'}";
        let found = config_map("istio", by_secret);
        assert!(found.len() == 1 && found[0].contains("no sidecar gets the Secret"), "{found:?}");
        let found = config_map("istio", "{mesh: '{outbound_traffic_policy: {mode: 7}, trustDomain: a_b}'}");
        assert!(found.iter().any(|f| f.contains("cannot be `7`")), "{found:?}");
        assert!(found.iter().any(|f| f.contains("`a_b` is no part of a trust domain")), "{found:?}");
        assert!(config_map("istio", "{mesh: '', meshNetworks: 'networks: {}'}").is_empty());
        assert!(config_map("istio-ca-root-cert", "{root-cert.pem: x}").is_empty());
        assert!(config_map("mine", "{mesh: x}").is_empty());
    }

    #[test]
    fn what_is_enrolled_in_ambient_mode_is_refused_once() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {istio.io/dataplane-mode: ambient, \
                    istio.io/use-waypoint: w}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b, labels: \
                    {istio.io/dataplane-mode: none}}\n";
        let found = codes(text);
        assert!(found.len() == 1 && found[0].starts_with("MC0490"), "{found:?}");
    }

    #[test]
    fn routes_may_ask_for_claims_of_tokens() {
        let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a]\n  \
                    gateways: [edge]\n  http:\n  - match:\n    - headers: {'@request.auth.claims.group': {exact: admin}}\n    \
                    route:\n    - destination: {host: a}\n";
        let found = codes(text);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn routes_are_checked_field_by_field() {
        let text = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a}\nspec:\n  hosts: [a]\n  \
                    http:\n  - match:\n    - uri: {exact: /a, prefix: /b}\n    - uri: {regex: '(?!x)'}\n    \
                    route:\n    - destination: {host: a}\n    - destination: {subset: v1}\n  - name: nothing\n";
        let found = codes(text);
        let starts: Vec<&str> = found.iter().map(|f| &f[..6]).collect();
        assert_eq!(starts, ["MC0113", "MC0207", "MC0208", "MC0209", "MC0211"], "{found:?}");
    }
}
