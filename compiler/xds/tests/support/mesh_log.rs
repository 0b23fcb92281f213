//! The access log of the mesh's own settings, which the recordings have wrong.
//!
//! istiod makes it once and keeps it for as long as it runs (`cachedMeshConfigAccessLog` of
//! `pilot/pkg/networking/core/accesslog.go`), until its settings change; what recorded the answers went from one mesh to
//! the next without telling it. So all of them have that of the first mesh. Ours is replaced by it.

use meshc_effective::model::{AccessLog, LogBody, LogTarget, Proxy};
use serde_json::{Value, json};

/// What the origin of a log says that the mesh's settings ask for.
const OF_MESH: &str = "MeshConfig: accessLogFile";

/// Replaces the mesh's own access log by the recorded one, wherever it stands in the listeners of a proxy.
pub(super) fn forget(listeners: &mut Value, proxy: &Proxy) {
    for side in [&proxy.telemetry.client, &proxy.telemetry.server] {
        let of_mesh = |log: &&AccessLog| log.origins.iter().any(|origin| origin.text == OF_MESH);
        for log in side.logs.iter().filter(of_mesh) {
            replace(listeners, log);
        }
    }
}

fn replace(value: &mut Value, log: &AccessLog) {
    match value {
        Value::Object(fields) => {
            if fields.get("path").is_some() && fields.get("log_format").is_some_and(|format| is(format, log))
            {
                fields.insert("path".to_owned(), json!("/dev/stdout"));
                let format = json!({"json_format": {"code": "%RESPONSE_CODE%"}, "json_format_options": {}});
                fields.insert("log_format".to_owned(), format);
            }
            fields.values_mut().for_each(|field| replace(field, log));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, log)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is(format: &Value, log: &AccessLog) -> bool {
    let LogTarget::File { format: ours, .. } = &log.to else { return false };
    match &ours.body {
        LogBody::Text(line) => format["text_format_source"]["inline_string"] == json!(line),
        LogBody::Json(object) => format["json_format"] == *object,
    }
}
