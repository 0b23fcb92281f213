//! AuthorizationPolicies of a workload as filters (Istio's authorization builder).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_mesh::Policy;
use meshc_resources::istio::{AuthorizationAction, AuthorizationPolicy};

use super::conditions::Place;
use super::providers::Providers;
use super::rule::Rule;
use crate::model::{
    ExternalService, Origin, Permission, Principal, Rbac, RbacAction, RbacPolicy, RuleSet, SecurityFilter,
};

/// A policy with this annotation, true, only counts.
const DRY_RUN: &str = "istio.io/dry-run";

/// Before the names of rules whose match makes a provider be asked.
pub(crate) const EXTERNAL_PREFIX: &str = "istio-ext-authz";

/// Under which an RBAC filter leaves what it found for the filter that asks a provider.
const EXTERNAL_SHADOW: &str = "istio_ext_authz_";

/// Behind the names of rules that refuse since their provider is none.
const BAD_PROVIDER: &str = "-deny-due-to-bad-CUSTOM-action";

/// One kind of policies on one kind of chain.
pub(super) struct Builder<'a> {
    pub(super) policies: &'a [&'a Arc<Policy<AuthorizationPolicy>>],
    pub(super) trust_domains: &'a [String],
    pub(super) providers: &'a Providers,
    pub(super) tcp: bool,
}

/// Rules that hold, and rules that only count.
struct Sets {
    enforced: RuleSet,
    shadow: RuleSet,
}

impl Builder<'_> {
    /// The filters of AUDIT, DENY and ALLOW, in the order in which they see a request.
    pub(super) fn local(&self) -> Vec<SecurityFilter> {
        let kinds = [
            (AuthorizationAction::Audit, RbacAction::Log),
            (AuthorizationAction::Deny, RbacAction::Deny),
            (AuthorizationAction::Allow, RbacAction::Allow),
        ];
        let filter = |(written, action)| {
            let policies: Vec<_> = self.with(written).collect();
            if policies.is_empty() {
                return None;
            }
            let sets = self.sets(&policies, action, None);
            let (enforced, shadow) = (sets.enforced, sets.shadow);
            let shadow = (!shadow.origins.is_empty()).then_some(shadow);
            // Istio names the shadow by its action, which is ALLOW where there is none.
            let shadow_prefix = match shadow.as_ref().map_or(RbacAction::Allow, |set| set.action) {
                RbacAction::Allow => "istio_dry_run_allow_",
                RbacAction::Deny => "istio_dry_run_deny_",
                RbacAction::Log => "",
            };
            Some(SecurityFilter::Rbac(Arc::new(Rbac {
                enforced: (!enforced.origins.is_empty()).then_some(enforced),
                shadow,
                shadow_prefix: shadow_prefix.to_owned(),
            })))
        };
        kinds.into_iter().filter_map(filter).collect()
    }

    /// The filters of CUSTOM: one that marks and one that asks, for the provider; where the provider is none, or
    /// there are several, what would be asked about is refused.
    pub(super) fn custom(&self) -> Vec<SecurityFilter> {
        let mut by_provider: BTreeMap<String, Vec<&Arc<Policy<AuthorizationPolicy>>>> = BTreeMap::new();
        for policy in self.with(AuthorizationAction::Custom) {
            let name = policy.spec.provider.as_ref().and_then(|provider| provider.name.as_ref());
            by_provider
                .entry(name.map(|name| name.value.clone()).unwrap_or_default())
                .or_default()
                .push(policy);
        }
        let several = by_provider.len() > 1;
        let mut filters = Vec::new();
        for (name, policies) in &by_provider {
            let sets = self.sets(policies, RbacAction::Deny, Some(name));
            let provider = self.providers.get(name).filter(|_| !several);
            let Some(provider) = provider else {
                filters.push(SecurityFilter::Rbac(Arc::new(refusing(sets.enforced))));
                continue;
            };
            // A provider over HTTP cannot be asked about connections.
            if self.tcp && provider.service != ExternalService::Grpc {
                continue;
            }
            filters.push(SecurityFilter::Rbac(Arc::new(Rbac {
                enforced: (!sets.shadow.policies.is_empty()).then_some(sets.shadow),
                shadow: Some(sets.enforced),
                shadow_prefix: EXTERNAL_SHADOW.to_owned(),
            })));
            filters.push(SecurityFilter::External(Arc::clone(provider)));
        }
        filters
    }

    fn with(&self, action: AuthorizationAction) -> impl Iterator<Item = &Arc<Policy<AuthorizationPolicy>>> {
        let of = |policy: &Policy<AuthorizationPolicy>| {
            policy.spec.action.as_ref().map(|action| action.value).unwrap_or_default()
        };
        self.policies.iter().copied().filter(move |policy| of(policy) == action)
    }

    fn sets(
        &self,
        policies: &[&Arc<Policy<AuthorizationPolicy>>],
        action: RbacAction,
        provider: Option<&str>,
    ) -> Sets {
        let empty = || RuleSet { action, policies: BTreeMap::new(), origins: Vec::new() };
        let mut sets = Sets { enforced: empty(), shadow: empty() };
        for policy in policies {
            let set = if is_dry_run(policy) { &mut sets.shadow } else { &mut sets.enforced };
            let spec = &policy.spec;
            let said = spec.action.as_ref().map_or(policy.meta.span, |action| action.span);
            set.origins.push(Origin::new(said, format!("{}: {}", policy.meta, describe(policy))));
            for (index, rule) in spec.rules.iter().enumerate() {
                let Ok(read) = Rule::new(rule, self.trust_domains) else { continue };
                let place = Place { namespace: &policy.meta.namespace, tcp: self.tcp };
                let Ok(made) = read.generate(place, action) else { continue };
                let text = format!("{}: rules[{index}] of {}", policy.meta, describe(policy));
                let made = RbacPolicy {
                    permissions: made.permissions,
                    principals: made.principals,
                    origins: vec![Origin::new(rule.span, text)],
                };
                set.policies.insert(rule_name(policy, index, provider), made);
            }
            if spec.rules.is_empty() {
                let text = format!("{}: without rules it never matches", policy.meta);
                let never = RbacPolicy {
                    permissions: vec![Permission::Not(Box::new(Permission::Any))],
                    principals: vec![Principal::Not(Box::new(Principal::Any))],
                    origins: vec![Origin::new(policy.meta.span, text)],
                };
                set.policies.insert(rule_name(policy, 0, provider), never);
            }
        }
        sets
    }
}

/// What the action does, in words.
fn describe(policy: &Policy<AuthorizationPolicy>) -> &'static str {
    match (policy.spec.action.as_ref().map(|action| action.value).unwrap_or_default(), is_dry_run(policy)) {
        (AuthorizationAction::Allow, false) => "ALLOW",
        (AuthorizationAction::Deny, false) => "DENY",
        (AuthorizationAction::Audit, _) => "AUDIT",
        (AuthorizationAction::Custom, _) => "CUSTOM",
        (AuthorizationAction::Allow, true) => "ALLOW (dry run)",
        (AuthorizationAction::Deny, true) => "DENY (dry run)",
    }
}

/// What would be asked about is refused.
fn refusing(mut rules: RuleSet) -> Rbac {
    rules.policies =
        rules.policies.into_iter().map(|(name, policy)| (format!("{name}{BAD_PROVIDER}"), policy)).collect();
    Rbac { enforced: Some(rules), shadow: None, shadow_prefix: String::new() }
}

fn is_dry_run(policy: &Policy<AuthorizationPolicy>) -> bool {
    let value = policy.annotations.get(DRY_RUN).map(String::as_str);
    matches!(value, Some("1" | "t" | "T" | "TRUE" | "true" | "True"))
}

fn rule_name(policy: &Policy<AuthorizationPolicy>, index: usize, provider: Option<&str>) -> String {
    let prefix = match provider {
        None => String::new(),
        Some("") => format!("{EXTERNAL_PREFIX}-"),
        Some(provider) => format!("{EXTERNAL_PREFIX}-{provider}-"),
    };
    format!("{prefix}ns[{}]-policy[{}]-rule[{index}]", policy.meta.namespace, policy.meta.name)
}
