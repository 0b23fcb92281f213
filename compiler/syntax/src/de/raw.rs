//! A free-form value: whatever stands there, with its places.

use std::cell::Cell;
use std::fmt;

use meshc_source::{FileId, Span};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::node::{Entry, Key, Kind, Node, Style};

/// The name by which the reader knows the type.
pub(super) const NAME: &str = "$meshc::Raw";

thread_local! {
    /// The node on its way from the reader to the visitor that it calls next, on this very thread: serde's
    /// data model has no word for a node.
    static HANDED: Cell<Option<Node>> = const { Cell::new(None) };
}

/// A value without a type of its own (protobuf's `Struct`, a field that preserves unknown ones), as the tree
/// has it. Equality is that of the values alone; serialized it is the value.
#[derive(Clone)]
pub struct Raw(Node);

// === impl Raw ===

impl Raw {
    /// What a node says.
    pub const fn new(node: Node) -> Self {
        Self(node)
    }

    /// The value with the spans of all its parts.
    pub const fn node(&self) -> &Node {
        &self.0
    }

    /// The value alone. What JSON has no number for (`.nan`, `.inf`) is null.
    pub fn to_json(&self) -> serde_json::Value {
        self.0.to_json()
    }
}

impl Default for Raw {
    fn default() -> Self {
        Self(Node { span: Span::new(FileId(0), 0, 0), style: Style::Plain, kind: Kind::Null })
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

/// Whether two trees say the same; the order of keys says nothing.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Sequence(a), Kind::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Kind::Mapping(entries), Kind::Mapping(others)) => {
            let has = |entry: &Entry| b.get(&entry.key.text).is_some_and(|other| same(&entry.value, other));
            entries.len() == others.len() && entries.iter().all(has)
        }
        (a, b) => a == b,
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

/// Hands a node to the visitor of [`Raw`].
pub(super) fn hand<'a, V: Visitor<'a>, E: Error>(node: &Node, visitor: V) -> Result<V::Value, E> {
    HANDED.set(Some(node.clone()));
    visitor.visit_unit()
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;

        impl<'de> Visitor<'de> for RawVisitor {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            /// From the reader.
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(HANDED.take().map(Raw).unwrap_or_default())
            }

            /// From any other deserializer.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
                serde_json::Value::deserialize(inner).map(|value| Raw(Node::from_json(&value)))
            }
        }

        deserializer.deserialize_newtype_struct(NAME, RawVisitor)
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        NodeValue(&self.0).serialize(serializer)
    }
}

/// A node as its value.
struct NodeValue<'a>(&'a Node);

impl Serialize for NodeValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.kind {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool(value) => serializer.serialize_bool(*value),
            Kind::Int(value) => serializer.serialize_i64(*value),
            Kind::Float(value) => serializer.serialize_f64(*value),
            Kind::String(text) => serializer.serialize_str(text),
            Kind::Sequence(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&NodeValue(item))?;
                }
                seq.end()
            }
            Kind::Mapping(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&*entry.key.text, &NodeValue(&entry.value))?;
                }
                map.end()
            }
        }
    }
}

impl schemars::JsonSchema for Raw {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Raw".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
    }
}

// === impl Node: from and to JSON ===

impl Node {
    /// The value alone. What JSON has no number for (`.nan`, `.inf`) is null.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Int(value) => Value::from(*value),
            Kind::Float(value) => Value::from(*value),
            Kind::String(text) => Value::String(text.to_string()),
            Kind::Sequence(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Mapping(entries) => {
                let pair = |entry: &Entry| (entry.key.text.to_string(), entry.value.to_json());
                Value::Object(entries.iter().map(pair).collect())
            }
        }
    }

    /// A tree of a value that stands nowhere: its spans are the empty one at the start of the first file.
    pub fn from_json(value: &serde_json::Value) -> Self {
        use serde_json::Value;
        let span = Span::new(FileId(0), 0, 0);
        let (style, kind) = match value {
            Value::Null => (Style::Plain, Kind::Null),
            Value::Bool(value) => (Style::Plain, Kind::Bool(*value)),
            Value::Number(number) => {
                let float = || Kind::Float(number.as_f64().unwrap_or(f64::NAN));
                (Style::Plain, number.as_i64().map_or_else(float, Kind::Int))
            }
            Value::String(text) => (Style::DoubleQuoted, Kind::String(text.as_str().into())),
            Value::Array(items) => (Style::Flow, Kind::Sequence(items.iter().map(Self::from_json).collect())),
            Value::Object(entries) => {
                let entry = |(key, value): (&String, &Value)| Entry {
                    key: Key { span, text: key.as_str().into() },
                    value: Self::from_json(value),
                };
                (Style::Flow, Kind::Mapping(entries.iter().map(entry).collect()))
            }
        };
        Self { span, style, kind }
    }
}
