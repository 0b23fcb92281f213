//! protobuf's merge with Istio's one exception (`pkg/proto/merge`): a duration is replaced whole.

use std::fmt;

use serde_json::{Map, Value};

use crate::read::type_name;
use crate::table::{self, Field, Label, Message, Type};

/// What becomes of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// One behind the other.
    Append,
    /// The new one in place of the old one.
    Replace,
}

/// Why one `Any` cannot be merged into another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyMismatch {
    /// One of the types is in no table; nothing was merged.
    Unknown,
    /// The types are different ones.
    Different,
}

/// Merges `from`, in the form that [`read`](crate::read) gives, into a message of the same type.
pub fn merge(message: &Message, into: &mut Value, from: &Value, lists: Lists) {
    let Some(from) = from.as_object() else { return };
    for (name, value) in from {
        if let Some(field) = message.field(name) {
            field.merge(message, object(into), value, lists);
        }
    }
}

/// Merges a message with its type beside it into another of the same type; lists are appended.
pub fn merge_any(into: &mut Value, from: &Value) -> Result<(), AnyMismatch> {
    let of = |any: &Value| any.get("@type").and_then(Value::as_str).map(|url| type_name(url).to_owned());
    let (Some(old), Some(new)) = (of(into), of(from)) else { return Err(AnyMismatch::Unknown) };
    let (Some(message), Some(_)) = (table::message(&old), table::message(&new)) else {
        return Err(AnyMismatch::Unknown);
    };
    if old != new {
        return Err(AnyMismatch::Different);
    }
    merge(message, into, from, Lists::Append);
    Ok(())
}

/// The fields of a message; what is none becomes an empty one.
fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(fields) => fields,
        // It was made one above.
        _ => unreachable!(),
    }
}

// === impl Field ===

impl Field {
    fn merge(&self, message: &Message, into: &mut Map<String, Value>, value: &Value, lists: Lists) {
        if let Label::OneOf(group) = self.label {
            for other in &message.fields {
                if other.label == Label::OneOf(group) && other.name != self.name {
                    into.remove(other.name);
                }
            }
        }
        match self.label {
            Label::Repeated => append(into, self.name, value, lists),
            Label::Map => entries(into, self.name, value),
            Label::Plain | Label::Optional | Label::OneOf(_) => self.merge_one(into, value, lists),
        }
    }

    fn merge_one(&self, into: &mut Map<String, Value>, value: &Value, lists: Lists) {
        let old = into.get_mut(self.name);
        match (self.of, old) {
            (Type::Message(name), old) => {
                if let (Some(message), Some(old)) = (table::message(name), old) {
                    merge(message, old, value, lists);
                } else {
                    into.insert(self.name.to_owned(), value.clone());
                }
            }
            (Type::Struct, Some(_)) => entries(into, self.name, value),
            (Type::ListValue, Some(_)) => append(into, self.name, value, lists),
            (Type::Value, Some(Value::Object(_))) if value.is_object() => entries(into, self.name, value),
            (Type::Value, Some(Value::Array(_))) if value.is_array() => {
                append(into, self.name, value, lists);
            }
            // The zero inside a wrapper is not seen by the merge, as in any message.
            (Type::Wrapper(scalar), Some(_)) if scalar.is_zero(value) => {}
            // An empty message has no bytes to put in place of the old ones; only the type is taken.
            (Type::Any, Some(Value::Object(old))) if value.as_object().is_some_and(|new| new.len() <= 1) => {
                if let Some(url) = value.get("@type") {
                    old.insert("@type".to_owned(), url.clone());
                }
            }
            _ => {
                into.insert(self.name.to_owned(), value.clone());
            }
        }
    }
}

/// Puts the items of a list behind those that are there, or in their place.
fn append(into: &mut Map<String, Value>, name: &str, value: &Value, lists: Lists) {
    let Some(new) = value.as_array() else { return };
    match into.get_mut(name) {
        Some(Value::Array(old)) if lists == Lists::Append => old.extend(new.iter().cloned()),
        _ => {
            into.insert(name.to_owned(), value.clone());
        }
    }
}

/// Sets entries; each is replaced whole.
fn entries(into: &mut Map<String, Value>, name: &str, value: &Value) {
    let Some(new) = value.as_object() else { return };
    let old = object(into.entry(name).or_insert_with(|| Value::Object(Map::new())));
    old.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
}

impl fmt::Display for AnyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "a type is unknown",
            Self::Different => "the types are different",
        })
    }
}

impl std::error::Error for AnyMismatch {}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{AnyMismatch, Lists, merge, merge_any};
    use crate::{message, read};

    fn merged(of: &str, mut into: Value, from: Value, lists: Lists) -> Value {
        let message = message(of).expect("it is there");
        merge(message, &mut into, &read(message, &from).expect("it is one").value, lists);
        into
    }

    const ROUTE: &str = "envoy.config.route.v3.Route";
    const LISTENER: &str = "envoy.config.listener.v3.Listener";

    #[test]
    fn a_member_of_a_oneof_takes_the_others_away() {
        let out = merged(
            ROUTE,
            json!({"name": "a", "route": {"cluster": "x", "timeout": "0s"}}),
            json!({"direct_response": {"status": 403}}),
            Lists::Append,
        );
        assert_eq!(out, json!({"name": "a", "direct_response": {"status": 403}}));
    }

    #[test]
    fn durations_are_replaced_and_zeros_in_wrappers_are_not_seen() {
        let out = merged(
            LISTENER,
            json!({"listener_filters_timeout": "5.500s", "bind_to_port": true, "per_connection_buffer_limit_bytes": 7}),
            json!({"listener_filters_timeout": "0s", "bind_to_port": false, "per_connection_buffer_limit_bytes": 9,
                   "use_original_dst": false}),
            Lists::Append,
        );
        assert_eq!(
            out,
            json!({"listener_filters_timeout": "0s", "bind_to_port": true, "per_connection_buffer_limit_bytes": 9,
                   "use_original_dst": false})
        );
    }

    #[test]
    fn lists_are_appended_or_replaced_and_maps_by_key() {
        let old = || {
            json!({"listener_filters": [{"name": "a"}],
                   "metadata": {"filter_metadata": {"x": {"a": 1}, "y": {"b": 2}}}})
        };
        let new =
            || json!({"listenerFilters": [{"name": "b"}], "metadata": {"filterMetadata": {"x": {"c": 3}}}});
        let appended = merged(LISTENER, old(), new(), Lists::Append);
        assert_eq!(appended["listener_filters"], json!([{"name": "a"}, {"name": "b"}]));
        assert_eq!(appended["metadata"]["filter_metadata"], json!({"x": {"c": 3}, "y": {"b": 2}}));
        let replaced = merged(LISTENER, old(), new(), Lists::Replace);
        assert_eq!(replaced["listener_filters"], json!([{"name": "b"}]));
    }

    #[test]
    fn only_messages_of_one_type_are_merged() {
        let lua = |code: &str| json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", "inline_code": code});
        let mut into = lua("a");
        assert_eq!(merge_any(&mut into, &lua("b")), Ok(()));
        assert_eq!(into, lua("b"));
        let router = json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"});
        assert_eq!(merge_any(&mut into, &router), Err(AnyMismatch::Different));
        assert_eq!(merge_any(&mut into, &json!({})), Err(AnyMismatch::Unknown));
        assert_eq!(into, lua("b"));
    }
}
