//! What each proxy tells about its traffic, by the Telemetries that hold for it, the mesh's default providers and the
//! mesh's own settings (`telemetry.go` and `telemetry_logging.go` of `pilot/pkg/model`, `accesslog.go` and `tracing.go`
//! of `pilot/pkg/networking/core`).

mod formats;
mod logs;
mod metrics;
mod tracing;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_mesh::{Mesh, Pod, PodProxy, Policy};
use meshc_resources::istio::mesh::ExtensionProvider;
use meshc_resources::istio::{self, ProviderRef, WorkloadMode};
use meshc_syntax::de::Spanned;

use crate::model::{ProxyTelemetry, Reports};
use crate::names;

/// What was decided before, by the Telemetries that hold, how the proxy is set up, and whether it is a gateway.
#[derive(Default)]
pub(crate) struct Cache(HashMap<(Vec<usize>, usize, bool), Arc<ProxyTelemetry>>);

/// A Telemetry that holds for a proxy.
type Holding<'a> = &'a Arc<Policy<istio::Telemetry>>;

impl Cache {
    /// What the proxy of a pod tells.
    pub(crate) fn of(&mut self, mesh: &Mesh, pod: &Pod) -> Arc<ProxyTelemetry> {
        let holding = mesh.policies.telemetries(&pod.namespace, &pod.labels);
        let gateway = pod.proxy == PodProxy::Gateway;
        let places = holding.iter().map(|policy| Arc::as_ptr(policy).addr()).collect();
        let new = || {
            let reports = |mode| Reports {
                logs: logs::logs(mesh, &holding, mode),
                logs_unmatched: !is_on(mesh.config.written.disable_envoy_listener_log.as_ref()),
                statistics: metrics::statistics(mesh, &holding, mode),
                tracing: tracing::tracing(mesh, &holding, mode, pod),
            };
            Arc::new(ProxyTelemetry {
                client: reports(WorkloadMode::Client),
                server: reports(WorkloadMode::Server),
            })
        };
        Arc::clone(self.0.entry((places, Arc::as_ptr(&pod.proxy_config).addr(), gateway)).or_insert_with(new))
    }
}

/// A provider of the mesh's settings, whatever the case of its name.
fn provider<'m>(mesh: &'m Mesh, name: &str) -> Option<&'m ExtensionProvider> {
    let is_it = |own: &Spanned<String>| own.eq_ignore_ascii_case(name);
    mesh.config.providers().find(|provider| provider.name.as_ref().is_some_and(is_it))
}

/// The names of providers.
fn provider_names(providers: &[Spanned<ProviderRef>]) -> Vec<String> {
    providers.iter().map(|provider| text(provider.name.as_ref()).to_owned()).collect()
}

/// The name of a service that a provider names, and the cluster for a port of it; none where the mesh has none.
fn service(
    mesh: &Mesh,
    service: Option<&Spanned<String>>,
    port: Option<&Spanned<u32>>,
) -> Option<(String, String)> {
    let service = mesh.named_service(text(service))?;
    let port = u16::try_from(port.map_or(0, |port| port.value)).unwrap_or_default();
    Some((service.hostname.clone(), names::outbound(&service.hostname, port, None)))
}

fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}

fn is_on(value: Option<&Spanned<bool>>) -> bool {
    value.is_some_and(|value| value.value)
}

fn plain(values: &[Spanned<String>]) -> Vec<String> {
    values.iter().map(|value| value.value.clone()).collect()
}

/// Headers of reports.
fn headers(written: &[Spanned<istio::mesh::ProviderHeader>]) -> Vec<crate::model::ReportHeader> {
    let value = |header: &istio::mesh::ProviderHeader| match text(header.env_name.as_ref()) {
        "" => text(header.value.as_ref()).to_owned(),
        variable => format!("%ENVIRONMENT({variable})%"),
    };
    let header = |header: &Spanned<istio::mesh::ProviderHeader>| crate::model::ReportHeader {
        name: text(header.name.as_ref()).to_owned(),
        value: value(header),
    };
    written.iter().map(header).collect()
}

/// Texts by name.
type Texts = BTreeMap<String, String>;
