//! From a structural schema as JSON to its compact form.

use meshc_syntax::Node;
use serde_json::{Map, Value};

use crate::cel::Rule;
use crate::schema::{Bounds, Checks, Format, Limit, ListType, Pattern, Schema, Type};

impl Schema {
    /// Compiles a structural schema. What Kubernetes does not know is left alone, as it is there; regular
    /// expressions and rules are compiled when they are first needed.
    pub fn compile(schema: &Value) -> Self {
        let Some(map) = schema.as_object() else {
            return Self { preserve: true, ..Self::default() };
        };
        let flag = |key: &str| map.get(key) == Some(&Value::Bool(true));
        let mut properties: rustc_hash::FxHashMap<Box<str>, Self> = map
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, inner)| (name.as_str().into(), Self::compile(inner)))
            .collect();
        properties.shrink_to_fit();
        let mut names: Vec<Box<str>> = properties.keys().cloned().collect();
        names.sort();
        let values = match map.get("additionalProperties") {
            Some(Value::Bool(true)) => Some(Box::new(Self { preserve: true, ..Self::default() })),
            Some(inner @ Value::Object(_)) => Some(Box::new(Self::compile(inner))),
            _ => None,
        };
        let items =
            map.get("items").filter(|items| items.is_object()).map(|items| Box::new(Self::compile(items)));
        let rules: Vec<Rule> = list(map, "x-kubernetes-validations").iter().filter_map(Rule::new).collect();
        let int_or_string = flag("x-kubernetes-int-or-string");
        let checks = Checks::compile(map, int_or_string);
        let has_rules = !rules.is_empty()
            || properties.values().any(|inner| inner.has_rules)
            || values.as_ref().is_some_and(|inner| inner.has_rules)
            || items.as_ref().is_some_and(|inner| inner.has_rules)
            || checks.all_of.iter().any(|inner| inner.has_rules);
        let has_defaults = properties.values().any(|inner| inner.default.is_some() || inner.has_defaults)
            || values.as_ref().is_some_and(|inner| inner.has_defaults)
            || items.as_ref().is_some_and(|inner| inner.has_defaults);
        Self {
            ty: if int_or_string { Type::IntOrString } else { Type::of(text(map, "type")) },
            nullable: flag("nullable"),
            preserve: flag("x-kubernetes-preserve-unknown-fields"),
            embedded: flag("x-kubernetes-embedded-resource"),
            checks,
            properties,
            names,
            values,
            items,
            list: match text(map, "x-kubernetes-list-type") {
                "set" => ListType::Set,
                "map" => ListType::Map(words(map, "x-kubernetes-list-map-keys")),
                _ => ListType::Atomic,
            },
            default: map.get("default").filter(|value| !value.is_null()).map(Node::from_json),
            rules,
            has_rules,
            has_defaults,
        }
    }
}

impl Checks {
    fn compile(map: &Map<String, Value>, int_or_string: bool) -> Self {
        let number = |key: &str| map.get(key).and_then(Value::as_f64);
        let count = |key: &str| map.get(key).and_then(Value::as_u64);
        let bounds = |least, most| Bounds { least: count(least), most: count(most) };
        // Draft 4, as Kubernetes has it: the exclusive ends are flags. schemars writes them as numbers.
        let limit = |key: &str, exclusive: &str| match map.get(exclusive) {
            Some(Value::Number(value)) => value.as_f64().map(|value| Limit { value, exclusive: true }),
            flag => number(key).map(|value| Limit { value, exclusive: flag == Some(&Value::Bool(true)) }),
        };
        let schemas = |key: &str| -> Vec<Schema> { list(map, key).iter().map(Schema::compile).collect() };
        let mut exclusive = Vec::new();
        let one_of = match exclusive_group(list(map, "oneOf")) {
            Some(group) => {
                exclusive.push(group);
                Vec::new()
            }
            None => schemas("oneOf"),
        };
        let mut all_of = Vec::new();
        for branch in list(map, "allOf") {
            let only_one_of = branch.as_object().is_some_and(|branch| branch.len() == 1);
            match exclusive_group(branch.get("oneOf").and_then(Value::as_array).map_or(&[], Vec::as_slice)) {
                Some(group) if only_one_of => exclusive.push(group),
                _ => all_of.push(Schema::compile(branch)),
            }
        }
        Self {
            format: Format::of(text(map, "type"), text(map, "format")),
            pattern: map.get("pattern").and_then(Value::as_str).map(Pattern::new),
            length: bounds("minLength", "maxLength"),
            items: bounds("minItems", "maxItems"),
            properties: bounds("minProperties", "maxProperties"),
            minimum: limit("minimum", "exclusiveMinimum"),
            maximum: limit("maximum", "exclusiveMaximum"),
            multiple_of: number("multipleOf").filter(|value| *value > 0.0),
            unique_items: map.get("uniqueItems") == Some(&Value::Bool(true)),
            values: list(map, "enum").to_vec(),
            required: words(map, "required"),
            exclusive,
            all_of,
            // Of an int-or-string the two branches say nothing that its type does not.
            any_of: if int_or_string { Vec::new() } else { schemas("anyOf") },
            one_of,
            not: map.get("not").map(|inner| Box::new(Schema::compile(inner))),
        }
    }
}

/// The fields of a protobuf `oneof` as Kubernetes states it: none of them, or exactly one.
fn exclusive_group(branches: &[Value]) -> Option<Vec<Box<str>>> {
    let (first, rest) = branches.split_first()?;
    let only = |branch: &Value| -> Option<Box<str>> {
        let branch = branch.as_object().filter(|branch| branch.len() == 1)?;
        match branch.get("required")?.as_array()?.as_slice() {
            [Value::String(name)] => Some(name.as_str().into()),
            _ => None,
        }
    };
    let none = first.as_object().filter(|first| first.len() == 1)?.get("not")?;
    let none = none.as_object().filter(|none| none.len() == 1)?.get("anyOf")?.as_array()?;
    let none: Vec<Box<str>> = none.iter().map(only).collect::<Option<_>>()?;
    let each: Vec<Box<str>> = rest.iter().map(only).collect::<Option<_>>()?;
    (none == each).then_some(each)
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(map: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    map.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn words(map: &Map<String, Value>, key: &str) -> Vec<Box<str>> {
    list(map, key).iter().filter_map(Value::as_str).map(Into::into).collect()
}

impl Type {
    fn of(name: &str) -> Self {
        match name {
            "object" => Self::Object,
            "array" => Self::Array,
            "string" => Self::String,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            _ => Self::Any,
        }
    }
}

impl Format {
    /// The formats that the API server checks for a type; it ignores all others.
    fn of(ty: &str, format: &str) -> Option<Self> {
        match ty {
            "integer" => match format {
                "int32" => Some(Self::Int32),
                "int64" => Some(Self::Int64),
                _ => None,
            },
            "string" | "" => match format.replace('-', "").as_str() {
                "uri" => Some(Self::Uri),
                "email" => Some(Self::Email),
                "hostname" => Some(Self::Hostname),
                "ipv4" => Some(Self::Ipv4),
                "ipv6" => Some(Self::Ipv6),
                "cidr" => Some(Self::Cidr),
                "mac" => Some(Self::Mac),
                "uuid" | "uuid3" | "uuid4" | "uuid5" => Some(Self::Uuid),
                "byte" => Some(Self::Byte),
                "date" => Some(Self::Date),
                "datetime" => Some(Self::DateTime),
                "duration" => Some(Self::Duration),
                _ => None,
            },
            _ => None,
        }
    }
}
