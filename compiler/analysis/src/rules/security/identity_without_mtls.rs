//! A rule about the caller's identity where nobody proves one.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{MtlsMode, Pod, ROOT_NAMESPACE};
use meshc_resources::Object;
use meshc_resources::istio::AuthorizationPolicy;
use meshc_source::Span;

use super::authorization::{loss, values};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds AuthorizationPolicies that ask for principals, namespaces or server names of workloads that take plaintext
    /// only (PeerAuthentication with `DISABLE`).
    ///
    /// ## What happens to traffic
    /// A caller over plaintext has no identity: what is to be allowed is refused, what is to be denied gets through.
    ///
    /// ## Example
    /// `mtls: {mode: DISABLE}` in a PeerAuthentication, and `from: [{source: {namespaces: [shop]}}]` in a policy.
    ///
    /// ## Use instead
    /// `mtls: {mode: STRICT}`, so that every caller has an identity.
    ///
    /// ## Covers
    /// KIA0105. With automatic mutual TLS on, Kiali counts workloads as having it that take both, as this rule does.
    pub IDENTITY_WITHOUT_MTLS = "MC1505", "identity-without-mtls", Error, Mesh,
    "A rule about the caller's identity where nobody proves one",
    ["KIA0105"]
}

/// Every policy that holds for workloads.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.authorization_policies {
        let Some((path, span)) = identity(object) else { continue };
        let mut selected = super::selected_by(context, object).peekable();
        if selected.peek().is_none() {
            continue;
        }
        let setting = |pod: &Pod| context.mesh.mtls(pod).all;
        let all: Vec<_> = selected.map(setting).collect();
        if !all.iter().all(|setting| setting.mode == MtlsMode::Disable) {
            continue;
        }
        let message = format!(
            "{path} asks for the caller's identity, and these workloads take plaintext only, where nobody has one: {}",
            loss(object)
        );
        let mut finding = object.finding(&IDENTITY_WITHOUT_MTLS, span, message).alias("KIA0105");
        if let Some((_, by)) = all.into_iter().next().and_then(|setting| setting.by) {
            finding = finding.label(by, "plaintext only");
        }
        found.push(finding.help("let the workloads take mutual TLS: `STRICT`, or `PERMISSIVE` for both"));
    }
}

/// The first place that asks for an identity.
fn identity(object: &Object<AuthorizationPolicy>) -> Option<(String, Span)> {
    let fields = [
        "principals",
        "notPrincipals",
        "namespaces",
        "notNamespaces",
        "serviceAccounts",
        "notServiceAccounts",
    ];
    let lists = values(&object.spec.rules);
    if let Some(list) = lists.iter().find(|list| fields.contains(&list.field)) {
        return Some((list.path.clone(), list.values.first()?.span));
    }
    let keys = ["source.namespace", "source.principal", "connection.sni"];
    object.spec.rules.iter().enumerate().find_map(|(number, rule)| {
        let mut when = rule.when.iter().enumerate();
        let (index, condition) = when
            .find(|(_, condition)| condition.key.as_ref().is_some_and(|key| keys.contains(&key.as_str())))?;
        Some((format!("rules[{number}].when[{index}]"), condition.span))
    })
}

/// The root namespace's policies hold everywhere.
pub(super) fn scope(namespace: &str) -> Option<&str> {
    (namespace != ROOT_NAMESPACE).then_some(namespace)
}
