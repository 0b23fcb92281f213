//! The schemas of our kinds, made from their types, and what documents do against them.

use std::sync::OnceLock;

use meshc_diagnostics::Diagnostic;
use meshc_schema::{Nulls, Schema};
use meshc_syntax::Node;
use meshc_syntax::de::Issue;
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::{Ignored, Kind, gateway_api, istio, kubernetes, meshc, rules};

/// The structural schema of a kind, as its CustomResourceDefinition would hold it.
pub fn structural(kind: Kind) -> Value {
    match kind {
        Kind::AuthorizationPolicy => custom::<istio::AuthorizationPolicy>(kind),
        Kind::DestinationRule => custom::<istio::DestinationRule>(kind),
        Kind::EnvoyFilter => custom::<istio::EnvoyFilter>(kind),
        Kind::Gateway => custom::<istio::Gateway>(kind),
        Kind::PeerAuthentication => custom::<istio::PeerAuthentication>(kind),
        Kind::ProxyConfig => custom::<istio::ProxyConfig>(kind),
        Kind::RequestAuthentication => custom::<istio::RequestAuthentication>(kind),
        Kind::ServiceEntry => custom::<istio::ServiceEntry>(kind),
        Kind::Sidecar => custom::<istio::Sidecar>(kind),
        Kind::Telemetry => custom::<istio::Telemetry>(kind),
        Kind::TrafficExtension => custom::<istio::TrafficExtension>(kind),
        Kind::VirtualService => custom::<istio::VirtualService>(kind),
        Kind::WasmPlugin => custom::<istio::WasmPlugin>(kind),
        Kind::WorkloadEntry => custom::<istio::WorkloadEntry>(kind),
        Kind::WorkloadGroup => custom::<istio::WorkloadGroup>(kind),
        Kind::GatewayClass => custom::<gateway_api::GatewayClass>(kind),
        Kind::KubernetesGateway => custom::<gateway_api::Gateway>(kind),
        Kind::HttpRoute => custom::<gateway_api::HttpRoute>(kind),
        Kind::GrpcRoute => custom::<gateway_api::GrpcRoute>(kind),
        Kind::TlsRoute => custom::<gateway_api::TlsRoute>(kind),
        Kind::TcpRoute => custom::<gateway_api::TcpRoute>(kind),
        Kind::UdpRoute => custom::<gateway_api::UdpRoute>(kind),
        Kind::ReferenceGrant => custom::<gateway_api::ReferenceGrant>(kind),
        Kind::BackendTlsPolicy => custom::<gateway_api::BackendTlsPolicy>(kind),
        Kind::ListenerSet => custom::<gateway_api::ListenerSet>(kind),
        Kind::XBackend => custom::<gateway_api::XBackend>(kind),
        Kind::XBackendTrafficPolicy => custom::<gateway_api::XBackendTrafficPolicy>(kind),
        Kind::XMesh => custom::<gateway_api::XMesh>(kind),
        Kind::ConfigMap => meshc_schema::structural::<kubernetes::ConfigMap>(),
        Kind::CronJob => custom::<kubernetes::CronJobSpec>(kind),
        Kind::CustomResourceDefinition => custom::<kubernetes::CustomResourceDefinition>(kind),
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet => {
            custom::<kubernetes::WorkloadSpec>(kind)
        }
        Kind::EndpointSlice => meshc_schema::structural::<kubernetes::EndpointSlice>(),
        Kind::Endpoints => meshc_schema::structural::<kubernetes::Endpoints>(),
        Kind::Ingress => custom::<kubernetes::Ingress>(kind),
        Kind::IngressClass => custom::<kubernetes::IngressClass>(kind),
        Kind::Job => custom::<kubernetes::JobSpec>(kind),
        Kind::MutatingWebhookConfiguration => {
            meshc_schema::structural::<kubernetes::MutatingWebhookConfiguration>()
        }
        Kind::ValidatingWebhookConfiguration => {
            meshc_schema::structural::<kubernetes::ValidatingWebhookConfiguration>()
        }
        Kind::ValidatingAdmissionPolicy => custom::<kubernetes::ValidatingAdmissionPolicy>(kind),
        Kind::ValidatingAdmissionPolicyBinding => {
            custom::<kubernetes::ValidatingAdmissionPolicyBinding>(kind)
        }
        Kind::Pod => custom::<kubernetes::PodSpec>(kind),
        Kind::Secret => meshc_schema::structural::<kubernetes::Secret>(),
        Kind::Service => custom::<kubernetes::ServiceSpec>(kind),
        Kind::ServiceAccount => meshc_schema::structural::<kubernetes::ServiceAccount>(),
        Kind::Namespace | Kind::Node => custom::<Ignored>(kind),
        Kind::RouteTest => custom::<meshc::RouteTest>(kind),
        Kind::Invariant => custom::<meshc::Invariant>(kind),
    }
}

/// The schema of a kind whose `spec` a type describes.
fn custom<T: JsonSchema>(kind: Kind) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": {
            "spec": meshc_schema::structural::<T>(),
            "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
        },
    });
    if !SPEC_MAY_BE_ABSENT.contains(&kind) {
        schema["required"] = json!(["spec"]);
    }
    schema
}

/// The kinds whose definition lets an object have no `spec`.
const SPEC_MAY_BE_ABSENT: &[Kind] = &[
    Kind::AuthorizationPolicy,
    Kind::DestinationRule,
    Kind::EnvoyFilter,
    Kind::Gateway,
    Kind::IngressClass,
    Kind::Namespace,
    Kind::Node,
    Kind::PeerAuthentication,
    Kind::ProxyConfig,
    Kind::RequestAuthentication,
    Kind::Sidecar,
    Kind::Telemetry,
    Kind::VirtualService,
];

/// The JSON Schema of a kind for editors, of draft 2020-12.
pub fn published(kind: Kind) -> Value {
    let mut schema = meshc_schema::publish(&structural(kind));
    let (group, versions) = kind.group();
    let versions: Vec<String> = versions
        .iter()
        .map(|version| if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") })
        .collect();
    let name = json!({ "type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253 });
    let words = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    schema["properties"]["apiVersion"] = json!({ "enum": versions });
    schema["properties"]["kind"] = json!({ "const": kind.as_str() });
    schema["properties"]["metadata"] = json!({
        "type": "object",
        "properties": { "name": name, "namespace": name, "labels": words, "annotations": words },
    });
    let mut required = json!(["apiVersion", "kind", "metadata"]);
    if let (Some(all), Some(own)) = (required.as_array_mut(), schema["required"].as_array()) {
        all.extend(own.iter().cloned());
    }
    schema["required"] = required;
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(kind.as_str());
    schema
}

/// Where the JSON Schema of a kind lies in the folder of all: `networking.istio.io/Gateway.json`.
pub fn file_name(kind: Kind) -> String {
    let (group, _) = kind.group();
    format!("{}/{kind}.json", if group.is_empty() { "core" } else { group })
}

/// The JSON Schema that chooses the one of a document's kind. Other kinds it leaves alone.
pub fn combined() -> Value {
    let choices: Vec<Value> = Kind::all()
        .map(|kind| {
            let versions = published(kind)["properties"]["apiVersion"].clone();
            json!({
                "if": {
                    "properties": { "apiVersion": versions, "kind": { "const": kind.as_str() } },
                    "required": ["apiVersion", "kind"],
                },
                "then": { "$ref": file_name(kind) },
            })
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Istio, Gateway API and Kubernetes, as far as a mesh reads them",
        "type": "object",
        "allOf": choices,
    })
}

/// The compiled schema of a kind, made when the first object of the kind is read.
fn compiled(kind: Kind) -> &'static Schema {
    static SCHEMAS: [OnceLock<Schema>; Kind::COUNT] = [const { OnceLock::new() }; Kind::COUNT];
    SCHEMAS[kind as usize].get_or_init(|| Schema::compile(&structural(kind)))
}

/// What a document of one of our kinds does against its schema, apart from what the typed reader has found.
pub(crate) fn check(kind: Kind, root: &Node, issues: &[Issue], found: &mut Vec<Diagnostic>) {
    let schema = compiled(kind);
    // What Istio's definitions make of null was recorded: a wrong type.
    let nulls = if kind.is_istio() { Nulls::Refused } else { Nulls::Absent };
    for violation in schema.validate(root, nulls) {
        if !issues.iter().any(|issue| issue.span() == violation.span) {
            let finding = rules::violation(&violation, kind.as_str());
            let of_webhook = kind.is_istio() && rules::originals::webhook_asks(kind, &violation);
            found.push(if of_webhook { finding.alias("IST0106") } else { finding });
        }
    }
}

/// Takes out what a rule of its own says better about the same place.
pub(crate) fn prefer_own_rules(found: &mut Vec<Diagnostic>, start: usize) {
    let is_schema = |finding: &Diagnostic| rules::is_schema(finding);
    let own: Vec<_> = found[start..].iter().filter(|f| !is_schema(f)).map(|f| (f.span, f.severity)).collect();
    let mut index = 0;
    found.retain(|finding| {
        index += 1;
        index <= start || !is_schema(finding) || !own.contains(&(finding.span, finding.severity))
    });
}
