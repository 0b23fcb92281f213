//! The HTTP connection manager, compiled.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use meshc_envoy as envoy;
use meshc_envoy::{CodecType, PathWithEscapedSlashesAction, ServerHeaderTransformation, TypedConfig};

use crate::access_log::AccessLog;
use crate::error::{At, ConfigError};
use crate::filters::{Filters, HttpFilter};
use crate::format::Operator;
use crate::route_table::RouteTable;

/// What a listener that speaks HTTP does.
#[derive(Debug, Clone)]
pub struct Http {
    /// The name in statistics.
    pub stat_prefix: Box<str>,
    /// Which HTTP.
    pub codec: Codec,
    /// The routes; `None` where the table that `rds` names is not there, which answers 404.
    pub routes: Option<Arc<RouteTable>>,
    /// The filters.
    pub filters: Vec<HttpFilter>,
    /// The value of the `server` header.
    pub server_name: HeaderValue,
    /// What becomes of the upstream's `server` header.
    pub server_header: Rule,
    /// Bytes of request headers.
    pub max_header_bytes: usize,
    /// Headers of one request.
    pub max_headers: usize,
    /// How long a stream may be silent; 0 is for ever.
    pub stream_idle_timeout: Duration,
    /// How long a connection without requests is kept; 0 is for ever.
    pub idle_timeout: Duration,
    /// How long the headers of a request may take; 0 is for ever.
    pub headers_timeout: Duration,
    /// How long a connection is kept at all; 0 is for ever.
    pub max_connection_duration: Duration,
    /// Requests of one connection; 0 is any number.
    pub max_requests_per_connection: u32,
    /// Whether the connection's address is the client's.
    pub use_remote_address: bool,
    /// How many of the last addresses of `x-forwarded-for` are trusted proxies.
    pub trusted_hops: u32,
    /// Leaves `x-forwarded-for` as it is.
    pub skip_forwarded_for: bool,
    /// The `via` header.
    pub via: Option<HeaderValue>,
    /// Makes `x-request-id`.
    pub generate_request_id: bool,
    /// Keeps the `x-request-id` of requests from outside.
    pub preserve_external_request_id: bool,
    /// Answers `x-request-id`.
    pub answer_request_id: bool,
    /// Keeps `x-forwarded-client-cert` (there is no TLS, so every other action removes it).
    pub keep_client_cert: bool,
    /// Resolves `.` and `..` in paths.
    pub normalize_path: bool,
    /// Makes one slash of several.
    pub merge_slashes: bool,
    /// What becomes of escaped slashes.
    pub escaped_slashes: EscapedSlashes,
    /// Protocols that a connection may be upgraded to, in lower case, and whether they are on by default.
    pub upgrades: Vec<(Box<str>, bool)>,
    /// Access logs.
    pub access_logs: Vec<AccessLog>,
    /// The request headers that access logs show, each with its slot.
    pub logged_request: Vec<Operator>,
    /// The response headers that access logs show, each with its slot.
    pub logged_response: Vec<Operator>,
    /// Streams of one HTTP/2 connection at once.
    pub max_concurrent_streams: Option<u32>,
}

/// Which HTTP a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// What the first bytes show.
    Auto,
    /// HTTP/1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// What becomes of a header that the upstream sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It is replaced.
    Overwrite,
    /// It stays where there is one.
    AppendIfAbsent,
    /// It is never touched.
    PassThrough,
}

/// What becomes of `%2F` and `%5C` in paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscapedSlashes {
    /// They are kept.
    Keep,
    /// The request is refused.
    Reject,
    /// The client is sent to the path with slashes.
    Redirect,
    /// They become slashes.
    Unescape,
}

/// Where routes come from.
pub(crate) struct Tables<'a> {
    /// The indices of clusters by name.
    pub(crate) clusters: &'a HashMap<&'a str, usize>,
    /// The tables that `rds` names, with where they stand.
    pub(crate) routes: &'a HashMap<&'a str, (usize, &'a envoy::RouteConfiguration)>,
}

impl Http {
    pub(crate) fn new(
        config: &envoy::HttpConnectionManager,
        tables: &Tables<'_>,
        root: &At<'_>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::HttpConnectionManager {
            codec_type,
            stat_prefix,
            rds,
            route_config,
            http_filters,
            add_user_agent,
            tracing,
            common_http_protocol_options,
            http_protocol_options,
            http2_protocol_options,
            server_name,
            server_header_transformation,
            max_request_headers_kb,
            stream_idle_timeout,
            request_timeout,
            request_headers_timeout,
            // Connections end at once when they are drained: requests under way are awaited instead.
            drain_timeout: _,
            delayed_close_timeout: _,
            access_log,
            use_remote_address,
            internal_address_config,
            xff_num_trusted_hops,
            skip_xff_append,
            via,
            generate_request_id,
            preserve_external_request_id,
            always_set_request_id_in_response,
            forward_client_cert_details,
            // Without TLS there is no certificate to show.
            set_current_client_cert_details: _,
            // 100 Continue is answered here in any case; the upstream's is not awaited.
            proxy_100_continue: _,
            upgrade_configs,
            normalize_path,
            merge_slashes,
            path_with_escaped_slashes_action,
            request_id_extension,
            local_reply_config,
            strip_matching_host_port,
            strip_any_host_port,
            strip_trailing_host_dot,
            append_x_forwarded_port,
            original_ip_detection_extensions,
        } = config;
        if stat_prefix.is_empty() {
            return Err(at.field("stat_prefix").error("must not be empty"));
        }
        at.refuse("internal_address_config", internal_address_config)?;
        at.refuse("local_reply_config", local_reply_config)?;
        if request_timeout.is_some_and(|timeout| !timeout.is_zero()) {
            return Err(at.field("request_timeout").not_implemented());
        }
        at.refuse("strip_matching_host_port", strip_matching_host_port)?;
        at.refuse("strip_trailing_host_dot", strip_trailing_host_dot)?;
        at.refuse("append_x_forwarded_port", append_x_forwarded_port)?;
        at.refuse("original_ip_detection_extensions", original_ip_detection_extensions)?;
        for (name, flag) in [("add_user_agent", add_user_agent), ("strip_any_host_port", strip_any_host_port)]
        {
            if *flag == Some(true) {
                return Err(at.field(name).not_implemented());
            }
        }
        // Without a provider nothing is traced.
        if tracing
            .as_ref()
            .is_some_and(|tracing| tracing.get("provider").is_some_and(|provider| !provider.is_null()))
        {
            return Err(at.field("tracing").field("provider").not_implemented());
        }
        if let Some(extension) = request_id_extension
            && !matches!(extension.typed_config, Some(TypedConfig::UuidRequestIdConfig(_)) | None)
        {
            return Err(at.field("request_id_extension").not_implemented());
        }
        let default = envoy::CommonHttpProtocolOptions::default();
        let common = common(
            common_http_protocol_options.as_ref().unwrap_or(&default),
            &at.field("common_http_protocol_options"),
        )?;
        http1(http_protocol_options.as_ref(), &at.field("http_protocol_options"))?;
        let filters = Filters::new(http_filters, at)?;
        let routes = routes(rds.as_ref(), route_config.as_ref(), tables, &filters, root, at)?;
        let (mut logged_request, mut logged_response) = (Vec::new(), Vec::new());
        let mut access_logs = Vec::with_capacity(access_log.len());
        for (index, log) in access_log.iter().enumerate() {
            let mut log = AccessLog::new(log, &at.index("access_log", index))?;
            log.assign_slots(&mut logged_request, &mut logged_response);
            access_logs.push(log);
        }
        let header = |text: &str, name: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| at.field(name).error("holds a character that no header may hold"))
        };
        Ok(Self {
            stat_prefix: stat_prefix.as_str().into(),
            codec: match codec_type {
                CodecType::Auto => Codec::Auto,
                CodecType::Http1 => Codec::Http1,
                CodecType::Http2 => Codec::Http2,
                CodecType::Http3 => {
                    return Err(at.field("codec_type").error("HTTP3 is not implemented by mesh-proxy"));
                }
            },
            routes,
            filters: filters.chain,
            server_name: header(if server_name.is_empty() { "envoy" } else { server_name }, "server_name")?,
            server_header: match server_header_transformation {
                ServerHeaderTransformation::Overwrite => Rule::Overwrite,
                ServerHeaderTransformation::AppendIfAbsent => Rule::AppendIfAbsent,
                ServerHeaderTransformation::PassThrough => Rule::PassThrough,
            },
            max_header_bytes: match max_request_headers_kb.unwrap_or(60) {
                kib @ 1..=8_192 => kib as usize * 1_024,
                kib => {
                    return Err(at
                        .field("max_request_headers_kb")
                        .error(format!("{kib} is not in 1 to 8192")));
                }
            },
            max_headers: common.max_headers,
            stream_idle_timeout: stream_idle_timeout.map_or(Duration::from_secs(300), |timeout| timeout.0),
            idle_timeout: common.idle_timeout,
            headers_timeout: request_headers_timeout.unwrap_or_default().0,
            max_connection_duration: common.max_duration,
            max_requests_per_connection: common.max_requests.unwrap_or(0),
            use_remote_address: use_remote_address.unwrap_or(false),
            trusted_hops: *xff_num_trusted_hops,
            skip_forwarded_for: *skip_xff_append,
            via: if via.is_empty() { None } else { Some(header(via, "via")?) },
            generate_request_id: generate_request_id.unwrap_or(true),
            preserve_external_request_id: *preserve_external_request_id,
            answer_request_id: *always_set_request_id_in_response,
            keep_client_cert: *forward_client_cert_details
                == envoy::ForwardClientCertDetails::AlwaysForwardOnly,
            normalize_path: normalize_path.unwrap_or(false),
            merge_slashes: *merge_slashes,
            escaped_slashes: match path_with_escaped_slashes_action {
                PathWithEscapedSlashesAction::ImplementationSpecificDefault
                | PathWithEscapedSlashesAction::KeepUnchanged => EscapedSlashes::Keep,
                PathWithEscapedSlashesAction::RejectRequest => EscapedSlashes::Reject,
                PathWithEscapedSlashesAction::UnescapeAndRedirect => EscapedSlashes::Redirect,
                PathWithEscapedSlashesAction::UnescapeAndForward => EscapedSlashes::Unescape,
            },
            upgrades: upgrades(upgrade_configs, at)?,
            access_logs,
            logged_request,
            logged_response,
            max_concurrent_streams: http2(
                http2_protocol_options.as_ref(),
                &at.field("http2_protocol_options"),
            )?,
        })
    }
}

fn routes(
    rds: Option<&envoy::Rds>,
    inline: Option<&envoy::RouteConfiguration>,
    tables: &Tables<'_>,
    filters: &Filters,
    root: &At<'_>,
    at: &At<'_>,
) -> Result<Option<Arc<RouteTable>>, ConfigError> {
    match (rds, inline) {
        (None, Some(table)) => {
            let table = RouteTable::new(table, tables.clusters, filters, true, &at.field("route_config"))?;
            Ok(Some(Arc::new(table)))
        }
        (Some(rds), None) => {
            let field = at.field("rds");
            if rds.config_source.as_ref().is_some_and(|source| source.path_config_source.is_some()) {
                return Err(field.field("config_source").field("path_config_source").not_implemented());
            }
            let Some((index, table)) = tables.routes.get(rds.route_config_name.as_str()) else {
                return Ok(None);
            };
            let table =
                RouteTable::new(table, tables.clusters, filters, false, &root.index("routes", *index))?;
            Ok(Some(Arc::new(table)))
        }
        _ => Err(at.error("one of rds and route_config must be set")),
    }
}

fn upgrades(configs: &[envoy::UpgradeConfig], at: &At<'_>) -> Result<Vec<(Box<str>, bool)>, ConfigError> {
    let mut upgrades = Vec::with_capacity(configs.len());
    for (index, config) in configs.iter().enumerate() {
        let field = at.index("upgrade_configs", index);
        let envoy::UpgradeConfig { upgrade_type, filters, enabled } = config;
        field.refuse("filters", filters)?;
        if upgrade_type.eq_ignore_ascii_case("connect") {
            return Err(field.field("upgrade_type").error("CONNECT is not implemented by mesh-proxy"));
        }
        upgrades.push((upgrade_type.to_ascii_lowercase().into(), enabled.unwrap_or(true)));
    }
    Ok(upgrades)
}

/// What is read of `HttpProtocolOptions`.
pub(crate) struct Common {
    pub(crate) idle_timeout: Duration,
    pub(crate) max_duration: Duration,
    pub(crate) max_headers: usize,
    pub(crate) max_requests: Option<u32>,
}

pub(crate) fn common(options: &envoy::CommonHttpProtocolOptions, at: &At<'_>) -> Result<Common, ConfigError> {
    let envoy::CommonHttpProtocolOptions {
        idle_timeout,
        max_connection_duration,
        max_headers_count,
        max_stream_duration,
        max_requests_per_connection,
        headers_with_underscores_action,
    } = options;
    at.refuse("max_stream_duration", max_stream_duration)?;
    at.refuse("headers_with_underscores_action", headers_with_underscores_action)?;
    let max_headers = match max_headers_count.unwrap_or(100) {
        count @ 1..=10_000 => count as usize,
        count => return Err(at.field("max_headers_count").error(format!("{count} is not in 1 to 10000"))),
    };
    Ok(Common {
        idle_timeout: idle_timeout.map_or(Duration::from_secs(3_600), |timeout| timeout.0),
        max_duration: max_connection_duration.unwrap_or_default().0,
        max_headers,
        max_requests: *max_requests_per_connection,
    })
}

/// Refuses the settings of HTTP/1 that are not implemented.
pub(crate) fn http1(options: Option<&envoy::Http1ProtocolOptions>, at: &At<'_>) -> Result<(), ConfigError> {
    let Some(options) = options else { return Ok(()) };
    let envoy::Http1ProtocolOptions {
        allow_absolute_url,
        accept_http_10,
        default_host_for_http_10,
        header_key_format,
        // Trailers are passed on in any case.
        enable_trailers: _,
    } = options;
    if *allow_absolute_url == Some(false) {
        return Err(at.field("allow_absolute_url").not_implemented());
    }
    at.refuse("accept_http_10", accept_http_10)?;
    at.refuse("default_host_for_http_10", default_host_for_http_10)?;
    at.refuse("header_key_format", header_key_format)
}

fn http2(options: Option<&envoy::Http2ProtocolOptions>, at: &At<'_>) -> Result<Option<u32>, ConfigError> {
    let Some(options) = options else { return Ok(None) };
    let envoy::Http2ProtocolOptions {
        max_concurrent_streams,
        // Windows are a matter of speed alone.
        initial_stream_window_size: _,
        initial_connection_window_size: _,
        allow_connect,
        connection_keepalive,
    } = options;
    at.refuse("allow_connect", allow_connect)?;
    at.refuse("connection_keepalive", connection_keepalive)?;
    Ok(*max_concurrent_streams)
}
