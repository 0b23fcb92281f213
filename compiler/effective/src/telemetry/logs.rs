//! Which requests and connections are logged where.

use std::collections::{BTreeMap, BTreeSet};

use meshc_mesh::Mesh;
use meshc_resources::istio::mesh::{ExtensionProvider, FileAccessLogProvider};
use meshc_resources::istio::{TelemetryAccessLogging, WorkloadMode};
use meshc_syntax::de::Spanned;

use super::{Holding, formats, is_on, plain, provider, provider_names, service, text};
use crate::model::{AccessLog, GrpcLog, LogFormat, LogTarget, Origin};

/// Filter states by which Istio's peers know each other.
const STATES: [&str; 2] = ["upstream_peer", "downstream_peer"];
/// The same with the names that older proxies have.
const ALL_STATES: [&str; 6] = [
    "upstream_peer",
    "downstream_peer",
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
];

/// The provider that takes its format from the mesh's settings.
const BUILT_IN: &str = "envoy";

/// What becomes of the logs of one provider.
#[derive(Debug, Clone, Default, PartialEq)]
struct Decision {
    disabled: bool,
    only: Option<Spanned<String>>,
}

/// The logs of one side, by the names of their providers.
pub(super) fn logs(mesh: &Mesh, holding: &[Holding<'_>], mode: WorkloadMode) -> Vec<AccessLog> {
    let defaults: Vec<String> = mesh
        .config
        .default_providers()
        .access_logging
        .iter()
        .map(|provider| provider.value.clone())
        .collect();
    let levels: Vec<&[Spanned<TelemetryAccessLogging>]> = holding
        .iter()
        .map(|policy| policy.spec.access_logging.as_slice())
        .filter(|logging| !logging.is_empty())
        .collect();
    if levels.is_empty() && defaults.is_empty() {
        return of_mesh(mesh);
    }
    let decided = decide(&levels, &defaults, mode);
    let origins: Vec<Origin> = holding
        .iter()
        .filter(|policy| !policy.spec.access_logging.is_empty())
        .map(|policy| Origin::new(policy.meta.span, format!("{}: accessLogging", policy.meta)))
        .collect();
    let mut known = Vec::new();
    for (name, decision) in decided {
        let Some(provider) = provider(mesh, &name) else { continue };
        let Some(to) = target(mesh, provider) else { continue };
        known.push((text(provider.name.as_ref()).to_owned(), decision, to));
    }
    known.sort_by(|a, b| a.0.cmp(&b.0));
    if known.is_empty() {
        // Nothing that can be used is configured: the mesh's settings hold.
        return of_mesh(mesh);
    }
    let enabled = known.into_iter().filter(|(_, decision, _)| !decision.disabled);
    let log = |(_, decision, to): (String, Decision, LogTarget)| AccessLog {
        to,
        only: decision.only.map(|only| only.value),
        origins: origins.clone(),
    };
    enabled.map(log).collect()
}

/// Istio's `mergeLogs`: a narrower level replaces the providers of a wider one; of a provider the last entry decides.
fn decide(
    levels: &[&[Spanned<TelemetryAccessLogging>]],
    defaults: &[String],
    mode: WorkloadMode,
) -> BTreeMap<String, Decision> {
    if levels.is_empty() {
        return defaults.iter().map(|name| (name.clone(), Decision::default())).collect();
    }
    let concerns = |entry: &TelemetryAccessLogging| {
        let of = entry.matches.as_ref().and_then(|matches| matches.mode.as_ref());
        entry.matches.is_none()
            || of.is_none_or(|of| of.value == WorkloadMode::ClientAndServer || of.value == mode)
    };
    let mut in_scope: BTreeSet<String> = defaults.iter().cloned().collect();
    let mut filters: BTreeMap<String, Decision> = BTreeMap::new();
    for level in levels {
        let mut named = BTreeSet::new();
        for entry in level.iter().filter(|entry| concerns(entry)) {
            let only = entry.filter.as_ref().map(|filter| filter.expression.clone().unwrap_or_default());
            for name in provider_names(&entry.providers) {
                filters.insert(name.clone(), Decision { disabled: false, only: only.clone() });
                named.insert(name);
            }
        }
        if !named.is_empty() {
            in_scope = named;
        }
    }
    let mut decided = BTreeMap::new();
    let mut parent = defaults.to_vec();
    for entry in levels.iter().copied().flatten() {
        let own = provider_names(&entry.providers);
        if !own.is_empty() {
            parent = own;
        }
        for name in parent.iter().filter(|name| in_scope.contains(*name)) {
            if !concerns(entry) {
                continue;
            }
            let decision = if is_on(entry.disabled.as_ref()) {
                Decision { disabled: true, only: None }
            } else {
                filters.get(name).cloned().unwrap_or_default()
            };
            decided.insert(name.clone(), decision);
        }
    }
    decided
}

/// The mesh's settings without any Telemetry.
fn of_mesh(mesh: &Mesh) -> Vec<AccessLog> {
    let written = &mesh.config.written;
    let mut logs = Vec::new();
    if let Some(file) = written.access_log_file.as_ref().filter(|file| !file.is_empty()) {
        logs.push(AccessLog {
            to: LogTarget::File {
                path: file.value.clone(),
                format: LogFormat { body: formats::of_mesh(&mesh.config), omit_empty: false },
            },
            only: None,
            origins: vec![Origin::new(file.span, "MeshConfig: accessLogFile")],
        });
    }
    if let Some(on) = written.enable_envoy_access_log_service.as_ref().filter(|on| on.value) {
        logs.push(AccessLog {
            to: LogTarget::OwnService,
            only: None,
            origins: vec![Origin::new(on.span, "MeshConfig: enableEnvoyAccessLogService")],
        });
    }
    logs
}

/// Where a provider takes logs; none for providers of other things.
fn target(mesh: &Mesh, provider: &ExtensionProvider) -> Option<LogTarget> {
    if let Some(file) = &provider.envoy_file_access_log {
        return Some(self::file(mesh, text(provider.name.as_ref()), file));
    }
    let name = |written: Option<&Spanned<String>>, otherwise: &str| match text(written) {
        "" => otherwise.to_owned(),
        written => written.to_owned(),
    };
    let states = |written: &[Spanned<String>]| {
        if written.is_empty() { STATES.map(ToOwned::to_owned).to_vec() } else { plain(written) }
    };
    if let Some(http) = &provider.envoy_http_als {
        let (authority, cluster) = service(mesh, http.service.as_ref(), http.port.as_ref())?;
        return Some(LogTarget::HttpGrpc {
            service: GrpcLog {
                name: name(http.log_name.as_ref(), "http_envoy_accesslog"),
                cluster,
                authority,
                states: states(&http.filter_state_objects_to_log),
            },
            request_headers: plain(&http.additional_request_headers_to_log),
            response_headers: plain(&http.additional_response_headers_to_log),
            response_trailers: plain(&http.additional_response_trailers_to_log),
        });
    }
    if let Some(tcp) = &provider.envoy_tcp_als {
        let (authority, cluster) = service(mesh, tcp.service.as_ref(), tcp.port.as_ref())?;
        return Some(LogTarget::TcpGrpc(GrpcLog {
            name: name(tcp.log_name.as_ref(), "tcp_envoy_accesslog"),
            cluster,
            authority,
            states: states(&tcp.filter_state_objects_to_log),
        }));
    }
    let otel = provider.envoy_otel_als.as_ref()?;
    let (authority, cluster) = service(mesh, otel.service.as_ref(), otel.port.as_ref())?;
    let format = otel.log_format.as_ref();
    let labels = format.and_then(|format| format.labels.as_ref());
    let attributes = labels.map(|labels| labels.node().entries()).unwrap_or_default();
    Some(LogTarget::OpenTelemetry {
        service: GrpcLog {
            name: name(otel.log_name.as_ref(), "otel_envoy_accesslog"),
            cluster,
            authority,
            states: ALL_STATES.map(ToOwned::to_owned).to_vec(),
        },
        body: name(format.and_then(|format| format.text.as_ref()), formats::TEXT),
        attributes: attributes
            .iter()
            .map(|entry| (entry.key.text.to_string(), entry.value.as_str().unwrap_or_default().to_owned()))
            .collect(),
    })
}

fn file(mesh: &Mesh, provider: &str, written: &FileAccessLogProvider) -> LogTarget {
    let omit_empty = is_on(written.omit_empty_values.as_ref());
    let body = match &written.log_format {
        None if provider == BUILT_IN && !omit_empty => formats::of_mesh(&mesh.config),
        None => formats::line(""),
        Some(format) => match &format.labels {
            Some(labels) if labels.node().entries().is_empty() => {
                crate::model::LogBody::Json(formats::object())
            }
            Some(labels) => crate::model::LogBody::Json(labels.to_json()),
            None => formats::line(text(format.text.as_ref())),
        },
    };
    let path = match text(written.path.as_ref()) {
        "" => "/dev/stdout",
        path => path,
    };
    LogTarget::File { path: path.to_owned(), format: LogFormat { body, omit_empty } }
}

#[cfg(test)]
mod tests {
    use meshc_resources::istio::{LogSelector, ProviderRef};

    use super::*;

    fn entry(
        providers: &[&str],
        disabled: bool,
        mode: Option<WorkloadMode>,
    ) -> Spanned<TelemetryAccessLogging> {
        let named = |name: &&str| Spanned::new(ProviderRef { name: Some(Spanned::new((*name).to_owned())) });
        Spanned::new(TelemetryAccessLogging {
            providers: providers.iter().map(named).collect(),
            disabled: Some(Spanned::new(disabled)),
            matches: mode.map(|mode| Spanned::new(LogSelector { mode: Some(Spanned::new(mode)) })),
            filter: None,
        })
    }

    fn enabled(levels: &[&[Spanned<TelemetryAccessLogging>]], defaults: &[&str]) -> Vec<String> {
        let defaults: Vec<String> = defaults.iter().map(|name| (*name).to_owned()).collect();
        let decided = decide(levels, &defaults, WorkloadMode::Server);
        decided.into_iter().filter(|(_, decision)| !decision.disabled).map(|(name, _)| name).collect()
    }

    #[test]
    fn narrower_levels_replace_the_providers_of_wider_ones() {
        let root = [entry(&["a"], false, None)];
        let own = [entry(&["b"], false, None)];
        assert_eq!(enabled(&[], &["d"]), ["d"]);
        assert_eq!(enabled(&[&root], &["d"]), ["a"]);
        assert_eq!(enabled(&[&root, &own], &[]), ["b"]);
        let off = [entry(&[], true, None)];
        assert!(enabled(&[&root, &off], &[]).is_empty());
        assert!(enabled(&[&off], &["d"]).is_empty());
        let client = [entry(&["c"], false, Some(WorkloadMode::Client))];
        assert_eq!(enabled(&[&root, &client], &[]), ["a"]);
    }
}
