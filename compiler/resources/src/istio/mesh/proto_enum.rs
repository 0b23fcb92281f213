//! Enumerations as protojson reads them: by name or by number.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// Declares an enumeration of a protobuf message with the name and the number of each value; the first is the
/// default.
macro_rules! proto_enum {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $(#[$first_doc:meta])*
            $first:ident = $first_text:literal | $first_number:literal,
            $($(#[$value_doc:meta])* $value:ident = $text:literal | $number:literal,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            const NAMES: &'static [&'static str] = &[$first_text, $($text),*];

            const fn of_number(number: i64) -> Option<Self> {
                match number {
                    $first_number => Some(Self::$first),
                    $($number => Some(Self::$value),)*
                    _ => None,
                }
            }

            fn of_name(name: &str) -> Option<Self> {
                match name {
                    $first_text => Some(Self::$first),
                    $($text => Some(Self::$value),)*
                    _ => None,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::istio::mesh::proto_enum::read(
                    deserializer,
                    Self::NAMES,
                    Self::of_name,
                    Self::of_number,
                )
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::NAMES })
            }
        }
    };
}

pub(crate) use proto_enum;

/// Reads a value by its name or number.
pub(crate) fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    names: &'static [&'static str],
    of_name: fn(&str) -> Option<T>,
    of_number: fn(i64) -> Option<T>,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(NameOrNumber { names, of_name, of_number, result: PhantomData })
}

struct NameOrNumber<T> {
    names: &'static [&'static str],
    of_name: fn(&str) -> Option<T>,
    of_number: fn(i64) -> Option<T>,
    result: PhantomData<T>,
}

impl<T> Visitor<'_> for NameOrNumber<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        (self.of_name)(name).ok_or_else(|| E::unknown_variant(name, self.names))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        (self.of_number)(number).ok_or_else(|| E::unknown_variant(&number.to_string(), self.names))
    }
}
