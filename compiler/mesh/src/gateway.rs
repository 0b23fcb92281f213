//! Gateways and namespaces.

use std::collections::BTreeMap;

use meshc_resources::istio::Server;
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::Meta;
use crate::meta::selects;

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
}

impl Gateway {
    /// Whether it selects pods with these labels.
    pub fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        selects(&self.selector, labels)
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
