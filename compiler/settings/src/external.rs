//! What lives elsewhere: in other repositories, in Helm releases, in the platform.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::pattern::{matches, matches_key};

/// What lives elsewhere. Each entry is a name; `*` stands for any characters. Nothing that is named here is reported
/// as missing, and nothing is claimed of its ports, subsets or labels.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct External {
    /// Hosts: `payments.prod` (a Kubernetes service), `*.prod`, `api.example.com`.
    pub services: Vec<Spanned<String>>,
    /// Gateways: `istio-system/public`, or a name in any namespace.
    pub gateways: Vec<Spanned<String>>,
    /// Namespaces: everything in them counts as present.
    pub namespaces: Vec<Spanned<String>>,
    /// Service accounts: `shop/reviews`, or a name in any namespace.
    pub service_accounts: Vec<Spanned<String>>,
    /// Secrets and ConfigMaps with certificates: `istio-system/shop-cert`, or a name in any namespace.
    pub secrets: Vec<Spanned<String>>,
    /// Workloads, by their namespace and labels.
    pub workloads: Vec<Spanned<WorkloadPattern>>,
    /// Keys that tokens are verified with, by the `jwksUri` of a RequestAuthentication or by its issuer: a file with a
    /// JSON Web Key Set, or the set itself. istiod fetches them; meshc asks nobody.
    pub keys: IndexMap<Spanned<String>, Spanned<String>>,
    /// A file of objects as `kubectl get … -o yaml` writes it: they belong to the mesh, and nothing is reported of
    /// them. What the tree declares itself wins.
    pub snapshot: Option<Spanned<String>>,
}

/// Workloads that live elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct WorkloadPattern {
    /// Their namespace [default: any].
    pub namespace: Option<Spanned<String>>,
    /// Labels that they have, with others.
    pub labels: IndexMap<Spanned<String>, Spanned<String>>,
}

// === impl External ===

impl External {
    /// The JSON Web Key Set of a place, else of an issuer.
    pub fn keys_of(&self, place: Option<&str>, issuer: &str) -> Option<&str> {
        let of = |name: &str| self.keys.iter().find(|(key, _)| key.value == name);
        let found = place.and_then(of).or_else(|| of(issuer));
        found.map(|(_, keys)| keys.value.as_str())
    }

    /// Whether a host, as a full name, is declared elsewhere.
    pub fn has_service(&self, host: &str) -> bool {
        let short = host.strip_suffix(".svc.cluster.local");
        let of_namespace = short.and_then(|short| short.rsplit_once('.')).map(|(_, namespace)| namespace);
        self.services
            .iter()
            .any(|pattern| matches(pattern, host) || short.is_some_and(|short| matches(pattern, short)))
            || of_namespace.is_some_and(|namespace| self.has_namespace(namespace))
    }

    /// Whether a namespace lives elsewhere.
    pub fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|pattern| matches(pattern, namespace))
    }

    /// Whether a Gateway is declared elsewhere.
    pub fn has_gateway(&self, namespace: &str, name: &str) -> bool {
        self.has(&self.gateways, namespace, name)
    }

    /// Whether a service account is declared elsewhere.
    pub fn has_service_account(&self, namespace: &str, name: &str) -> bool {
        self.has(&self.service_accounts, namespace, name)
    }

    /// Whether a Secret or a ConfigMap with certificates is kept elsewhere.
    pub fn has_secret(&self, namespace: &str, name: &str) -> bool {
        self.has(&self.secrets, namespace, name)
    }

    /// Whether a workload that has these labels may live elsewhere: one whose known labels do not contradict them.
    pub fn has_workload(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        self.has_namespace(namespace)
            || self.workloads.iter().any(|pattern| {
                pattern.namespace.as_ref().is_none_or(|of| matches(of, namespace))
                    && pattern
                        .labels
                        .iter()
                        .all(|(key, value)| labels.get(&key.value).is_none_or(|l| matches(value, l)))
            })
    }

    fn has(&self, patterns: &[Spanned<String>], namespace: &str, name: &str) -> bool {
        self.has_namespace(namespace) || patterns.iter().any(|pattern| matches_key(pattern, namespace, name))
    }
}

impl WorkloadPattern {
    /// Whether a selector selects them.
    pub fn selected_by(&self, selector: &BTreeMap<String, String>) -> bool {
        selector.iter().all(|(key, value)| self.labels.get(key.as_str()).is_some_and(|l| l.value == *value))
    }
}

/// What to do about a finding that rests on something being absent from the tree. `list` is the list of `external:`
/// that it would stand in.
pub fn ways_out(list: &str) -> String {
    format!(
        "if it lives elsewhere, list it in `external.{list}` of meshc.yaml, keep a snapshot of the cluster, or record a \
         baseline (`--baseline FILE`)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<Spanned<String>> {
        list.iter().map(|name| Spanned::new((*name).to_owned())).collect()
    }

    #[test]
    fn services_are_hosts_short_or_full() {
        let external = External {
            services: names(&["payments.prod", "*.edge", "*.example.com"]),
            namespaces: names(&["team-*"]),
            ..External::default()
        };
        for (host, expected) in [
            ("payments.prod.svc.cluster.local", true),
            ("payments.prod", true),
            ("payment.prod.svc.cluster.local", false),
            ("a.edge.svc.cluster.local", true),
            ("api.example.com", true),
            ("x.team-a.svc.cluster.local", true),
            ("x.other.svc.cluster.local", false),
        ] {
            assert_eq!(external.has_service(host), expected, "{host}");
        }
        assert!(external.has_gateway("team-b", "any"));
    }

    #[test]
    fn a_workload_is_elsewhere_unless_its_labels_say_otherwise() {
        let labels = |list: &[(&str, &str)]| -> BTreeMap<String, String> {
            list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let pattern = WorkloadPattern {
            namespace: Some(Spanned::new("shop".to_owned())),
            labels: [(Spanned::new("app".to_owned()), Spanned::new("reviews".to_owned()))]
                .into_iter()
                .collect(),
        };
        let external = External { workloads: vec![Spanned::new(pattern)], ..External::default() };
        assert!(external.has_workload("shop", &labels(&[("app", "reviews"), ("version", "v2")])));
        assert!(!external.has_workload("shop", &labels(&[("app", "ratings")])));
        assert!(!external.has_workload("other", &labels(&[("app", "reviews")])));
    }
}
