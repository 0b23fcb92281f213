//! Meshes made by chance: services, Istio's API with every field that decides about requests, some of the Gateway API, and
//! requests that come near their conditions. The same seed gives the same mesh.

mod gateway_api;
mod gateways;
mod http;
mod policies;
mod requests;
mod services;
mod traffic;

use std::fmt::Write;

use serde_json::{Value, json};

use crate::random::Random;

/// What a mesh is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Everything that a proxy's configuration can hold.
    Everything,
    /// What decides about requests alone: no identities, no tokens, no TLS at gateways.
    Requests,
}

/// A service that is made.
#[derive(Debug, Clone)]
struct Service {
    name: &'static str,
    namespace: &'static str,
    host: String,
    /// Numbers and protocols.
    ports: Vec<(u16, &'static str)>,
    /// Of a ServiceEntry.
    external: bool,
}

impl Service {
    fn http_port(&self) -> Option<u16> {
        self.ports.iter().find(|(_, protocol)| matches!(*protocol, "http" | "grpc")).map(|(port, _)| *port)
    }
}

/// Everything that is known while a mesh is made.
struct Maker {
    random: Random,
    style: Style,
    services: Vec<Service>,
    documents: Vec<Value>,
}

const NAMESPACES: [&str; 3] = ["shop", "pay", "edge"];
const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];

/// The mesh of a seed, as YAML.
pub fn mesh(seed: u64, style: Style) -> String {
    let documents = Maker::make(seed, style).documents;
    let mut text = String::new();
    for document in documents {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "---\n{document}");
    }
    text
}

/// Lines of trace's input for the mesh of a seed.
pub fn requests(seed: u64, style: Style, count: usize) -> Vec<Value> {
    let mut maker = Maker::make(seed, style);
    (0..count).map(|_| maker.request()).collect()
}

impl Maker {
    fn make(seed: u64, style: Style) -> Self {
        let random = Random::new(seed);
        let mut maker = Self { random, style, services: Vec::new(), documents: Vec::new() };
        for namespace in NAMESPACES {
            maker.add("v1", "Namespace", namespace, None, json!({}));
        }
        maker.make_services();
        maker.make_gateways();
        maker.make_routes();
        maker.make_rules();
        maker.make_sidecars();
        maker.make_gateway_api();
        if style == Style::Everything {
            maker.make_policies();
        }
        maker
    }

    /// A document; `rest` is what stands beside its metadata.
    fn add(&mut self, version: &str, kind: &str, name: &str, namespace: Option<&str>, rest: Value) {
        let mut document = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
        if let Some(namespace) = namespace {
            document["metadata"]["namespace"] = namespace.into();
        }
        if let (Some(document), Value::Object(rest)) = (document.as_object_mut(), rest) {
            document.extend(rest);
        }
        self.documents.push(document);
    }

    fn istio(&mut self, kind: &str, name: &str, namespace: &str, spec: Value) {
        let group = match kind {
            "AuthorizationPolicy" | "PeerAuthentication" | "RequestAuthentication" => "security",
            "Telemetry" => "telemetry",
            _ => "networking",
        };
        let version = if kind == "EnvoyFilter" { "v1alpha3" } else { "v1" };
        self.add(
            &format!("{group}.istio.io/{version}"),
            kind,
            name,
            Some(namespace),
            json!({ "spec": spec }),
        );
    }

    /// A service of the cluster.
    fn own(&mut self) -> Service {
        let own: Vec<Service> = self.services.iter().filter(|service| !service.external).cloned().collect();
        self.random.pick(&own)
    }

    /// How a document of a namespace calls a service.
    fn called(&mut self, service: &Service, from: &str) -> String {
        if !service.external && service.namespace == from && self.random.chance(60) {
            service.name.to_owned()
        } else {
            service.host.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Style, mesh, requests};

    #[test]
    fn a_seed_gives_one_mesh() {
        assert_eq!(mesh(7, Style::Everything), mesh(7, Style::Everything));
        assert_ne!(mesh(7, Style::Everything), mesh(8, Style::Everything));
        assert_eq!(requests(7, Style::Requests, 3), requests(7, Style::Requests, 3));
    }
}
