//! MeshConfig's providers of authorization.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use meshc_mesh::Mesh;
use meshc_resources::istio::mesh::{ExtAuthzBody, ExtAuthzGrpc, ExtAuthzHttp, ExtensionProvider};
use meshc_syntax::de::Spanned;

use crate::model::{ExternalAuthorization, ExternalBody, ExternalHttp, ExternalService, Origin};
use crate::names;

/// How long an answer may take where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(600);

/// By name; those that cannot be used are not among them.
pub(super) type Providers = BTreeMap<String, Arc<ExternalAuthorization>>;

/// The providers that can be used. Of a name that comes twice the last is there alone.
pub(super) fn read(mesh: &Mesh) -> Providers {
    let named = mesh.config.providers().filter_map(|written| {
        let name = written.name.as_ref().map_or("", |name| name.value.as_str());
        let provider = provider(mesh, name, written).filter(|_| is_name(name))?;
        Some((name.to_owned(), Arc::new(provider)))
    });
    named.collect()
}

/// A DNS label, which fits into names of rules.
fn is_name(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(letter)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn provider(mesh: &Mesh, name: &str, written: &ExtensionProvider) -> Option<ExternalAuthorization> {
    if let Some(http) = &written.envoy_ext_authz_http {
        return over_http(mesh, name, http);
    }
    over_grpc(mesh, name, written.envoy_ext_authz_grpc.as_ref()?)
}

fn over_http(mesh: &Mesh, name: &str, written: &Spanned<ExtAuthzHttp>) -> Option<ExternalAuthorization> {
    let lists = [
        &written.include_request_headers_in_check,
        &written.include_headers_in_check,
        &written.headers_to_downstream_on_deny,
        &written.headers_to_downstream_on_allow,
        &written.headers_to_upstream_on_allow,
    ];
    let path_prefix = text(written.path_prefix.as_ref());
    let is_everything = |list: &&Vec<Spanned<String>>| list.iter().any(|header| header.as_str() == "*");
    if lists.iter().any(is_everything) || !(path_prefix.is_empty() || path_prefix.starts_with('/')) {
        return None;
    }
    let plain = |list: &[Spanned<String>]| list.iter().map(|header| header.value.clone()).collect();
    let [current, deprecated, ..] = lists;
    let http = ExternalHttp {
        path_prefix: path_prefix.to_owned(),
        request_headers: plain(if current.is_empty() { deprecated } else { current }),
        additional_headers: written
            .include_additional_headers_in_check
            .iter()
            .map(|(name, value)| (name.value.clone(), value.value.clone()))
            .collect(),
        to_upstream: plain(&written.headers_to_upstream_on_allow),
        to_client_on_deny: plain(&written.headers_to_downstream_on_deny),
        to_client_on_allow: plain(&written.headers_to_downstream_on_allow),
    };
    let (host, cluster) = cluster(mesh, written.service.as_ref(), written.port.as_ref())?;
    Some(ExternalAuthorization {
        provider: name.to_owned(),
        service: ExternalService::Http(Box::new(http)),
        cluster,
        host,
        timeout: written.timeout.as_ref().and_then(|timeout| timeout.as_std()).unwrap_or(TIMEOUT),
        fail_open: written.fail_open.as_ref().is_some_and(|open| open.value),
        status_on_error: status(written.status_on_error.as_ref())?,
        body: written.include_request_body_in_check.as_ref().map(|body| self::body(body)),
        origins: vec![Origin::new(written.span, format!("MeshConfig: the extension provider {name}"))],
    })
}

fn over_grpc(mesh: &Mesh, name: &str, written: &Spanned<ExtAuthzGrpc>) -> Option<ExternalAuthorization> {
    let (host, cluster) = cluster(mesh, written.service.as_ref(), written.port.as_ref())?;
    Some(ExternalAuthorization {
        provider: name.to_owned(),
        service: ExternalService::Grpc,
        cluster,
        host,
        timeout: written.timeout.as_ref().and_then(|timeout| timeout.as_std()).unwrap_or(TIMEOUT),
        fail_open: written.fail_open.as_ref().is_some_and(|open| open.value),
        status_on_error: status(written.status_on_error.as_ref())?,
        body: written.include_request_body_in_check.as_ref().map(|body| self::body(body)),
        origins: vec![Origin::new(written.span, format!("MeshConfig: the extension provider {name}"))],
    })
}

fn body(written: &ExtAuthzBody) -> ExternalBody {
    let flag = |field: &Option<Spanned<bool>>| field.as_ref().is_some_and(|flag| flag.value);
    ExternalBody {
        max_bytes: written.max_request_bytes.as_ref().map_or(0, |bytes| bytes.value),
        allow_partial: flag(&written.allow_partial_message),
        as_bytes: flag(&written.pack_as_bytes),
    }
}

/// The outer option: none where it is no status of Envoy's.
#[expect(clippy::option_option, reason = "not written and not valid are two things")]
fn status(written: Option<&Spanned<String>>) -> Option<Option<u16>> {
    let Some(text) = written.map(|status| status.as_str()).filter(|status| !status.is_empty()) else {
        return Some(None);
    };
    text.parse().ok().filter(|status| STATUSES.contains(status)).map(Some)
}

/// Envoy's `StatusCode`.
const STATUSES: [u16; 57] = [
    0, 100, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400,
    401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424,
    426, 428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
];

/// The host and cluster of `HOST` or `NAMESPACE/HOST`, where that is one service.
fn cluster(
    mesh: &Mesh,
    service: Option<&Spanned<String>>,
    port: Option<&Spanned<u32>>,
) -> Option<(String, String)> {
    let port = port.and_then(|port| u16::try_from(port.value).ok()).filter(|port| *port > 0)?;
    let (namespace, host) = match text(service).split_once('/') {
        Some((namespace, host)) => (Some(namespace), host),
        None => (None, text(service)),
    };
    let fits = |s: &&Arc<meshc_mesh::Service>| {
        s.hostname == host && namespace.is_none_or(|namespace| s.namespace() == namespace)
    };
    let mut namespaces: Vec<_> = mesh.services.iter().filter(fits).map(|s| s.namespace()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    (namespaces.len() == 1).then(|| (host.to_owned(), names::outbound(host, port, None)))
}

fn text(value: Option<&Spanned<String>>) -> &str {
    value.map_or("", |value| value.value.as_str())
}
