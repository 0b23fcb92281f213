//! A field that this version knows and refuses by name.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};
use serde::{Serialize, Serializer};

/// The name by which the reader knows the type.
pub(super) const NAME: &str = "$meshc::NotYet";

/// The type of a field of Istio's API that this version knows but does not implement: where the
/// document has it, [`read`](super::read) records [`Issue::NotImplemented`](super::Issue) and goes on.
/// As the content of an enumeration's variant it refuses that value.
///
/// ```
/// # use meshc_syntax::de::NotYet;
/// #[derive(serde::Deserialize)]
/// struct HttpRoute {
///     name: Option<String>,
///     mirror: Option<NotYet>,
/// }
///
/// #[derive(serde::Deserialize)]
/// #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
/// enum TlsMode {
///     Simple,
///     AutoPassthrough(NotYet),
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NotYet;

impl<'de> Deserialize<'de> for NotYet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NotYetVisitor;

        impl<'de> Visitor<'de> for NotYetVisitor {
            type Value = NotYet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            /// From the reader, which has recorded it.
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(NotYet)
            }

            /// From any other deserializer.
            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
                IgnoredAny::deserialize(inner).map(|_| NotYet)
            }
        }

        deserializer.deserialize_newtype_struct(NAME, NotYetVisitor)
    }
}

impl Serialize for NotYet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl schemars::JsonSchema for NotYet {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NotYet".into()
    }

    /// Anything: what the field holds is the business of the version that implements it.
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
    }
}
