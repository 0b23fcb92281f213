//! A DestinationRule whose callers do not speak mutual TLS to workloads that take nothing else.

use std::collections::BTreeMap;

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_mesh::{MtlsMode, MtlsSetting, PodProxy, Registry, Service};
use meshc_resources::Object;
use meshc_resources::istio::{ClientTlsMode, DestinationRule};
use meshc_source::Span;

use super::wide::{Width, is_root, tls, width};
use crate::rules::context::{Context, Found};

declare_rule! {
    /// ## What it does
    /// Finds DestinationRules whose `tls` makes callers send plaintext (`DISABLE`), or TLS with other certificates than
    /// Istio's, to workloads whose PeerAuthentication is `STRICT`; and, where automatic mutual TLS is off, those without
    /// `tls`.
    ///
    /// ## What happens to traffic
    /// The connection is reset: requests get 503.
    ///
    /// ## Example
    /// ```yaml
    /// host: reviews
    /// trafficPolicy:
    ///   tls: {mode: DISABLE}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// host: reviews
    /// trafficPolicy:
    ///   tls: {mode: ISTIO_MUTUAL}
    /// ```
    ///
    /// ## Covers
    /// KIA0207 (for a namespace) and KIA0208 (for the mesh).
    pub PLAINTEXT_TO_STRICT = "MC1509", "plaintext-to-strict", Error, Mesh,
    "A DestinationRule whose callers do not speak the mutual TLS that the workload asks for",
    ["KIA0207", "KIA0208"]
}

/// Every DestinationRule.
pub(super) fn check(context: &Context<'_>, found: &mut Vec<Diagnostic>) {
    if context.resources.peer_authentications.is_empty() {
        return;
    }
    for object in &context.resources.destination_rules {
        let of_host = tls(object);
        let of_ports = object.spec.traffic_policy.iter().flat_map(|policy| &policy.port_level_settings);
        let by_port: BTreeMap<u32, (ClientTlsMode, Span)> = of_ports
            .filter_map(|settings| {
                let tls = settings.tls.as_ref()?;
                let number = settings.port.as_ref()?.number.as_ref()?.value;
                Some((number, (tls.mode.as_ref().map_or(ClientTlsMode::Disable, |m| m.value), tls.span)))
            })
            .collect();
        let general = of_host.map(|(tls, mode)| (mode, tls.span));
        let wrong = |mode: Option<(ClientTlsMode, Span)>| match mode {
            Some((ClientTlsMode::IstioMutual, _)) => None,
            Some((_, span)) => Some(span),
            None if context.auto_mtls => None,
            None => object.spec.host.as_ref().map(|host| host.span),
        };
        if wrong(general).is_none() && by_port.values().all(|mode| wrong(Some(*mode)).is_none()) {
            continue;
        }
        match width(object) {
            Width::Narrow => {
                let Some(host) = &object.spec.host else { continue };
                let Found::Services(services) = context.find(host, object.namespace()) else { continue };
                let strict = services.iter().flat_map(|service| strict_ports(context, service)).find_map(
                    |(port, setting)| {
                        let mode = by_port.get(&u32::from(port)).copied().or(general);
                        Some((port, setting, wrong(mode)?))
                    },
                );
                if let Some((port, setting, span)) = strict {
                    found.push(finding(
                        object,
                        span,
                        &format!("port {port} of `{}` takes", host.value),
                        &setting,
                    ));
                }
            }
            wide => {
                let Some(span) = wrong(general) else { continue };
                let namespace = if let Width::Namespace(namespace) = wide {
                    namespace
                } else {
                    meshc_mesh::ROOT_NAMESPACE
                };
                let setting = context.mesh.policies.mtls(namespace, &BTreeMap::new()).all;
                if setting.mode != MtlsMode::Strict {
                    continue;
                }
                let what = if wide == Width::Mesh {
                    "the workloads of the mesh take".to_owned()
                } else {
                    format!("the workloads of namespace `{namespace}` take")
                };
                let of_mesh = setting.by.as_ref().is_some_and(|(by, _)| is_root(&by.namespace));
                let disabled = general.is_some_and(|(mode, _)| mode == ClientTlsMode::Disable);
                let finding = finding(object, span, &what, &setting);
                found.push(match (disabled, of_mesh) {
                    (true, true) => finding.alias("KIA0208"),
                    (true, false) => finding.alias("KIA0207"),
                    (false, _) => finding,
                });
            }
        }
    }
}

fn finding(object: &Object<DestinationRule>, span: Span, what: &str, setting: &MtlsSetting) -> Diagnostic {
    let message = format!("callers send no mutual TLS of Istio's, and {what} nothing else: requests get 503");
    let finding = object
        .finding(&PLAINTEXT_TO_STRICT, span, message)
        .help("use `tls: {mode: ISTIO_MUTUAL}`, or `PERMISSIVE` in the PeerAuthentication");
    match &setting.by {
        Some((by, span)) => finding.label(*span, format!("STRICT, says {by}")),
        None => finding,
    }
}

/// The ports of a service at which a pod with a sidecar takes mutual TLS only.
fn strict_ports(context: &Context<'_>, service: &Service) -> Vec<(u16, MtlsSetting)> {
    if service.registry != Registry::Kubernetes || service.selector.is_empty() {
        return Vec::new();
    }
    let mut pods = context.pods.selected(Some(service.namespace()), &service.selector);
    let Some(pod) = pods.find(|pod| pod.proxy == PodProxy::Sidecar) else { return Vec::new() };
    let mtls = context.mesh.mtls(pod);
    let of_port = |port: &meshc_mesh::Port| {
        let setting = mtls.of(pod.target(&port.target)?).clone();
        (setting.mode == MtlsMode::Strict).then_some((port.number, setting))
    };
    service.ports.iter().filter_map(of_port).collect()
}
