//! From what schemars says about a type to the schema that a `CustomResourceDefinition` would hold for it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The structural schema of a type: Kubernetes's `openAPIV3Schema`, descriptions included.
///
/// References are inlined; what Rust needs `Option` for is no `null`; what serde fills in is no default; groups of
/// `x-meshc-one-of` become the `oneOf`s by which Kubernetes states a protobuf `oneof`.
pub fn structural<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    normalise(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.remove("title");
        root.remove("$defs");
    }
    schema
}

fn normalise(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        // `true`: anything.
        *schema = json!({ "x-kubernetes-preserve-unknown-fields": true });
        return;
    };
    for noise in ["title", "examples", "deprecated", "readOnly", "writeOnly", "$schema"] {
        map.remove(noise);
    }
    if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.remove("additionalProperties");
    }
    if map.remove("$ref").is_some() {
        // A type that holds itself: Kubernetes knows no references.
        map.insert("x-kubernetes-preserve-unknown-fields".to_owned(), Value::Bool(true));
    }
    strip_null(map);
    strip_default(map);
    merge_enumeration(map);
    number_format(map);
    if map.get("pattern").and_then(Value::as_str) == Some(meshc_syntax::de::Duration::PATTERN) {
        map.remove("pattern");
    }
    if map.get("x-kubernetes-preserve-unknown-fields").is_none()
        && map.get("type").is_none()
        && !["properties", "anyOf", "allOf", "oneOf", "x-kubernetes-int-or-string", "enum"]
            .iter()
            .any(|key| map.contains_key(*key))
    {
        map.insert("x-kubernetes-preserve-unknown-fields".to_owned(), Value::Bool(true));
    }
    required(map);
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(normalise);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = map.get_mut(key) {
            normalise(inner);
        }
    }
    expand_one_of(map);
}

/// The field is optional in Rust: so it may be left out, not null.
fn strip_null(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    for key in ["anyOf", "oneOf"] {
        let Some(Value::Array(branches)) = map.get_mut(key) else { continue };
        let before = branches.len();
        branches.retain(|branch| branch.get("type") != Some(&Value::from("null")));
        if branches.len() == 1 && before == 2 {
            let only = branches.remove(0);
            map.remove(key);
            if let Value::Object(only) = only {
                for (key, value) in only {
                    map.entry(key).or_insert(value);
                }
            }
            // What was within may be nullable itself: an `Option` of a type whose schema says so.
            strip_null(map);
            break;
        }
    }
}

/// The empty values that serde fills in are no defaults of the API.
fn strip_default(map: &mut Map<String, Value>) {
    let empty = match map.get("default") {
        Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        _ => false,
    };
    if empty {
        map.remove("default");
    }
}

/// A Rust enumeration: `oneOf` its variants becomes one `enum`, or, of variants with content, one object.
fn merge_enumeration(map: &mut Map<String, Value>) {
    if let Some(only) = map.remove("const") {
        map.insert("enum".to_owned(), json!([only]));
    }
    let Some(Value::Array(branches)) = map.get("oneOf") else { return };
    let words: Option<Vec<Value>> = branches
        .iter()
        .map(|branch| match (branch.get("const"), branch.get("enum")) {
            (Some(word), _) => Some(vec![word.clone()]),
            (None, Some(Value::Array(words))) => Some(words.clone()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()
        .map(|lists| lists.concat());
    if let Some(words) = words {
        map.remove("oneOf");
        map.insert("type".to_owned(), "string".into());
        map.insert("enum".to_owned(), Value::Array(words));
        return;
    }
    let is_variant = |branch: &Value| {
        branch.get("type") == Some(&Value::from("object"))
            && branch.get("properties").and_then(Value::as_object).is_some_and(|p| p.len() == 1)
            && branch.get("required").is_some()
    };
    if !branches.iter().all(is_variant) {
        return;
    }
    let mut properties = Map::new();
    for branch in branches {
        for (name, inner) in branch.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let mut inner = inner.clone();
            if let (Some(inner), Some(words)) = (inner.as_object_mut(), branch.get("description")) {
                inner.entry("description").or_insert_with(|| words.clone());
            }
            properties.insert(name.clone(), inner);
        }
    }
    let names: Vec<Value> = properties.keys().map(|name| name.as_str().into()).collect();
    map.remove("oneOf");
    map.insert("type".to_owned(), "object".into());
    // Variants are not required: `required` below looks at nullability, which they have not.
    for inner in properties.values_mut() {
        if let Some(inner) = inner.as_object_mut() {
            inner.insert("x-meshc-required".to_owned(), Value::Bool(false));
        }
    }
    map.insert("properties".to_owned(), Value::Object(properties));
    map.entry("x-meshc-one-of").or_insert_with(|| json!([names]));
}

/// Rust's number formats as the generator of Istio's and the Gateway API's definitions writes them.
fn number_format(map: &mut Map<String, Value>) {
    let format = map.get("format").and_then(Value::as_str).map(ToOwned::to_owned);
    match format.as_deref() {
        Some("uint32") => {
            map.remove("format");
            map.entry("minimum").or_insert_with(|| 0.into());
            map.entry("maximum").or_insert_with(|| u32::MAX.into());
        }
        Some("uint64" | "uint") => {
            map.remove("format");
            map.entry("minimum").or_insert_with(|| 0.into());
        }
        Some("uint16" | "int16" | "uint8" | "int8") => {
            map.insert("format".to_owned(), "int32".into());
        }
        _ => {}
    }
}

/// Which properties must be there. In types whose fields all have serde's default, schemars requires none: but an
/// `Option` whose schema may not be null was marked `#[schemars(required)]`.
fn required(map: &mut Map<String, Value>) {
    let mut names: Vec<String> = match map.remove("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        _ => Vec::new(),
    };
    if let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, inner) in properties.iter_mut() {
            let marked = inner.as_object_mut().and_then(|inner| inner.remove("x-meshc-required"));
            let is_required = match marked {
                Some(marked) => marked == Value::Bool(true),
                None => is_single(inner) && !allows_null(inner),
            };
            if is_required && !names.contains(name) {
                names.push(name.clone());
            } else if !is_required {
                names.retain(|other| other != name);
            }
        }
    }
    if !names.is_empty() {
        names.sort();
        map.insert("required".to_owned(), names.into());
    }
}

/// Whether a schema, as schemars makes it of an `Option`, takes null.
fn allows_null(schema: &Value) -> bool {
    let has_null = |key| match schema.get(key) {
        Some(Value::Array(branches)) => branches
            .iter()
            .any(|b| *b == "null" || b.is_null() || b.get("type") == Some(&Value::from("null"))),
        _ => false,
    };
    ["type", "anyOf", "oneOf", "enum"].into_iter().any(has_null)
}

/// No list, map or free-form value: the types that have serde's default without being an `Option`.
fn is_single(schema: &Value) -> bool {
    ["type", "anyOf", "oneOf"].iter().any(|key| schema.get(*key).is_some())
        && schema.get("type") != Some(&Value::from("array"))
        && schema.get("additionalProperties").is_none_or(|inner| *inner == Value::Bool(false))
        && schema.get("x-kubernetes-preserve-unknown-fields").is_none()
}

/// `x-meshc-one-of` as Kubernetes states it: none, or exactly one of each group.
fn expand_one_of(map: &mut Map<String, Value>) {
    let Some(Value::Array(groups)) = map.remove("x-meshc-one-of") else { return };
    let mut expanded: Vec<Value> = groups
        .iter()
        .filter_map(Value::as_array)
        .map(|group| {
            let each: Vec<Value> = group.iter().map(|name| json!({ "required": [name] })).collect();
            let mut branches = vec![json!({ "not": { "anyOf": each.clone() } })];
            branches.extend(each);
            Value::Array(branches)
        })
        .collect();
    if expanded.len() == 1 {
        map.insert("oneOf".to_owned(), expanded.remove(0));
    } else if !expanded.is_empty() {
        let all = expanded.into_iter().map(|branches| json!({ "oneOf": branches })).collect();
        map.insert("allOf".to_owned(), Value::Array(all));
    }
}
