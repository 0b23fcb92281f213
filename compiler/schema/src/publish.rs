//! A structural schema as a JSON Schema of draft 2020-12, for editors.

use serde_json::{Map, Value, json};

/// The JSON Schema of a structural schema: with Kubernetes's own keywords put in the words of the draft, and unknown
/// fields refused. What only Kubernetes can say (rules in CEL, keys of lists) is left out.
pub fn publish(structural: &Value) -> Value {
    let mut schema = structural.clone();
    value(&mut schema);
    schema
}

fn value(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(value);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(key) {
            value(inner);
        }
    }
    let flag = |map: &Map<String, Value>, key: &str| map.get(key) == Some(&Value::Bool(true));
    let open = flag(map, "x-kubernetes-preserve-unknown-fields");
    if map.contains_key("properties") && !map.contains_key("additionalProperties") && !open {
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    if flag(map, "x-kubernetes-int-or-string") {
        map.remove("anyOf");
        map.insert("type".to_owned(), json!(["integer", "string"]));
    }
    if map.get("x-kubernetes-list-type") == Some(&Value::from("set")) {
        map.insert("uniqueItems".to_owned(), Value::Bool(true));
    }
    if flag(map, "nullable")
        && let Some(Value::String(name)) = map.get("type")
    {
        let both = json!([name, "null"]);
        map.insert("type".to_owned(), both);
        if let Some(Value::Array(words)) = map.get_mut("enum") {
            words.push(Value::Null);
        }
    }
    // What has a default need not be written.
    let written: Vec<String> = map
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, inner)| inner.get("default").is_some())
        .map(|(name, _)| name.clone())
        .collect();
    if let Some(Value::Array(names)) = map.get_mut("required") {
        names.retain(|name| !written.iter().any(|other| name == other.as_str()));
        if names.is_empty() {
            map.remove("required");
        }
    }
    map.remove("nullable");
    map.retain(|key, _| !key.starts_with("x-"));
}
