//! One value of the tree as serde's `Deserializer`: what each Rust type takes from each kind of node.

use meshc_source::Span;
use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Visitor};

use super::access::{EnumContent, MapEntries, SeqItems, SpannedParts, StructEntries, UnitNode};
use super::error::Failure;
use super::{Encoding, Issue, Reading, duration, not_yet, raw, spanned};
use crate::node::{Key, Kind, Node, Style};

/// Where a value stands in what holds it.
#[derive(Clone, Copy)]
pub(super) enum Position<'a> {
    /// The value of a key of a struct that has these keys.
    Field(&'a Key, &'static [&'static str]),
    /// The value of a key of a map.
    Value(&'a Key),
    /// An item of a list, or the root.
    Item,
}

/// Reads one node.
#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'r, 'a> {
    reading: &'r Reading<'a>,
    node: &'a Node,
    position: Position<'a>,
}

// === impl ValueDeserializer ===

impl<'r, 'a> ValueDeserializer<'r, 'a> {
    pub(super) fn new(reading: &'r Reading<'a>, node: &'a Node, position: Position<'a>) -> Self {
        Self { reading, node, position }
    }

    /// The span that findings about the presence of the value point at: its key, if it has one.
    fn key_span(self) -> Span {
        match self.position {
            Position::Field(key, _) | Position::Value(key) => key.span,
            Position::Item => self.node.span,
        }
    }

    /// Runs a visitor and gives its failure a place: recorded here, and this node left out hereafter.
    fn guard<T>(self, read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        read().map_err(|failure| self.fail(failure))
    }

    /// Records a failure and leaves the node out of the next pass.
    fn fail(self, failure: Failure) -> Failure {
        let (reading, node) = (self.reading, self.node);
        match failure {
            Failure::Recorded => return Failure::Recorded,
            Failure::Type(expected) => return self.wrong_type(&expected),
            Failure::Variant(found, expected) => {
                reading.record(Issue::UnknownValue {
                    path: reading.path(),
                    span: node.span,
                    found,
                    expected,
                });
            }
            Failure::Missing(field) => {
                // Missing only because its own value is wrong: that is said already.
                let poisoned = node.entry(field).is_some_and(|entry| reading.is_poisoned(&entry.value));
                if !poisoned {
                    reading.record(Issue::MissingField { path: reading.path(), span: node.span, field });
                }
            }
            Failure::LeftOut => {}
            Failure::Message(message) => {
                reading.record(Issue::InvalidValue { path: reading.path(), span: node.span, message });
            }
        }
        reading.poison(node);
        Failure::Recorded
    }

    fn wrong_type(self, expected: &str) -> Failure {
        let node = self.node;
        let scalar = matches!(node.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float(_));
        self.reading.record(Issue::WrongType {
            path: self.reading.path(),
            span: node.span,
            expected: expected.to_owned(),
            found: node.describe(),
            quote: expected == "a string" && scalar && node.style == Style::Plain,
        });
        self.reading.poison(node);
        Failure::Recorded
    }

    /// The node as an integer: written as one, as a float without a fraction, or, in protojson, as a
    /// string of either.
    fn integer(self) -> Option<i64> {
        match &self.node.kind {
            Kind::Int(value) => Some(*value),
            Kind::Float(value) => whole(*value),
            Kind::String(text) if self.reading.encoding == Encoding::ProtoJson => {
                text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
            }
            _ => None,
        }
    }

    fn float(self) -> Option<f64> {
        match &self.node.kind {
            Kind::Int(value) => Some(*value as f64),
            Kind::Float(value) => Some(*value),
            Kind::String(text) if self.reading.encoding == Encoding::ProtoJson => text.parse().ok(),
            _ => None,
        }
    }

    fn visit_integer<V: Visitor<'a>>(self, visitor: V, bits: u32, signed: bool) -> Result<V::Value, Failure> {
        let Some(value) = self.integer() else {
            return Err(self.wrong_type("an integer"));
        };
        let (least, most) = match (signed, bits) {
            (true, 64) => (i64::MIN, i64::MAX),
            (true, _) => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            (false, 64) => (0, i64::MAX),
            (false, _) => (0, (1 << bits) - 1),
        };
        if value < least || value > most {
            return Err(self.wrong_type(&format!("an integer from {least} to {most}")));
        }
        self.guard(|| visitor.visit_i64(value))
    }

    fn visit_text<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.kind {
            Kind::String(text) => self.guard(|| visitor.visit_str(text)),
            _ => Err(self.wrong_type("a string")),
        }
    }

    fn visit_list<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.kind {
            Kind::Sequence(items) => self.guard(|| visitor.visit_seq(SeqItems::new(self.reading, items))),
            _ => Err(self.wrong_type("a list")),
        }
    }
}

/// The integer that a float is, if it is one.
fn whole(value: f64) -> Option<i64> {
    // 2^53: above it floats skip integers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

macro_rules! integers {
    ($($method:ident: $bits:literal, $signed:literal;)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.visit_integer(visitor, $bits, $signed)
        }
    )*};
}

impl<'a> Deserializer<'a> for ValueDeserializer<'_, 'a> {
    type Error = Failure;

    integers! {
        deserialize_i8: 8, true;
        deserialize_i16: 16, true;
        deserialize_i32: 32, true;
        deserialize_i64: 64, true;
        deserialize_i128: 64, true;
        deserialize_u8: 8, false;
        deserialize_u16: 16, false;
        deserialize_u32: 32, false;
        deserialize_u64: 64, false;
        deserialize_u128: 64, false;
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.guard(|| match &self.node.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Int(value) => visitor.visit_i64(*value),
            Kind::Float(value) => visitor.visit_f64(*value),
            Kind::String(text) => visitor.visit_str(text),
            Kind::Sequence(items) => visitor.visit_seq(SeqItems::new(self.reading, items)),
            Kind::Mapping(entries) => visitor.visit_map(MapEntries::new(self.reading, entries)),
        })
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.node.kind {
            Kind::Bool(value) => self.guard(|| visitor.visit_bool(value)),
            _ => Err(self.wrong_type("a Boolean")),
        }
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.float() {
            Some(value) => self.guard(|| visitor.visit_f64(value)),
            None => Err(self.wrong_type("a number")),
        }
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_text(visitor)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_text(visitor)
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_text(visitor)
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_text(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_text(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_null() || self.reading.is_poisoned(self.node) {
            return self.guard(|| visitor.visit_none());
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.node.kind {
            Kind::Null => self.guard(|| visitor.visit_unit()),
            _ => Err(self.wrong_type("null")),
        }
    }

    /// A message without fields: `{}`.
    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match &self.node.kind {
            Kind::Mapping(entries) => {
                for entry in entries {
                    StructEntries::record_unknown(self.reading, &entry.key, &[]);
                }
                self.guard(|| visitor.visit_unit())
            }
            _ => Err(self.wrong_type("an empty mapping")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match name {
            spanned::NAME => visitor.visit_seq(SpannedParts::new(self, self.node.span)),
            not_yet::NAME => {
                let path = self.reading.path();
                self.reading.record(Issue::NotImplemented { path, key_span: self.key_span() });
                self.guard(|| visitor.visit_unit())
            }
            raw::NAME => raw::hand(self.node, visitor),
            duration::NAME => {
                let Kind::String(text) = &self.node.kind else {
                    return Err(self.wrong_type("a duration, such as \"1.5s\""));
                };
                visitor.visit_str(text).map_err(|failure: Failure| {
                    let (path, span) = (self.reading.path(), self.node.span);
                    let message = failure.to_string();
                    self.reading.record(Issue::InvalidDuration { path, span, message });
                    self.reading.poison(self.node);
                    Failure::Recorded
                })
            }
            _ => self.guard(|| visitor.visit_newtype_struct(self)),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.visit_list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.visit_list(visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.node.kind {
            Kind::Mapping(entries) => {
                self.guard(|| visitor.visit_map(MapEntries::new(self.reading, entries)))
            }
            _ => Err(self.wrong_type("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match &self.node.kind {
            Kind::Mapping(entries) => {
                self.guard(|| visitor.visit_map(StructEntries::new(self.reading, entries, fields)))
            }
            _ => Err(self.wrong_type("a mapping")),
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match &self.node.kind {
            Kind::String(text) => {
                let unit = UnitNode { reading: self.reading, node: self.node };
                self.guard(|| visitor.visit_enum(EnumContent::Unit(text, unit)))
            }
            Kind::Mapping(entries) => {
                let content = StructEntries::only(self.reading, entries, variants);
                self.guard(|| {
                    content.and_then(|entry| visitor.visit_enum(EnumContent::Entry(self.reading, entry)))
                })
            }
            _ => Err(self.wrong_type("a string")),
        }
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.visit_text(visitor)
    }

    /// serde asks for this where the key is none of the struct's fields.
    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        if let Position::Field(key, fields) = self.position {
            StructEntries::record_unknown(self.reading, key, fields);
        }
        visitor.visit_unit()
    }
}

/// A key of a mapping.
pub(super) struct KeyDeserializer<'a> {
    /// What it says, or the field that it stands for.
    pub(super) text: &'a str,
    /// Where it stands.
    pub(super) span: Span,
}

impl<'a> KeyDeserializer<'a> {
    /// A key as it is written.
    pub(super) fn new(key: &'a Key) -> Self {
        Self { text: &key.text, span: key.span }
    }
}

impl<'a> Deserializer<'a> for KeyDeserializer<'a> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_str(self.text)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == spanned::NAME {
            let span = self.span;
            return visitor.visit_seq(SpannedParts::new(self, span));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(StrDeserializer::new(self.text))
    }

    serde::forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
