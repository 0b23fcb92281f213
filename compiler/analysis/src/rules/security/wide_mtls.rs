//! Mutual TLS on one side only, where it is not automatic.

use meshc_diagnostics::{Diagnostic, Severity, declare_rule};
use meshc_resources::istio::{ClientTlsMode, MutualTlsMode};

use super::wide::{Width, is_root, tls, width};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// In a mesh whose MeshConfig switches automatic mutual TLS off (`enableAutoMtls: false`), finds PeerAuthentications
    /// with `STRICT` for a namespace or the mesh without a DestinationRule for it that makes callers send mutual TLS, and
    /// such DestinationRules without a PeerAuthentication.
    ///
    /// ## What happens to traffic
    /// Callers send plaintext to workloads that take none: requests get 503. In the other case all is well as long as
    /// workloads take both, which is Istio's default.
    ///
    /// ## Example
    /// `enableAutoMtls: false`, and `mtls: {mode: STRICT}` for the mesh.
    ///
    /// ## Use instead
    /// A DestinationRule for `*.local` with `tls: {mode: ISTIO_MUTUAL}`, or automatic mutual TLS.
    ///
    /// ## Covers
    /// KIA0401 and KIA0501 (the DestinationRule for the mesh, for a namespace is missing), KIA0205 and KIA0206 (the
    /// PeerAuthentication is missing; an info).
    pub WIDE_MTLS = "MC1511", "one-sided-mtls", Error, Mesh,
    "Mutual TLS on one side only, where it is not automatic",
    ["KIA0205", "KIA0206", "KIA0401", "KIA0501"]
}

/// Both sides.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.auto_mtls {
        return;
    }
    let wide = |namespace: Option<&str>| {
        context.resources.destination_rules.iter().any(|rule| {
            let fits = width(rule) == Width::Mesh
                || namespace.is_some_and(|namespace| width(rule) == Width::Namespace(namespace));
            fits && tls(rule).is_some_and(|(_, mode)| mode == ClientTlsMode::IstioMutual)
        })
    };
    let mut enabled: Vec<&str> = Vec::new();
    for object in &context.resources.peer_authentications {
        let has_selector = object.spec.selector.as_ref().is_some_and(|s| !s.match_labels.is_empty());
        let mode = object.spec.mtls.as_ref().and_then(|mtls| mtls.mode.as_ref());
        let Some(mode) = mode.filter(|_| !has_selector) else { continue };
        if matches!(mode.value, MutualTlsMode::Strict | MutualTlsMode::Permissive) {
            enabled.push(object.namespace());
        }
        let of_mesh = is_root(object.namespace());
        let namespace = (!of_mesh).then_some(object.namespace());
        if mode.value != MutualTlsMode::Strict || wide(namespace) {
            continue;
        }
        let (what, host, alias) = if of_mesh {
            ("the mesh".to_owned(), "*.local".to_owned(), "KIA0401")
        } else {
            let namespace = object.namespace();
            (format!("namespace `{namespace}`"), format!("*.{namespace}.svc.cluster.local"), "KIA0501")
        };
        let message = format!(
            "mutual TLS is not automatic in this mesh and no DestinationRule makes callers of {what} send it: requests get \
             503"
        );
        found.push(
            object
                .finding(&WIDE_MTLS, mode.span, message)
                .help(format!("add a DestinationRule for `{host}` with `tls: {{mode: ISTIO_MUTUAL}}`"))
                .alias(alias),
        );
    }
    for rule in &context.resources.destination_rules {
        let Some((tls, ClientTlsMode::IstioMutual)) = tls(rule) else { continue };
        let (missing, alias) = match width(rule) {
            Width::Mesh => (!enabled.iter().any(|namespace| is_root(namespace)), "KIA0205"),
            Width::Namespace(of) => {
                (!enabled.iter().any(|namespace| *namespace == of || is_root(namespace)), "KIA0206")
            }
            Width::Narrow => continue,
        };
        if missing {
            let message =
                "callers send mutual TLS and no PeerAuthentication asks for it: workloads take plaintext too";
            found.push(
                rule.finding(&WIDE_MTLS, tls.span, message)
                    .severity(Severity::Info)
                    .help("add a PeerAuthentication with `mtls: {mode: STRICT}` once all callers send it")
                    .alias(alias),
            );
        }
    }
}
