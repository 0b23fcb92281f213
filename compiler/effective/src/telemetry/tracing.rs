//! Which requests are traced, and where spans go.

use std::collections::BTreeMap;

use meshc_mesh::{Mesh, Pod, PodProxy};
use meshc_resources::istio::mesh::{
    CustomTag, DynatraceSampler, ExtensionProvider, OpenTelemetryProvider, ServiceAttributeEnrichment,
    ZipkinTraceContext,
};
use meshc_resources::istio::{TelemetryCustomTag, WorkloadMode};
use meshc_source::Span;
use meshc_syntax::de::Spanned;

use super::{Holding, headers, is_on, provider, provider_names, service, text};
use crate::model::{Origin, Sampler, Tag, Tracer, TracerKind, Tracing};

/// Percent of requests that Istio traces where nobody says another.
const SAMPLING: f64 = 1.0;

/// Where Dynatrace is asked at the service that spans go to.
const DYNATRACE_API: &str = "api/v2/samplingConfiguration";

/// What the Telemetries say together.
#[derive(Default)]
struct Spec<'a> {
    provider: Option<&'a ExtensionProvider>,
    disabled: bool,
    sampling: Option<f64>,
    tags: Option<BTreeMap<String, Tag>>,
    by_request_id: Option<bool>,
    istio_tags: Option<bool>,
    keeps_context: bool,
}

/// The tracing of one side; none where nothing is traced.
pub(super) fn tracing(
    mesh: &Mesh,
    holding: &[Holding<'_>],
    mode: WorkloadMode,
    pod: &Pod,
) -> Option<Tracing> {
    let gateway = pod.proxy == PodProxy::Gateway;
    let blocks =
        || holding.iter().flat_map(|policy| policy.spec.tracing.iter().map(move |block| (policy, block)));
    let defaults = mesh.config.default_providers().tracing;
    let own = pod.proxy_config.tracing.as_ref();
    let of_mesh = own.and_then(|own| own.sampling.as_ref()).map(|sampling| sampling.value);
    let of_mesh = match of_mesh.filter(|sampling| *sampling != 0.0) {
        None => SAMPLING,
        Some(sampling) if sampling > 100.0 => SAMPLING,
        Some(sampling) => sampling,
    };
    let own_tags = own.map(|own| &own.custom_tags).into_iter().flatten();
    let own_tags: BTreeMap<String, Tag> =
        own_tags.filter_map(|(name, tag)| Some((name.value.clone(), of_proxy_config(tag)?))).collect();
    let own_length = own.and_then(|own| own.max_path_tag_length.as_ref()).map(|length| length.value);
    let own_length = own_length.filter(|length| *length != 0);

    if blocks().next().is_none() && defaults.is_empty() {
        let switched_on = mesh.config.tracing();
        let istio_tags = own.and_then(|own| own.enable_istio_tags.as_ref()).is_none_or(|on| on.value);
        return switched_on.then(|| Tracing {
            tracer: None,
            sampling: of_mesh,
            istio_tags,
            tags: own_tags,
            max_path_length: own_length,
            spawns_span: false,
            keeps_context: false,
            by_request_id: None,
            origins: Vec::new(),
        });
    }
    let mut spec = Spec::default();
    if let Some(first) = defaults.first() {
        spec.provider = provider(mesh, first);
    }
    for (_, block) in blocks() {
        let of = block.matches.as_ref().and_then(|matches| matches.mode.as_ref()).map(|mode| mode.value);
        if of.is_some_and(|of| of != WorkloadMode::ClientAndServer && of != mode) {
            continue;
        }
        if let Some(first) = provider_names(&block.providers).first() {
            spec.provider = provider(mesh, first);
        }
        let flag = |value: &Option<Spanned<bool>>| value.as_ref().map(|value| value.value);
        spec.disabled = flag(&block.disable_span_reporting).unwrap_or(spec.disabled);
        if !block.custom_tags.is_empty() {
            let tags = block.custom_tags.iter();
            spec.tags =
                Some(tags.filter_map(|(name, tag)| Some((name.value.clone(), self::tag(tag)?))).collect());
        }
        spec.sampling = block.random_sampling_percentage.as_ref().map(|share| share.value).or(spec.sampling);
        spec.by_request_id = flag(&block.use_request_id_for_trace_sampling).or(spec.by_request_id);
        spec.istio_tags = flag(&block.enable_istio_tags).or(spec.istio_tags);
        spec.keeps_context = flag(&block.disable_context_propagation).unwrap_or(spec.keeps_context);
    }
    let provider = spec.provider.filter(|_| !spec.disabled)?;
    let (tracer, length) = tracer(mesh, provider)?;
    let samples = matches!(&tracer.kind, TracerKind::OpenTelemetry { sampler: Some(_), .. });
    let spawns_span = gateway || tracer.kind == TracerKind::SkyWalking;
    let mut origins: Vec<Origin> = blocks()
        .map(|(policy, block)| Origin::new(block.span, format!("{}: tracing", policy.meta)))
        .collect();
    let span = provider.name.as_ref().map(|name| name.span).filter(|span| *span != nowhere());
    origins.extend(span.map(|span| Origin::new(span, "MeshConfig: the extension provider")));
    Some(Tracing {
        tracer: Some(tracer),
        // A sampler of its own sees every request.
        sampling: if samples { 100.0 } else { spec.sampling.unwrap_or(of_mesh) },
        istio_tags: spec.istio_tags.unwrap_or(true),
        tags: spec.tags.unwrap_or(own_tags),
        max_path_length: length.or(own_length),
        spawns_span,
        keeps_context: spec.keeps_context,
        by_request_id: Some(spec.by_request_id.unwrap_or(true)),
        origins,
    })
}

/// The span of what is written nowhere.
fn nowhere() -> Span {
    Spanned::new(()).span
}

fn tag(written: &TelemetryCustomTag) -> Option<Tag> {
    let otherwise = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    if let Some(literal) = &written.literal {
        return Some(Tag::Literal(text(literal.value.value.as_ref()).to_owned()));
    }
    if let Some(variable) = &written.environment {
        let name = text(variable.name.as_ref()).to_owned();
        return Some(Tag::Environment(name, otherwise(&variable.default_value)));
    }
    if let Some(header) = &written.header {
        return Some(Tag::Header(text(header.name.as_ref()).to_owned(), otherwise(&header.default_value)));
    }
    written.formatter.as_ref().map(|format| Tag::Format(text(format.value.value.as_ref()).to_owned()))
}

fn of_proxy_config(written: &CustomTag) -> Option<Tag> {
    let otherwise = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    if let Some(literal) = &written.literal {
        return Some(Tag::Literal(text(literal.value.value.as_ref()).to_owned()));
    }
    if let Some(variable) = &written.environment {
        let name = text(variable.name.as_ref()).to_owned();
        return Some(Tag::Environment(name, otherwise(&variable.default_value)));
    }
    let header = written.header.as_ref()?;
    Some(Tag::Header(text(header.name.as_ref()).to_owned(), otherwise(&header.default_value)))
}

/// A provider's tracer, and how long paths may be in its spans; none for providers of other things and for services
/// that the mesh does not have.
fn tracer(mesh: &Mesh, provider: &ExtensionProvider) -> Option<(Tracer, Option<u32>)> {
    let length =
        |length: &Option<Spanned<u32>>| length.as_ref().map(|length| length.value).filter(|l| *l != 0);
    if let Some(zipkin) = &provider.zipkin {
        let (host, cluster) = service(mesh, zipkin.service.as_ref(), zipkin.port.as_ref())?;
        let path = match text(zipkin.path.as_ref()) {
            "" => "/api/v2/spans",
            path => path,
        };
        let option = zipkin.trace_context_option.as_ref().map(|option| option.value).unwrap_or_default();
        let kind = TracerKind::Zipkin {
            path: path.to_owned(),
            long_ids: !is_on(zipkin.enable64bit_trace_id.as_ref()),
            w3c: option == ZipkinTraceContext::UseB3WithW3c,
            timeout: zipkin.timeout.as_ref().and_then(|timeout| timeout.as_std()),
            headers: headers(&zipkin.headers),
        };
        return Some((Tracer { cluster, host, kind }, length(&zipkin.max_tag_length)));
    }
    if let Some(datadog) = &provider.datadog {
        let (host, cluster) = service(mesh, datadog.service.as_ref(), datadog.port.as_ref())?;
        let tracer = Tracer { cluster, host, kind: TracerKind::Datadog };
        return Some((tracer, length(&datadog.max_tag_length)));
    }
    if let Some(skywalking) = &provider.skywalking {
        let (host, cluster) = service(mesh, skywalking.service.as_ref(), skywalking.port.as_ref())?;
        return Some((Tracer { cluster, host, kind: TracerKind::SkyWalking }, None));
    }
    let otel = provider.opentelemetry.as_ref()?;
    let (host, cluster) = service(mesh, otel.service.as_ref(), otel.port.as_ref())?;
    let sampler = match &otel.dynatrace_sampler {
        Some(written) => Some(Box::new(sampler(mesh, written, otel, (&host, &cluster))?)),
        None => None,
    };
    Some((Tracer { cluster, host, kind: open_telemetry(otel, sampler) }, length(&otel.max_tag_length)))
}

/// Dynatrace is asked by the service that spans go to, unless it has one of its own; none where there is neither.
fn sampler(
    mesh: &Mesh,
    written: &DynatraceSampler,
    otel: &OpenTelemetryProvider,
    (host, cluster): (&str, &str),
) -> Option<Sampler> {
    let joined = |host: &str, path: &str| format!("{host}/{}", path.trim_start_matches('/'));
    let number = |value: Option<&Spanned<u32>>| value.map_or(0, |value| value.value);
    let (uri, cluster, http) = match &written.http_service {
        None => (joined(host, DYNATRACE_API), cluster.to_owned(), otel.http.as_ref()?),
        Some(own) => {
            let (host, cluster) = service(mesh, own.service.as_ref(), own.port.as_ref())?;
            let http = own.http.as_ref()?;
            (joined(&host, text(http.path.as_ref())), cluster, http)
        }
    };
    Some(Sampler {
        tenant: text(written.tenant.as_ref()).to_owned(),
        cluster_id: written.cluster_id.as_ref().map_or(0, |id| id.value),
        root_spans_per_minute: number(written.root_spans_per_minute.as_ref()),
        uri,
        cluster,
        timeout: http.timeout.as_ref().and_then(|timeout| timeout.as_std()),
        headers: headers(&http.headers),
    })
}

fn open_telemetry(written: &OpenTelemetryProvider, sampler: Option<Box<Sampler>>) -> TracerKind {
    let http = written.http.as_ref();
    let grpc = written.grpc.as_ref();
    let timeout = match http {
        Some(http) => http.timeout.as_ref(),
        None => grpc.and_then(|grpc| grpc.timeout.as_ref()),
    };
    let of_service = written.service_attribute_enrichment.as_ref().map(|how| how.value).unwrap_or_default()
        == ServiceAttributeEnrichment::OtelSemanticConventions;
    let detectors = written.resource_detectors.as_ref();
    TracerKind::OpenTelemetry {
        http_path: http.map(|http| text(http.path.as_ref()).to_owned()),
        timeout: timeout.and_then(|timeout| timeout.as_std()),
        headers: match http {
            Some(http) => headers(&http.headers),
            None => grpc.map(|grpc| headers(&grpc.initial_metadata)).unwrap_or_default(),
        },
        from_environment: of_service || detectors.is_some_and(|found| found.environment.is_some()),
        from_dynatrace: detectors.is_some_and(|found| found.dynatrace.is_some()),
        by_conventions: of_service,
        sampler,
    }
}
