//! Access logs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::message::message;
use crate::scalar::{DataSource, Struct};
use crate::typed::TypedConfig;

message! {
    /// `envoy.config.accesslog.v3.AccessLog`.
    pub struct AccessLog {
        /// Its name.
        pub name: String,
        /// Which requests are logged (`AccessLogFilter`).
        pub filter: Option<Value>,
        /// What it is and does.
        pub typed_config: Option<TypedConfig>,
    }

    /// `envoy.extensions.access_loggers.file.v3.FileAccessLog`: one of the formats, or Envoy's default text.
    pub struct FileAccessLog {
        /// The path of the file.
        pub path: String,
        /// Text with operators.
        pub format: Option<String>,
        /// JSON whose texts hold operators.
        pub json_format: Option<Struct>,
        /// JSON whose texts hold operators, with the operators' own types.
        pub typed_json_format: Option<Struct>,
        /// The format with its options.
        pub log_format: Option<SubstitutionFormatString>,
    }

    /// `envoy.config.core.v3.SubstitutionFormatString`: one of the formats.
    pub struct SubstitutionFormatString {
        /// Text with operators.
        pub text_format: Option<String>,
        /// JSON whose texts hold operators.
        pub json_format: Option<Struct>,
        /// Text with operators, possibly from a file.
        pub text_format_source: Option<DataSource>,
        /// Leaves out JSON keys whose value is absent; in text, prints nothing in place of `-`.
        pub omit_empty_values: bool,
        /// The type of content, where the format makes an answer.
        pub content_type: Option<String>,
        /// Options of JSON.
        pub json_format_options: Option<JsonFormatOptions>,
        /// Extensions that know more operators.
        pub formatters: Vec<BTreeMap<String, Value>>,
    }

    /// Options of a JSON format.
    pub struct JsonFormatOptions {
        /// Sorts the keys.
        pub sort_properties: bool,
    }
}
