//! A Secret that a gateway names and that does not exist.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_settings::ways_out;

use super::Credential;
use crate::rules::context::Context;
use crate::rules::missing::Missing;

declare_rule! {
    /// ## What it does
    /// Finds credentials of Gateways (`credentialName`, `credentialNames`, `caCertCredentialName`, and `certificateRefs` of the
    /// Gateway API) that no Secret is. For Istio's Gateways the Secret has to be in the namespace of the gateway's workload.
    ///
    /// ## What happens to traffic
    /// The gateway does not listen for these hosts: TLS handshakes fail.
    ///
    /// ## Example
    /// A Gateway in namespace `shop` with `selector: {istio: ingressgateway}` and `credentialName: shop-cert`, and the Secret
    /// `shop-cert` in `shop`.
    ///
    /// ## Use instead
    /// The Secret in `istio-system`.
    ///
    /// ## Covers
    /// IST0101. Secrets seldom lie in Git: in a tree without any it is an info.
    pub UNKNOWN_SECRET = "MC1512", "unknown-secret", Error, Mesh,
    "A Secret that a gateway names and that does not exist",
    ["IST0101"]
}

/// The finding, unless the Secret is kept elsewhere.
pub(super) fn finding(context: &Context<'_>, credential: &Credential<'_>) -> Option<Diagnostic> {
    let (namespace, name) = (credential.namespace.as_str(), credential.name.value.as_str());
    let severity = Missing::Secret(namespace, name).severity(context, UNKNOWN_SECRET.severity)?;
    let message = format!(
        "there is no Secret `{namespace}/{name}` in this tree: the gateway has no certificate, TLS handshakes fail"
    );
    let finding = credential.finding(&UNKNOWN_SECRET, message).severity(severity);
    let finding = credential.alias(finding, "IST0101");
    let mut elsewhere = context.resources.secrets.iter().filter(|secret| secret.name() == name);
    Some(if let Some(secret) = elsewhere.next() {
        finding
            .label(secret.name_span(), "a Secret of this name")
            .help(format!("the Secret has to be in namespace `{namespace}`, where the gateway's workload is"))
    } else {
        let of_namespace = context.resources.secrets.iter().filter(|s| s.namespace() == namespace);
        let names = of_namespace.map(meshc_resources::Object::name);
        let otherwise = format!("create the Secret in namespace `{namespace}`; {}", ways_out("secrets"));
        context.suggest(finding, credential.name.span, name, names, otherwise)
    })
}
