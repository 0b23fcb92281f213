//! The macros that every resource type is declared with, so that all of them read and write protojson alike.

/// Declares proto messages: every field is optional on the wire and left out when it holds its default.
macro_rules! message {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* })*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $(
            $(#[$field_meta])*
            #[serde(default, skip_serializing_if = "crate::message::is_default")]
            pub $field: $type,
        )* }
    )* };
}

/// Declares proto enums: written by name, read by name or number; the first is the default.
macro_rules! proto_enum {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $number:literal $text:literal,)* })*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant,)* }

        impl $name {
            /// The name of the value in Envoy's API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match crate::protojson::EnumValue::deserialize(deserializer)? {
                    $(crate::protojson::EnumValue::Name(name) if name == $text => Ok(Self::$variant),)*
                    $(crate::protojson::EnumValue::Number($number) => Ok(Self::$variant),)*
                    other => Err(serde::de::Error::custom(format_args!(
                        "{} {other} is not implemented (implemented: {})", stringify!($name), [$($text),*].join(", ")
                    ))),
                }
            }
        }
    )* };
}

pub(crate) use {message, proto_enum};

/// Whether a field holds the value that an absent field means.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
