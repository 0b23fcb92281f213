//! The deserializer: a JSON tree read by the rules of protojson, with the path kept for errors.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::any::{ANY, AnyAccess};
use super::error::{Error, Segment};

/// Reads one JSON value by the rules of protojson.
pub struct Deserializer {
    value: Value,
}

impl Deserializer {
    /// A deserializer that reads `value`.
    pub fn new(value: Value) -> Self {
        Self { value }
    }
}

/// A value of a proto enum as it stands in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum EnumValue {
    /// By number, as the wire has it.
    Number(i32),
    /// By name.
    Name(String),
}

impl fmt::Display for EnumValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What kind of JSON a value is, for messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn expected(what: &str, value: &Value) -> Error {
    Error::new(format!("expected {what}, found {}", kind(value)))
}

/// A whole number from a JSON number (3, 3.0) or text ("3"), as protojson allows for every integer.
fn integer(value: &Value) -> Result<i128, Error> {
    let found = match value {
        Value::Number(number) => {
            number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).or_else(|| {
                number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15).map(|f| f as i128)
            })
        }
        Value::String(text) => text.parse::<i128>().ok(),
        other => return Err(expected("a number", other)),
    };
    found.ok_or_else(|| Error::new(format!("{value} is not a whole number")))
}

fn float(value: &Value) -> Result<f64, Error> {
    match value {
        Value::Number(number) => {
            number.as_f64().ok_or_else(|| Error::new(format!("{number} is not a number")))
        }
        Value::String(text) => text
            .parse::<f64>()
            .ok()
            .filter(|float| float.is_finite())
            .ok_or_else(|| Error::new(format!("{text:?} is not a finite number"))),
        other => Err(expected("a number", other)),
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty,)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let number = integer(&self.value)?;
            let fits = <$type>::try_from(number)
                .map_err(|_| Error::new(format!("{number} is outside {}", stringify!($type))))?;
            visitor.$visit(fits)
        }
    )* };
}

impl<'de> serde::Deserializer<'de> for Deserializer {
    type Error = Error;

    integers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_any(visitor).map_err(|error| Error::new(error.to_string()))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Bool(flag) => visitor.visit_bool(flag),
            other => Err(expected("true or false", &other)),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(float(&self.value)?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::String(text) => visitor.visit_string(text),
            other => Err(expected("a text", &other)),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(list) => visitor.visit_seq(Elements { list: list.into_iter(), index: 0 }),
            other => Err(expected("a list", &other)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(map) => {
                let entries = map.into_iter().map(|(key, value)| (Name::Key(key), value)).collect();
                visitor.visit_map(Entries::new(entries))
            }
            other => Err(expected("an object", &other)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(map) => visitor.visit_map(Entries::new(message_fields(map, fields)?)),
            other => Err(expected("an object", &other)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == ANY {
            return visitor.visit_enum(AnyAccess::new(self.value, variants)?);
        }
        match self.value {
            Value::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Object(map) => {
                let entries: MapDeserializer<'_, _, Error> =
                    MapDeserializer::new(map.into_iter().map(|(key, value)| (key, Deserializer::new(value))));
                visitor.visit_enum(serde::de::value::MapAccessDeserializer::new(entries))
            }
            other => Err(expected("a name", &other)),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

impl IntoDeserializer<'_, Error> for Deserializer {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The name that protobuf gives a field in JSON: `connect_timeout` is `connectTimeout`.
fn lower_camel(field: &str) -> String {
    let mut camel = String::with_capacity(field.len());
    let mut upper = false;
    for c in field.chars() {
        if c == '_' {
            upper = true;
        } else if upper {
            camel.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            camel.push(c);
        }
    }
    camel
}

/// The fields that are set, under their proto names; null is absent, an unknown name is refused.
fn message_fields(
    map: Map<String, Value>,
    fields: &'static [&'static str],
) -> Result<Vec<(Name, Value)>, Error> {
    let mut entries: Vec<(Name, Value)> = Vec::with_capacity(map.len());
    for (key, value) in map {
        let known = fields
            .iter()
            .find(|field| **field == key)
            .or_else(|| fields.iter().find(|field| lower_camel(field) == key));
        let Some(field) = known else {
            return Err(Error::new(format!("field `{key}` is not implemented")));
        };
        if value.is_null() {
            continue;
        }
        if entries.iter().any(|(name, _)| name.text() == *field) {
            return Err(Error::new(format!("field `{field}` stands twice, once in each spelling")));
        }
        entries.push((Name::Field(field), value));
    }
    Ok(entries)
}

/// The name of an entry: a field of a message, or a user's key.
enum Name {
    Field(&'static str),
    Key(String),
}

impl Name {
    fn text(&self) -> &str {
        match self {
            Self::Field(name) => name,
            Self::Key(key) => key,
        }
    }

    fn into_segment(self) -> Segment {
        match self {
            Self::Field(name) => Segment::Field(name.to_owned()),
            Self::Key(key) => Segment::Key(key),
        }
    }
}

struct Elements {
    list: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.list.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Deserializer::new(value))
            .map(Some)
            .map_err(|error| error.within(Segment::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.list.len())
    }
}

struct Entries {
    entries: std::vec::IntoIter<(Name, Value)>,
    current: Option<(Name, Value)>,
}

impl Entries {
    fn new(entries: Vec<(Name, Value)>) -> Self {
        Self { entries: entries.into_iter(), current: None }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        self.current = self.entries.next();
        let Some((name, _)) = &self.current else { return Ok(None) };
        let text: StrDeserializer<'_, Error> = name.text().into_deserializer();
        seed.deserialize(text).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) = self.current.take().ok_or_else(|| Error::new("a value without a key"))?;
        seed.deserialize(Deserializer::new(value)).map_err(|error| error.within(name.into_segment()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}
