//! An application that runs as the proxy's user.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::Kind;
use meshc_syntax::de::Spanned;

use super::pods::{self, Running};

declare_rule! {
    /// ## What it does
    /// Finds pods and containers that run as user 1337, the one of Istio's proxy.
    ///
    /// ## What happens to traffic
    /// What that user sends is taken for the proxy's own and goes round it: no routing rule and no policy holds for the
    /// requests of the application.
    ///
    /// ## Example
    /// ```yaml
    /// securityContext: {runAsUser: 1337}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// securityContext: {runAsUser: 1000}
    /// ```
    ///
    /// ## Covers
    /// IST0144 (for Pods and Deployments; here for every workload).
    pub RESERVED_USER = "MC1110", "reserved-user", Warning, Mesh,
    "An application that runs as the proxy's user",
    ["IST0144"]
}

/// The user of Istio's proxy.
const PROXY_USER: i64 = 1337;

/// One pod or template.
pub(super) fn check(pod: &Running<'_>, found: &mut Vec<Diagnostic>) {
    if pod.object.label("istio").is_some() || pod.object.label("release") == Some("istio") {
        return;
    }
    let mut users: Vec<&Spanned<i64>> = Vec::new();
    let of_pod = pod.spec.security_context.as_ref();
    users.extend(of_pod.and_then(|context| context.run_as_user.as_ref()));
    for container in &pod.spec.containers {
        if !matches!(pods::name(container), pods::PROXY | "istio-operator") {
            let context = container.security_context.as_ref();
            users.extend(context.and_then(|context| context.run_as_user.as_ref()));
        }
    }
    for user in users.into_iter().filter(|user| user.value == PROXY_USER) {
        let message = "user 1337 is that of Istio's proxy: what the application sends goes round the proxy";
        let finding = pod.finding(&RESERVED_USER, user.span, message).help("use another user");
        let original = matches!(pod.kind, Kind::Pod | Kind::Deployment);
        found.push(if original { finding.alias("IST0144") } else { finding });
    }
}
