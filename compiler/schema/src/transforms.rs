//! Keywords on what a list or a map holds, for `#[schemars(transform = …)]`.

use schemars::Schema;
use serde_json::{Map, Value};

/// Merges keywords into the schema of a list's items.
///
/// ```
/// #[derive(schemars::JsonSchema)]
/// struct Gateway {
///     #[schemars(transform = meshc_schema::items(serde_json::json!({"minLength": 1})))]
///     hosts: Vec<String>,
/// }
/// let schema = schemars::schema_for!(Gateway);
/// assert_eq!(schema.pointer("/properties/hosts/items/minLength"), Some(&1.into()));
/// ```
pub fn items(keywords: Value) -> impl FnMut(&mut Schema) + Clone {
    move |schema| merge_into(schema, "items", &keywords)
}

/// Merges keywords into the schema of a map's values.
///
/// ```
/// #[derive(schemars::JsonSchema)]
/// struct Selector {
///     #[schemars(transform = meshc_schema::values(serde_json::json!({"maxLength": 63})))]
///     match_labels: std::collections::BTreeMap<String, String>,
/// }
/// let schema = schemars::schema_for!(Selector);
/// assert_eq!(schema.pointer("/properties/match_labels/additionalProperties/maxLength"), Some(&63.into()));
/// ```
pub fn values(keywords: Value) -> impl FnMut(&mut Schema) + Clone {
    move |schema| merge_into(schema, "additionalProperties", &keywords)
}

fn merge_into(schema: &mut Schema, place: &str, keywords: &Value) {
    let inner = schema.ensure_object().entry(place).or_insert_with(|| Value::Object(Map::new()));
    if !inner.is_object() {
        *inner = Value::Object(Map::new());
    }
    if let (Some(inner), Some(keywords)) = (inner.as_object_mut(), keywords.as_object()) {
        inner.extend(keywords.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
}
