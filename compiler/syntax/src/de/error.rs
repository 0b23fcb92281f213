//! What a visitor says when it cannot take a value, until the reader knows where that was.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

/// Why reading a value failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It is recorded; the readers above only pass it on.
    Recorded,
    /// The visitor wanted another type: what it wanted.
    Type(String),
    /// The visitor does not know this variant; these it knows.
    Variant(String, &'static [&'static str]),
    /// The type lacks this field.
    Missing(&'static str),
    /// The value is nothing without what is left out of it, which is recorded.
    LeftOut,
    /// The type's own words.
    Message(String),
}

impl Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Type(expected.to_string())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Type(expected.to_string())
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Variant(variant.to_owned(), expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded | Self::LeftOut => f.write_str("recorded"),
            Self::Type(expected) => write!(f, "expected {expected}"),
            Self::Variant(variant, _) => write!(f, "unknown value {variant}"),
            Self::Missing(field) => write!(f, "missing field {field}"),
            Self::Message(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}
