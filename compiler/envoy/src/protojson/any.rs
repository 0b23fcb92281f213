//! `google.protobuf.Any` in JSON: the message's own fields with its type beside them under `@type`.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, IntoDeserializer, VariantAccess, Visitor};
use serde_json::Value;

use super::de::Deserializer;
use super::error::{Error, Segment};

/// The name of the enum type whose variants are type URLs (see `TypedConfig`).
pub(super) const ANY: &str = "@type";
/// The variant that takes what has no type of its own here, `@type` included.
pub(super) const OTHER: &str = "@other";

/// Reads an `Any` as the enum whose variant is the type URL and whose content is the message.
pub(super) struct AnyAccess {
    variant: &'static str,
    content: Value,
}

impl AnyAccess {
    pub(super) fn new(value: Value, variants: &'static [&'static str]) -> Result<Self, Error> {
        let Value::Object(mut fields) = value else {
            return Err(Error::new("expected a message with `@type`"));
        };
        match fields.get(ANY) {
            Some(Value::String(url)) if url.len() > 1 => {
                if let Some(variant) = variants.iter().find(|known| **known == url.as_str()) {
                    fields.remove(ANY);
                    return Ok(Self { variant, content: Value::Object(fields) });
                }
                Ok(Self { variant: OTHER, content: Value::Object(fields) })
            }
            Some(_) => Err(Error::new("the type URL must be a text").within(Segment::Field(ANY.to_owned()))),
            None => Err(Error::new("`@type` is missing")),
        }
    }
}

impl<'de> EnumAccess<'de> for AnyAccess {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for AnyAccess {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(Deserializer::new(self.content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::new("a typed configuration holds one message"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        Err(Error::new("a typed configuration holds one message"))
    }
}
