//! Access logs, compiled.

use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;
use serde_json::Value;

use crate::error::{At, ConfigError};
use crate::format::{Format, JsonNode, Operator};
use crate::format_parse::{parse, parse_json};

/// A log to a file.
#[derive(Debug, Clone)]
pub struct AccessLog {
    /// The path of the file.
    pub path: Box<str>,
    /// What a line holds.
    pub format: LogFormat,
    /// Leaves out what is absent.
    pub omit_empty: bool,
}

/// What a line holds.
#[derive(Debug, Clone)]
pub enum LogFormat {
    /// Text, with its own line ends.
    Text(Format),
    /// One JSON value.
    Json(JsonNode),
}

/// Envoy's own format.
const DEFAULT_FORMAT: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" \
%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \
\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

impl AccessLog {
    pub(crate) fn new(log: &envoy::AccessLog, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::AccessLog { name: _, filter, typed_config } = log;
        at.refuse("filter", filter)?;
        let field = at.field("typed_config");
        match typed_config {
            Some(TypedConfig::FileAccessLog(file)) => Self::file(file, &field),
            Some(other) => Err(field.error(format!("{} is not implemented by mesh-proxy", other.type_url()))),
            None => Err(field.error("must be set")),
        }
    }

    fn file(file: &envoy::FileAccessLog, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::FileAccessLog { path, format, json_format, typed_json_format, log_format } = file;
        if path.is_empty() {
            return Err(at.field("path").error("must not be empty"));
        }
        let json = |fields: &envoy::Struct, at: &At<'_>| {
            parse_json(&Value::Object(fields.clone()), at).map(LogFormat::Json)
        };
        let mut omit_empty = false;
        let format = match (format, json_format, typed_json_format, log_format) {
            (None, None, None, None) => LogFormat::Text(parse(DEFAULT_FORMAT, at)?),
            (Some(text), None, None, None) => LogFormat::Text(parse(text, &at.field("format"))?),
            (None, Some(fields), None, None) => json(fields, &at.field("json_format"))?,
            (None, None, Some(fields), None) => json(fields, &at.field("typed_json_format"))?,
            (None, None, None, Some(format)) => {
                omit_empty = format.omit_empty_values;
                Self::log_format(format, &at.field("log_format"))?
            }
            _ => return Err(at.error("only one format can be set")),
        };
        Ok(Self { path: path.as_str().into(), format, omit_empty })
    }

    fn log_format(format: &envoy::SubstitutionFormatString, at: &At<'_>) -> Result<LogFormat, ConfigError> {
        let envoy::SubstitutionFormatString {
            text_format,
            json_format,
            text_format_source,
            omit_empty_values: _,
            content_type,
            json_format_options: _,
            formatters,
        } = format;
        at.refuse("content_type", content_type)?;
        at.refuse("formatters", formatters)?;
        match (text_format, json_format, text_format_source) {
            (Some(text), None, None) => parse(text, &at.field("text_format")).map(LogFormat::Text),
            (None, Some(fields), None) => {
                parse_json(&Value::Object(fields.clone()), &at.field("json_format")).map(LogFormat::Json)
            }
            (None, None, Some(source)) => {
                let field = at.field("text_format_source");
                let envoy::DataSource { inline_string, inline_bytes, filename, environment_variable } =
                    source;
                field.refuse("inline_bytes", inline_bytes)?;
                field.refuse("filename", filename)?;
                field.refuse("environment_variable", environment_variable)?;
                let text = inline_string.as_deref().unwrap_or("");
                parse(text, &field.field("inline_string")).map(LogFormat::Text)
            }
            _ => Err(at.error("one of text_format, json_format and text_format_source must be set")),
        }
    }

    /// Gives each header that the log shows a place of its own, and lists the headers of requests and of responses.
    pub(crate) fn assign_slots(&mut self, requests: &mut Vec<Operator>, responses: &mut Vec<Operator>) {
        let operators: Vec<&mut Operator> = match &mut self.format {
            LogFormat::Text(format) => format.operators_mut().collect(),
            LogFormat::Json(node) => node.operators_mut(),
        };
        for operator in operators {
            let list = match operator {
                Operator::RequestHeader(_) => &mut *requests,
                Operator::ResponseHeader(_) => &mut *responses,
                _ => continue,
            };
            if let Operator::RequestHeader(operand) | Operator::ResponseHeader(operand) = operator {
                operand.slot = list.len();
            }
            list.push(operator.clone());
        }
    }
}
