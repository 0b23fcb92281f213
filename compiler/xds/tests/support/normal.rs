//! One form for what protojson and Envoy allow several of: lists that are sets are sorted, numbers are numbers.

use serde_json::Value;

/// Lists that Envoy treats as sets, by their field.
const SETS: [&str; 11] = [
    "domains",
    "virtual_hosts",
    "filter_chains",
    "endpoints",
    "lb_endpoints",
    "prefix_ranges",
    "source_prefix_ranges",
    "server_names",
    "match_subject_alt_names",
    "match_typed_subject_alt_names",
    "custom_tags",
];

/// Brings a resource into its one form.
pub(super) fn normalize(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                normalize(field);
                if let (true, Value::Array(items)) = (SETS.contains(&name.as_str()), field) {
                    items.sort_by_cached_key(Value::to_string);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Number(number) => {
            if let Some(float) = number.as_f64().and_then(serde_json::Number::from_f64) {
                *number = float;
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
