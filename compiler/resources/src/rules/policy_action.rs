//! An AuthorizationPolicy whose action and the rest do not fit.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::Object;
use crate::istio::{AuthorizationAction, AuthorizationPolicy};

declare_rule! {
    /// ## What it does
    /// Finds a DENY or CUSTOM policy without rules, a CUSTOM policy without a provider, and a provider beside another
    /// action.
    ///
    /// ## What happens to traffic
    /// Istio's webhook refuses the policy. Without the webhook a policy without rules never matches, so nothing is
    /// denied or asked for.
    ///
    /// ## Example
    /// ```yaml
    /// action: DENY
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// action: DENY
    /// rules:
    ///   - {}
    /// ```
    ///
    /// ## Covers
    /// IST0106 (what Istio's webhook refuses).
    pub POLICY_ACTION = "MC0402", "policy-action", Error, Document,
    "An action without what it needs",
    ["IST0106"]
}

/// The action has its rules and provider, and no other's.
pub(crate) fn check(object: &Object<AuthorizationPolicy>, found: &mut Vec<Diagnostic>) {
    let spec = &object.spec;
    let action = spec.action.as_ref().map_or(AuthorizationAction::Allow, |action| action.value);
    let place = spec.action.as_ref().map_or_else(|| object.name_span(), |action| action.span);
    let name = match action {
        AuthorizationAction::Allow => "ALLOW",
        AuthorizationAction::Deny => "DENY",
        AuthorizationAction::Audit => "AUDIT",
        AuthorizationAction::Custom => "CUSTOM",
    };
    let meaningless = matches!(action, AuthorizationAction::Deny | AuthorizationAction::Custom);
    if meaningless && spec.rules.is_empty() {
        let message = format!("a {name} policy without `rules` never matches: Istio refuses it");
        found.push(
            object
                .finding(&POLICY_ACTION, place, message)
                .help("add `rules: [{}]` if every request is meant"),
        );
    }
    let provider = spec.provider.as_ref();
    let named = provider.and_then(|p| p.name.as_ref()).is_some_and(|name| !name.is_empty());
    if action == AuthorizationAction::Custom && !spec.rules.is_empty() && !named {
        let place = provider.map_or(place, |provider| provider.span);
        let message = "a CUSTOM policy needs `provider.name`: Istio refuses it";
        found.push(
            object
                .finding(&POLICY_ACTION, place, message)
                .help("name one of MeshConfig's `extensionProviders`"),
        );
    }
    if let Some(provider) = provider.filter(|_| action != AuthorizationAction::Custom) {
        let message = format!("`provider` is for CUSTOM policies, this one is {name}: Istio refuses it");
        found.push(
            object
                .finding(&POLICY_ACTION, provider.span, message)
                .help("use `action: CUSTOM`, or leave `provider` out"),
        );
    }
}
