//! The pages of the administration, under Envoy's paths.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode, Uri};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::dumps;
use crate::control::Control;
use crate::stats;

const HELP: &str = "\
mesh-proxy administration
  /ready              whether it serves, and why a newer configuration was refused
  /server_info        version, node, digest of the configuration
  /config_dump        the resources in use
  /clusters           endpoints with their statistics (?format=json)
  /listeners          listeners with their addresses (?format=json)
  /stats              statistics (?format=prometheus)
  /stats/prometheus   statistics for Prometheus
  /drain              (POST) close connections after the requests under way
  /quitquitquit       (POST) the same, then end
";

/// Answers a request.
pub(super) fn answer(
    method: &Method,
    uri: &Uri,
    control: &Arc<Control>,
    quit: &UnboundedSender<()>,
) -> Response<Full<Bytes>> {
    let format = query(uri, "format");
    let changes = matches!(uri.path(), "/drain" | "/drain_listeners" | "/quitquitquit");
    if changes && method != Method::POST {
        return text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed: use POST\n");
    }
    if !changes && method != Method::GET && method != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed: use GET\n");
    }
    match uri.path() {
        "/" | "/help" => text(StatusCode::OK, HELP),
        "/ready" => ready(control),
        "/server_info" => json_page(&server_info(control)),
        "/config_dump" => json_page(&dumps::config(&control.state())),
        "/clusters" if format == Some("json") => json_page(&dumps::clusters_json(control)),
        "/clusters" => text(StatusCode::OK, dumps::clusters_text(control)),
        "/listeners" if format == Some("json") => json_page(&dumps::listeners_json(&control.state())),
        "/listeners" => text(StatusCode::OK, dumps::listeners_text(&control.state())),
        "/stats" if format == Some("prometheus") => {
            text(StatusCode::OK, stats::prometheus(&control.registry))
        }
        "/stats" => text(StatusCode::OK, stats::text(&control.registry)),
        "/stats/prometheus" => text(StatusCode::OK, stats::prometheus(&control.registry)),
        "/drain" | "/drain_listeners" => {
            control.drain();
            text(StatusCode::OK, "OK\n")
        }
        "/quitquitquit" => {
            // The process waits for this for as long as it runs.
            let _ = quit.send(());
            text(StatusCode::OK, "OK\n")
        }
        _ => text(StatusCode::NOT_FOUND, format!("there is no such page\n{HELP}")),
    }
}

fn ready(control: &Control) -> Response<Full<Bytes>> {
    let state = control.state();
    let (status, word) = if state.draining {
        (StatusCode::SERVICE_UNAVAILABLE, "DRAINING")
    } else if state.updated.is_none() {
        (StatusCode::SERVICE_UNAVAILABLE, "PRE_INITIALIZING")
    } else {
        (StatusCode::OK, "LIVE")
    };
    let mut body = format!("{word}\n");
    if let Some(error) = &state.last_error {
        for part in ["a newer configuration was refused: ", error, "\n"] {
            body.push_str(part);
        }
    }
    text(status, body)
}

fn server_info(control: &Control) -> Value {
    let state = control.state();
    let server = &control.registry.server;
    json!({
        "version": concat!("mesh-proxy/", env!("CARGO_PKG_VERSION")),
        "state": if state.draining { "DRAINING" } else if state.updated.is_some() { "LIVE" } else { "PRE_INITIALIZING" },
        "node": { "id": state.node },
        "digest": state.digest,
        "endpoints_digest": state.endpoints_digest,
        "last_error": state.last_error,
        "updates": server.updates.load(Ordering::Relaxed),
        "updates_rejected": server.rejected.load(Ordering::Relaxed),
        "concurrency": server.concurrency,
        "uptime_current_epoch": format!("{}s", server.start.elapsed().as_secs()),
        "pid": std::process::id(),
    })
}

fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn page(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, max-age=0"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    page(status, "text/plain; charset=UTF-8", body)
}

fn json_page(value: &Value) -> Response<Full<Bytes>> {
    page(StatusCode::OK, "application/json", format!("{value:#}\n"))
}
