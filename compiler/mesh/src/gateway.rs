//! Gateways and namespaces.

use std::collections::BTreeMap;

use meshc_resources::istio::Server;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::meta::selects;
use crate::{Meta, Service};

/// A Gateway resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Gateway {
    /// The resource.
    pub meta: Meta,
    /// Labels of its pods; empty means every gateway pod.
    pub selector: BTreeMap<String, String>,
    /// Where the selector is written, else the resource's name.
    pub selector_span: Span,
    /// In the order of the resource.
    pub servers: Vec<Spanned<Server>>,
    /// Whose pods it is for, in place of a selector: a listener of the Gateway API.
    pub bound: Option<Bound>,
}

/// The Services whose pods are a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Their hosts.
    pub hosts: Vec<String>,
    /// Their namespace.
    pub namespace: String,
    /// The identity of the pods that Istio deploys; empty where they are somebody else's.
    pub service_account: String,
}

impl Gateway {
    /// Whether it selects pods with these labels.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        self.bound.is_none() && selects(&self.selector, labels)
    }

    /// Whether it is for the pods of a service.
    pub fn is_bound_to(&self, service: &Service) -> bool {
        self.bound.as_ref().is_some_and(|bound| {
            bound.namespace == service.namespace() && bound.hosts.contains(&service.hostname)
        })
    }
}

/// A namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Labels, where it is declared.
    pub labels: BTreeMap<String, String>,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// Namespaces in which Istio's injector does nothing.
const SYSTEM_NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

impl Namespace {
    /// Whether pods of the namespace called `name` get sidecars, unless they opt out themselves.
    pub fn injects(&self, name: &str) -> bool {
        !SYSTEM_NAMESPACES.contains(&name)
            && self.labels.get("istio-injection").map(String::as_str) != Some("disabled")
    }
}
