//! What a proxy tells about its traffic, for people: what is not Istio's default.

use std::fmt::Write as _;

use meshc_effective::model::{
    AccessLog, LogBody, LogTarget, Metric, ProxyTelemetry, Reports, Tracer, Tracing,
};

/// Nothing where nobody asked for anything.
pub(super) fn telemetry(out: &mut String, telemetry: &ProxyTelemetry) {
    let mut text = [String::new(), String::new()];
    for (text, reports) in text.iter_mut().zip([&telemetry.client, &telemetry.server]) {
        self::reports(text, reports);
    }
    let [client, server] = &text;
    if client == server {
        out.push_str(client);
        return;
    }
    for (side, text) in [("asking", client), ("asked", server)] {
        for line in text.lines() {
            let _ = writeln!(out, "when {side} {line}");
        }
    }
}

fn reports(out: &mut String, reports: &Reports) {
    for AccessLog { to, only, .. } in &reports.logs {
        let only = only.as_ref().map(|only| format!(" if {only}")).unwrap_or_default();
        let _ = writeln!(out, "logs to {}{only}", target(to));
    }
    for metric in reports.statistics.iter().flat_map(|statistics| &statistics.metrics) {
        let Metric { name, drop, tags, removed_tags } = metric;
        let dropped = if *drop { " dropped" } else { "" };
        let _ = writeln!(out, "metric {name}{dropped} with {tags:?} without {removed_tags:?}");
    }
    if let Some(Tracing { tracer, sampling, tags, .. }) = &reports.tracing
        && (tracer.is_some() || !tags.is_empty())
    {
        let to = match tracer {
            Some(Tracer { cluster, kind, .. }) => format!("{cluster} {kind:?}"),
            None => "nobody".to_owned(),
        };
        let _ = writeln!(out, "traces {sampling} % to {to} with {tags:?}");
    }
}

fn target(to: &LogTarget) -> String {
    match to {
        LogTarget::File { path, format } => match &format.body {
            LogBody::Text(text) => format!("{path} as {text:?}"),
            LogBody::Json(value) => format!("{path} as {value}"),
        },
        LogTarget::HttpGrpc { service, .. } => format!("HTTP by {}", service.cluster),
        LogTarget::TcpGrpc(service) => format!("TCP by {}", service.cluster),
        LogTarget::OwnService => "the proxy's own service".to_owned(),
        LogTarget::OpenTelemetry { service, body, attributes } => {
            format!("OpenTelemetry by {} as {body:?} with {attributes:?}", service.cluster)
        }
    }
}
