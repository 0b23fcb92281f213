//! DestinationRules: those of one host merged, and the one that a caller follows found, as Istio does
//! (`destination_rule.go` and `push_context.go` of `pilot/pkg/model`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_resources::istio::{Subset, TrafficPolicy};
use meshc_resources::{Object, istio};
use meshc_syntax::de::Spanned;

use crate::hostname::{is_wildcard, most_specific, qualify};
use crate::meta::{plain, selects};
use crate::{ExportTo, MeshConfig, Meta, Service, View};

/// The namespace whose resources hold for everyone, unless the mesh has another `rootNamespace`.
pub const ROOT_NAMESPACE: &str = "istio-system";

/// The DestinationRules of one host, of one namespace and with one `exportTo`, merged.
#[derive(Debug, Clone, PartialEq)]
pub struct DestinationRule {
    /// The oldest of them.
    pub meta: Meta,
    /// In full; may be a wildcard.
    pub host: Spanned<String>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// Labels of the callers that follow it; all where it selects none.
    pub selector: Option<BTreeMap<String, String>>,
    /// The first policy that one of them has.
    pub traffic_policy: Option<Spanned<TrafficPolicy>>,
    /// The subsets of all of them, the first of each name.
    pub subsets: Vec<Spanned<Subset>>,
    /// All of them, oldest first.
    pub from: Vec<Meta>,
    /// Subsets that an older rule had already: the dropped one, and the one that holds.
    pub duplicates: Vec<(Meta, Spanned<Subset>, Spanned<Subset>)>,
}

type ByHost = BTreeMap<String, Vec<Arc<DestinationRule>>>;

/// All DestinationRules of the mesh, by who declares them and who sees them.
#[derive(Debug, Clone, Default)]
pub struct DestinationRules {
    /// By namespace: what its own proxies follow.
    own: BTreeMap<String, ByHost>,
    /// By namespace: what proxies of other namespaces may follow.
    exported: BTreeMap<String, ByHost>,
    /// Private rules of the root namespace.
    root_private: ByHost,
    /// Namespaces that a rule of another namespace is exported to by name.
    named: BTreeSet<String>,
    /// The namespace whose rules hold for everyone.
    root: String,
}

// === impl DestinationRule ===

impl DestinationRule {
    /// The subset with this name.
    pub fn subset(&self, name: &str) -> Option<&Spanned<Subset>> {
        self.subsets.iter().find(|subset| subset.name.as_ref().is_some_and(|n| n.value == name))
    }

    fn new(object: &Object<istio::DestinationRule>) -> Self {
        let meta = Meta::new("DestinationRule", &object.metadata, object.span);
        let host = object.spec.host.clone().unwrap_or_default();
        let host = host.map(|host| qualify(&host, &meta.namespace));
        let selector = object.spec.workload_selector.as_ref().map(|selector| plain(&selector.match_labels));
        // One that selects callers is for its own namespace alone.
        let export_to = match selector {
            Some(_) => ExportTo::new(["."]),
            None => ExportTo::new(object.spec.export_to.iter().map(|entry| entry.value.clone())),
        };
        let mut rule = Self {
            from: vec![meta.clone()],
            meta,
            host,
            export_to,
            selector,
            traffic_policy: object.spec.traffic_policy.clone(),
            subsets: Vec::new(),
            duplicates: Vec::new(),
        };
        rule.add_subsets(&rule.meta.clone(), &object.spec.subsets);
        rule
    }

    fn merge(&mut self, newer: &Self) {
        self.from.extend_from_slice(&newer.from);
        if self.traffic_policy.is_none() {
            self.traffic_policy.clone_from(&newer.traffic_policy);
        }
        self.add_subsets(&newer.meta, &newer.subsets);
    }

    fn add_subsets(&mut self, of: &Meta, subsets: &[Spanned<Subset>]) {
        for subset in subsets {
            let name = subset.name.as_ref().map_or("", |name| name.value.as_str());
            match self.subset(name).cloned() {
                // Within one rule Istio keeps both: the API server's validation refuses the pair.
                Some(first) if of != &self.meta => self.duplicates.push((of.clone(), subset.clone(), first)),
                _ => self.subsets.push(subset.clone()),
            }
        }
    }
}

// === impl DestinationRules ===

impl DestinationRules {
    /// From all resources, in any order.
    pub fn new(objects: &[Object<istio::DestinationRule>], config: &MeshConfig) -> Self {
        let mut rules: Vec<_> = objects.iter().map(|object| Arc::new(DestinationRule::new(object))).collect();
        // Those that select callers come first.
        rules.sort_by(|a, b| {
            a.selector.is_none().cmp(&b.selector.is_none()).then_with(|| a.meta.by_age(&b.meta))
        });
        let root = config.root_namespace();
        let private = config.destination_rules_are_private();
        let mut all = Self { root: root.to_owned(), ..Self::default() };
        for rule in &rules {
            let namespace = rule.meta.namespace.as_str();
            if rule.export_to.allows(namespace, namespace) {
                add(all.own.entry(namespace.to_owned()).or_default(), rule);
            }
            if !(rule.export_to.is_private(namespace) || private && rule.export_to.is_unset()) {
                add(all.exported.entry(namespace.to_owned()).or_default(), rule);
            } else if namespace == root {
                add(&mut all.root_private, rule);
            }
        }
        all.share();
        let exported = all.exported.values().flat_map(BTreeMap::values).flatten();
        let exported = exported.filter(|rule| !rule.export_to.is_public());
        all.named =
            exported.flat_map(|rule| rule.export_to.named(&rule.meta.namespace)).map(str::to_owned).collect();
        all
    }

    /// Makes what a namespace exports and what it follows itself one rule in memory where they are equal, as
    /// most are: what is made from the one then serves for the other.
    fn share(&mut self) {
        for (namespace, exported) in &mut self.exported {
            let Some(own) = self.own.get(namespace) else { continue };
            for (host, rules) in exported {
                let own = own.get(host).map(Vec::as_slice).unwrap_or_default();
                for rule in rules.iter_mut().filter(|rule| !own.iter().any(|own| Arc::ptr_eq(own, rule))) {
                    if let Some(same) = own.iter().find(|own| *own == rule) {
                        *rule = Arc::clone(same);
                    }
                }
            }
        }
    }

    /// The rule that proxies of the namespace `caller` with these labels follow for a service: one of their own
    /// namespace, else of the service's, else of the root namespace; one that selects them before one for all.
    pub fn rule(
        &self,
        caller: &str,
        labels: &BTreeMap<String, String>,
        service: &Service,
    ) -> Option<&Arc<DestinationRule>> {
        let rules = self.rules(caller, service);
        let selecting = rules.iter().find(|rule| {
            rule.meta.namespace == caller && rule.selector.as_ref().is_some_and(|own| selects(own, labels))
        });
        // The last one for all callers holds.
        selecting.or_else(|| rules.iter().rev().find(|rule| rule.selector.is_none())).copied()
    }

    /// Whether callers of a namespace follow for some service of a view another rule than callers of a namespace that
    /// has none itself; where nobody can say at once, they do.
    pub fn are_own(&self, caller: &str, labels: &BTreeMap<String, String>, view: &View) -> bool {
        if self.named.contains(caller) {
            return true;
        }
        let own = if caller == self.root { Some(&self.root_private) } else { self.own.get(caller) };
        let nobody = BTreeMap::new();
        own.into_iter().flatten().any(|(host, _)| {
            is_wildcard(host)
                || view.service(host).is_some_and(|service| {
                    let place = |rule: Option<&Arc<DestinationRule>>| rule.map(Arc::as_ptr);
                    place(self.rule(caller, labels, service)) != place(self.rule("", &nobody, service))
                })
        })
    }

    /// The rule that inbound connections of a workload follow for its service: one for all callers.
    pub fn inbound(&self, owner: &str, service: &Service) -> Option<&Arc<DestinationRule>> {
        self.rules(owner, service).into_iter().rev().find(|rule| rule.selector.is_none())
    }

    /// The rules of the closest host that a namespace finds for a service: those that select callers, and one for all.
    pub fn rules(&self, caller: &str, service: &Service) -> Vec<&Arc<DestinationRule>> {
        let own = if caller == self.root { Some(&self.root_private) } else { self.own.get(caller) };
        if let Some((_, rules)) = own.and_then(|rules| most_specific(&service.hostname, rules)) {
            return rules.iter().collect();
        }
        let exported = [service.namespace(), self.root.as_str()].into_iter().find_map(|owner| {
            let (_, rules) = most_specific(&service.hostname, self.exported.get(owner)?)?;
            // By name or publicly: `.` says nothing about other namespaces here.
            let seen =
                |rule: &&Arc<DestinationRule>| rule.export_to.is_public() || rule.export_to.names(caller);
            let rules: Vec<_> = rules.iter().filter(seen).collect();
            (!rules.is_empty()).then_some(rules)
        });
        exported.unwrap_or_default()
    }

    /// The keys of labels that any rule selects its callers by.
    pub fn selector_keys(&self) -> impl Iterator<Item = &String> {
        self.iter().filter_map(|rule| rule.selector.as_ref()).flat_map(BTreeMap::keys)
    }

    /// Every merged rule, those that its own namespace follows and those that others do.
    pub fn all(&self) -> impl Iterator<Item = &Arc<DestinationRule>> {
        let exported = self.exported.values().flat_map(BTreeMap::values).flatten();
        self.iter().chain(exported)
    }

    /// Every merged rule that its own namespace follows, by namespace and host.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<DestinationRule>> {
        self.own.values().flat_map(BTreeMap::values).flatten()
    }
}

/// Merges a rule into those of its host that have the same `exportTo` or a narrower one and select the same callers;
/// where the last of them is another, it stands for itself too.
fn add(rules: &mut ByHost, rule: &Arc<DestinationRule>) {
    let of_host = rules.entry(rule.host.value.clone()).or_default();
    let mut apart = true;
    for existing in of_host.iter_mut() {
        let narrower = !existing.export_to.is_unset() && rule.export_to.includes(&existing.export_to);
        if existing.export_to == rule.export_to {
            apart = false;
        } else {
            apart = true;
            if !narrower {
                continue;
            }
        }
        match (&existing.selector, &rule.selector) {
            (Some(existing), Some(new)) if existing != new => {
                apart = true;
                continue;
            }
            (Some(_), Some(_)) | (None, None) => apart = false,
            // Istio adds one rule to another that selects callers, and keeps it for itself if that is not the same.
            (Some(_), None) | (None, Some(_)) => {}
        }
        Arc::make_mut(existing).merge(rule);
    }
    if apart {
        of_host.push(Arc::clone(rule));
    }
}
