//! How a cluster speaks HTTP.

use std::collections::BTreeMap;

use meshc_effective::model::{Cluster, HttpOptions, UpstreamProtocol};
use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;
use serde_json::{Value, json};

/// The extension's name.
const NAME: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The options, where any is not Envoy's own.
pub(crate) fn of(cluster: &Cluster) -> BTreeMap<String, TypedConfig> {
    let options = &cluster.http;
    let own = HttpOptions { protocol: options.protocol, ..HttpOptions::default() };
    if options.protocol == UpstreamProtocol::Http1 && *options == own {
        return BTreeMap::new();
    }
    let mut made = envoy::HttpProtocolOptions {
        common_http_protocol_options: options.common.then(|| envoy::CommonHttpProtocolOptions {
            idle_timeout: options.idle_timeout.map(Into::into),
            max_connection_duration: options.max_connection_duration.map(Into::into),
            max_requests_per_connection: options.max_requests_per_connection,
            ..envoy::CommonHttpProtocolOptions::default()
        }),
        upstream_http_protocol_options: (options.auto_sni || options.auto_san_validation).then_some({
            envoy::UpstreamHttpProtocolOptions {
                auto_sni: options.auto_sni,
                auto_san_validation: options.auto_san_validation,
            }
        }),
        outlier_detection: errors(&options.error_statuses),
        ..envoy::HttpProtocolOptions::default()
    };
    match options.protocol {
        UpstreamProtocol::Http1 => {
            made.explicit_http_config = Some(envoy::ExplicitHttpConfig {
                http_protocol_options: Some(http1(options)),
                ..envoy::ExplicitHttpConfig::default()
            });
        }
        UpstreamProtocol::Http2 => {
            made.explicit_http_config = Some(envoy::ExplicitHttpConfig {
                http2_protocol_options: Some(http2(options)),
                ..envoy::ExplicitHttpConfig::default()
            });
        }
        UpstreamProtocol::Downstream => {
            made.use_downstream_protocol_config = Some(envoy::UseDownstreamHttpConfig {
                http_protocol_options: Some(http1(options)),
                http2_protocol_options: Some(http2(options)),
            });
        }
    }
    BTreeMap::from([(NAME.to_owned(), made.into())])
}

/// Headers of HTTP/1.1 are spelled as they came.
pub(crate) fn as_written() -> Value {
    json!({"stateful_formatter": {
        "name": "preserve_case",
        "typed_config": {"@type":
            "type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig"},
    }})
}

fn http1(options: &HttpOptions) -> envoy::Http1ProtocolOptions {
    envoy::Http1ProtocolOptions {
        header_key_format: options.preserve_header_case.then(as_written),
        ..envoy::Http1ProtocolOptions::default()
    }
}

fn http2(options: &HttpOptions) -> envoy::Http2ProtocolOptions {
    let pings = options.keepalive.map(|(interval, timeout)| {
        let text = |time: Option<std::time::Duration>| time.map(|time| envoy::Duration(time).to_string());
        let mut pings = serde_json::Map::new();
        pings.extend(text(interval).map(|text| ("interval".to_owned(), Value::String(text))));
        pings.extend(text(timeout).map(|text| ("timeout".to_owned(), Value::String(text))));
        Value::Object(pings)
    });
    envoy::Http2ProtocolOptions {
        max_concurrent_streams: options.max_concurrent_streams,
        connection_keepalive: pings,
        ..envoy::Http2ProtocolOptions::default()
    }
}

/// The answers that outlier detection counts.
fn errors(statuses: &[u32]) -> Option<Value> {
    let rule = |status: &u32| {
        json!({"http_response_headers_match": {"headers": [
            {"name": ":status", "string_match": {"exact": status.to_string()}},
        ]}})
    };
    let matcher = match statuses {
        [] => return None,
        [only] => rule(only),
        several => json!({"or_match": {"rules": several.iter().map(rule).collect::<Vec<_>>()}}),
    };
    Some(json!({"error_matcher": matcher}))
}
