//! What is changed about Istio's metrics (`mergeMetrics`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use meshc_mesh::Mesh;
use meshc_resources::istio::{
    IstioMetric, MetricSelector, MetricsOverride, TagOperation, TagOverride, WorkloadMode,
};
use meshc_syntax::de::Spanned;

use super::{Holding, Texts, provider, provider_names, text};
use crate::model::{Metric, Statistics};

/// Istio's metrics: how a Telemetry calls them, and how they are called after `istio_`.
const METRICS: [(IstioMetric, &str, &str); 10] = [
    (IstioMetric::GrpcRequestMessages, "GRPC_REQUEST_MESSAGES", "request_messages_total"),
    (IstioMetric::GrpcResponseMessages, "GRPC_RESPONSE_MESSAGES", "response_messages_total"),
    (IstioMetric::RequestCount, "REQUEST_COUNT", "requests_total"),
    (IstioMetric::RequestDuration, "REQUEST_DURATION", "request_duration_milliseconds"),
    (IstioMetric::RequestSize, "REQUEST_SIZE", "request_bytes"),
    (IstioMetric::ResponseSize, "RESPONSE_SIZE", "response_bytes"),
    (IstioMetric::TcpClosedConnections, "TCP_CLOSED_CONNECTIONS", "tcp_connections_closed_total"),
    (IstioMetric::TcpOpenedConnections, "TCP_OPENED_CONNECTIONS", "tcp_connections_opened_total"),
    (IstioMetric::TcpReceivedBytes, "TCP_RECEIVED_BYTES", "tcp_received_bytes_total"),
    (IstioMetric::TcpSentBytes, "TCP_SENT_BYTES", "tcp_sent_bytes_total"),
];

/// What is changed about one metric.
#[derive(Debug, Clone, Default)]
struct Change {
    disabled: bool,
    tags: BTreeMap<String, TagOverride>,
}

/// What one provider gets of one side.
#[derive(Debug, Clone, Default)]
struct Provided {
    /// By the name that a Telemetry has.
    changes: BTreeMap<String, Change>,
    disabled: bool,
    interval: Option<Duration>,
}

/// The filters of one side: one for each provider that is Prometheus, by name.
pub(super) fn statistics(mesh: &Mesh, holding: &[Holding<'_>], mode: WorkloadMode) -> Vec<Statistics> {
    let defaults: Vec<String> =
        mesh.config.default_providers().metrics.iter().map(|name| name.value.clone()).collect();
    let providers = merge(holding, &defaults, mode);
    let kept = providers.into_iter().filter(|(name, provided)| {
        !provided.disabled && provider(mesh, name).is_some_and(|provider| provider.prometheus.is_some())
    });
    kept.map(|(_, provided)| Statistics {
        metrics: provided.changes.into_iter().map(|(name, change)| metric(name, change)).collect(),
        interval: provided.interval,
    })
    .collect()
}

fn merge(holding: &[Holding<'_>], defaults: &[String], mode: WorkloadMode) -> BTreeMap<String, Provided> {
    let mut providers: BTreeMap<String, Provided> = BTreeMap::new();
    let blocks = || holding.iter().flat_map(|policy| &policy.spec.metrics);
    if blocks().next().is_none() {
        providers.extend(defaults.iter().map(|name| (name.clone(), Provided::default())));
        return providers;
    }
    let mut in_scope: BTreeSet<String> = defaults.iter().cloned().collect();
    for block in blocks().filter(|block| !block.providers.is_empty()) {
        in_scope = provider_names(&block.providers).into_iter().collect();
    }
    let mut parent = defaults.to_vec();
    for block in blocks() {
        if !block.providers.is_empty() {
            parent = provider_names(&block.providers);
        }
        for name in parent.iter().filter(|name| in_scope.contains(*name)) {
            let provided = providers.entry(name.clone()).or_default();
            if let Some(interval) = block.reporting_interval.as_ref().and_then(|interval| interval.as_std()) {
                provided.interval = Some(interval);
            }
            for over in block.overrides.iter().filter(|over| concerns(over, mode)) {
                apply(provided, over);
            }
        }
    }
    providers
}

fn concerns(over: &MetricsOverride, mode: WorkloadMode) -> bool {
    let of = over.matches.as_ref().and_then(|matches| matches.mode.as_ref());
    of.is_none_or(|of| of.value == WorkloadMode::ClientAndServer || of.value == mode)
}

fn apply(provided: &mut Provided, over: &MetricsOverride) {
    let disabled = over.disabled.as_ref().map(|disabled| disabled.value);
    let names = names(over.matches.as_deref());
    if names.is_none() && disabled == Some(true) {
        provided.disabled = true;
        return;
    }
    provided.disabled = false;
    let all = || METRICS.iter().map(|(_, name, _)| (*name).to_owned()).collect();
    for name in names.unwrap_or_else(all) {
        let change = provided.changes.entry(name).or_default();
        change.disabled = disabled.unwrap_or(change.disabled);
        for (tag, value) in &over.tag_overrides {
            change.tags.insert(tag.value.clone(), value.value.clone());
        }
    }
}

/// The metrics that are meant; none for all.
fn names(selector: Option<&MetricSelector>) -> Option<Vec<String>> {
    let selector = selector?;
    if let Some(custom) = &selector.custom_metric {
        return Some(vec![custom.value.clone()]);
    }
    let metric = selector.metric.as_ref().map(|metric| metric.value)?;
    METRICS.iter().find(|(own, ..)| *own == metric).map(|(_, name, _)| vec![(*name).to_owned()])
}

fn metric(name: String, change: Change) -> Metric {
    let own = METRICS.iter().find(|(_, own, _)| *own == name).map(|(_, _, metric)| (*metric).to_owned());
    let mut tags = Texts::new();
    let mut removed_tags = Vec::new();
    for (tag, over) in change.tags {
        let operation = over.operation.as_ref().map(|operation: &Spanned<TagOperation>| operation.value);
        match operation.unwrap_or_default() {
            TagOperation::Remove => removed_tags.push(tag),
            TagOperation::Upsert => {
                tags.insert(tag, text(over.value.as_ref()).to_owned());
            }
        }
    }
    Metric { name: own.unwrap_or(name), drop: change.disabled, tags, removed_tags }
}
