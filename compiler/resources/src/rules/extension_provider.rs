//! Extension providers that proxies cannot be given.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use crate::istio::mesh::{ExtensionProvider, MeshConfig};
use crate::names;

declare_rule! {
    /// ## What it does
    /// Finds extension providers of `MeshConfig` without a name, with the name of another, without a kind or of several
    /// kinds, whose `service` is no full name (or `NAMESPACE/HOST`), whose port is missing, or whose other values
    /// istiod does not take.
    ///
    /// ## What happens to traffic
    /// Nothing by itself. A Telemetry or an AuthorizationPolicy that uses the provider has no effect, or denies every
    /// request that it is about.
    ///
    /// ## Example
    /// ```yaml
    /// extensionProviders:
    ///   - name: tracer
    ///     zipkin: {service: zipkin}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// extensionProviders:
    ///   - name: tracer
    ///     zipkin: {service: zipkin.observability.svc.cluster.local, port: 9411}
    /// ```
    ///
    /// ## Covers
    /// IST0133 (what Istio's webhook warns of).
    pub EXTENSION_PROVIDER = "MC0451", "extension-provider", Warning, Document,
    "An extension provider that proxies cannot be given",
    ["IST0133"]
}

/// `validateExtensionProvider`.
pub(crate) fn check(config: &MeshConfig, found: &mut Vec<Diagnostic>) {
    let providers = &config.extension_providers;
    for (index, provider) in providers.iter().enumerate() {
        let name = provider.name.as_ref().map_or("", |name| name.value.as_str());
        let span = provider.name.as_ref().map_or(provider.span, |name| name.span);
        let mut wrong = |span: Span, why: String| {
            let message =
                format!("the extension provider `{name}`: {why}: what uses it does not get what it asks for");
            found.push(Diagnostic::new(&EXTENSION_PROVIDER, span, message));
        };
        if name.is_empty() {
            wrong(provider.span, "it has no name".to_owned());
        } else if providers[..index].iter().any(|other| other.name.as_deref().is_some_and(|n| n == name)) {
            wrong(span, "another has the name".to_owned());
        }
        match kinds(provider).as_slice() {
            [] => wrong(provider.span, "it says not what it is".to_owned()),
            [kind] => one(kind, &mut wrong),
            [first, second, ..] => {
                wrong(second.span, format!("it is both `{}` and `{}`", first.name, second.name));
            }
        }
    }
}

/// What every kind of provider has.
struct Provided<'a> {
    name: &'static str,
    span: Span,
    /// Of those that are services: the name and the port.
    service: Option<(Option<&'a Spanned<String>>, Option<&'a Spanned<u32>>)>,
    /// Something else that is wrong with it.
    wrong: Option<(Span, String)>,
}

fn one(kind: &Provided<'_>, wrong: &mut impl FnMut(Span, String)) {
    if let Some((service, port)) = kind.service {
        let name = service.map_or("", |service| service.value.as_str());
        let span = service.map_or(kind.span, |service| service.span);
        if let Some(why) = service_name(name) {
            wrong(span, format!("its service `{name}`: {why}"));
        }
        let number = port.map_or(0, |port| port.value);
        if let Some(why) = names::port(i64::from(number)) {
            let why = if port.is_none() { "its port is missing".to_owned() } else { why };
            wrong(port.map_or(kind.span, |port| port.span), why);
        }
    }
    if let Some((span, why)) = &kind.wrong {
        wrong(*span, why.clone());
    }
}

/// `NAME.NAMESPACE.svc.cluster.local`, an address, or `NAMESPACE/HOST`.
fn service_name(name: &str) -> Option<String> {
    match name {
        "" => Some("it is missing".to_owned()),
        _ if name.contains('/') => names::namespaced_host(name),
        _ => names::fqdn(name).filter(|_| names::ip_address(name).is_some()),
    }
}

/// Envoy's names for status codes, which istiod takes for `statusOnError`.
fn status(status: Option<&Spanned<String>>) -> Option<(Span, String)> {
    const CODES: [i64; 57] = [
        0, 100, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308,
        400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422,
        423, 424, 426, 428, 429, 431, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
    ];
    let status = status.filter(|status| !status.is_empty())?;
    let known = status.parse::<i64>().is_ok_and(|code| CODES.contains(&code));
    (!known).then(|| (status.span, format!("`{}` is no status that Envoy knows", status.value)))
}

fn kinds(provider: &ExtensionProvider) -> Vec<Provided<'_>> {
    let mut kinds = Vec::new();
    macro_rules! service {
        ($field:ident, $name:literal) => {
            if let Some(kind) = &provider.$field {
                let service = Some((kind.service.as_ref(), kind.port.as_ref()));
                kinds.push(Provided { name: $name, span: kind.span, service, wrong: None });
            }
        };
    }
    macro_rules! plain {
        ($field:ident, $name:literal) => {
            if let Some(kind) = &provider.$field {
                kinds.push(Provided { name: $name, span: kind.span, service: None, wrong: None });
            }
        };
    }
    if let Some(kind) = &provider.envoy_ext_authz_http {
        let path = kind.path_prefix.as_ref().filter(|path| !path.is_empty() && !path.starts_with('/'));
        let wrong = path.map(|path| (path.span, format!("`{}` begins with no slash", path.value)));
        kinds.push(Provided {
            name: "envoyExtAuthzHttp",
            span: kind.span,
            service: Some((kind.service.as_ref(), kind.port.as_ref())),
            wrong: status(kind.status_on_error.as_ref()).or(wrong),
        });
    }
    if let Some(kind) = &provider.envoy_ext_authz_grpc {
        kinds.push(Provided {
            name: "envoyExtAuthzGrpc",
            span: kind.span,
            service: Some((kind.service.as_ref(), kind.port.as_ref())),
            wrong: status(kind.status_on_error.as_ref()),
        });
    }
    service!(zipkin, "zipkin");
    if let Some(kind) = &provider.lightstep {
        let token = kind.access_token.as_ref().is_none_or(|token| token.is_empty());
        kinds.push(Provided {
            name: "lightstep",
            span: kind.span,
            service: Some((kind.service.as_ref(), kind.port.as_ref())),
            wrong: token.then(|| (kind.span, "it has no `accessToken`".to_owned())),
        });
    }
    service!(datadog, "datadog");
    plain!(stackdriver, "stackdriver");
    service!(opencensus, "opencensus");
    service!(skywalking, "skywalking");
    if let Some(kind) = &provider.opentelemetry {
        let both = kind.http.as_ref().zip(kind.grpc.as_ref());
        kinds.push(Provided {
            name: "opentelemetry",
            span: kind.span,
            service: Some((kind.service.as_ref(), kind.port.as_ref())),
            wrong: both.map(|(_, grpc)| (grpc.span, "`http` and `grpc` exclude each other".to_owned())),
        });
    }
    plain!(prometheus, "prometheus");
    plain!(envoy_file_access_log, "envoyFileAccessLog");
    service!(envoy_http_als, "envoyHttpAls");
    service!(envoy_tcp_als, "envoyTcpAls");
    service!(envoy_otel_als, "envoyOtelAls");
    service!(sds, "sds");
    kinds
}
