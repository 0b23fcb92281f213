//! A PeerAuthentication that takes plaintext only, whose callers are told to send mutual TLS.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_resources::istio::MutualTlsMode;

use super::wide::{Width, is_mutual, is_root, tls, width};
use crate::rules::context::Context;

declare_rule! {
    /// ## What it does
    /// Finds PeerAuthentications of a namespace or the mesh with `DISABLE` where a DestinationRule for that namespace or the
    /// mesh makes callers send mutual TLS.
    ///
    /// ## What happens to traffic
    /// The workload takes the bytes of TLS for its own protocol: requests get 503.
    ///
    /// ## Example
    /// `mtls: {mode: DISABLE}` for namespace `shop`, and a DestinationRule for `*.local` with `tls: {mode: ISTIO_MUTUAL}`.
    ///
    /// ## Use instead
    /// A DestinationRule for `*.shop.svc.cluster.local` with `tls: {mode: DISABLE}`, or mutual TLS in the PeerAuthentication.
    ///
    /// ## Covers
    /// KIA0505 (for a namespace) and KIA0506 (for the mesh).
    pub MTLS_TO_PLAINTEXT = "MC1510", "mtls-to-plaintext", Error, Mesh,
    "A PeerAuthentication that takes plaintext only, whose callers are told to send mutual TLS",
    ["KIA0505", "KIA0506"]
}

/// Every PeerAuthentication without a selector.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    for object in &context.resources.peer_authentications {
        let has_selector = object.spec.selector.as_ref().is_some_and(|s| !s.match_labels.is_empty());
        let mode = object.spec.mtls.as_ref().and_then(|mtls| mtls.mode.as_ref());
        let Some(mode) = mode.filter(|mode| mode.value == MutualTlsMode::Disable && !has_selector) else {
            continue;
        };
        let of_mesh = is_root(object.namespace());
        let rules = || context.resources.destination_rules.iter().filter_map(|rule| Some((rule, tls(rule)?)));
        let own = rules().find(|(rule, _)| width(rule) == Width::Namespace(object.namespace()));
        let wide = rules().find(|(rule, _)| width(rule) == Width::Mesh);
        let closest = if of_mesh { wide } else { own.or(wide) };
        let Some((rule, (tls, _))) = closest.filter(|(_, (_, mode))| is_mutual(*mode)) else { continue };
        let what =
            if of_mesh { "the mesh".to_owned() } else { format!("namespace `{}`", object.namespace()) };
        let message = format!(
            "the workloads of {what} take plaintext only, and {} makes callers send mutual TLS: requests get 503",
            rule.id()
        );
        found.push(
            object
                .finding(&MTLS_TO_PLAINTEXT, mode.span, message)
                .label(tls.span, "callers send mutual TLS")
                .help("add a DestinationRule with `tls: {mode: DISABLE}` for the same workloads, or use `PERMISSIVE`")
                .alias(if of_mesh { "KIA0506" } else { "KIA0505" }),
        );
    }
}
