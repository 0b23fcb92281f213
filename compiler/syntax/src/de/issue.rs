//! What the typed reader found wrong, each with its path and span.

use meshc_source::Span;

/// Something in a document that its type does not allow. Reading went on behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issue {
    /// A key that the type does not have.
    UnknownField {
        /// `spec.http[0].foo`
        path: String,
        /// The key.
        key_span: Span,
        /// The key's text: `foo`.
        name: String,
        /// The keys that the type has.
        expected: &'static [&'static str],
    },
    /// A key or a value that this version knows and does not implement: see [`NotYet`](super::NotYet).
    NotImplemented {
        /// `spec.http[0].mirror`
        path: String,
        /// The key; of a value of an enumeration, the value.
        key_span: Span,
    },
    /// A value of another type than the field's.
    WrongType {
        /// `spec.http[0].match`
        path: String,
        /// The value.
        span: Span,
        /// `a list`
        expected: String,
        /// `the string "a"`
        found: String,
        /// Whether writing the value in quotes makes it right.
        quote: bool,
    },
    /// A value that is none of an enumeration's.
    UnknownValue {
        /// `spec.servers[0].tls.mode`
        path: String,
        /// The value.
        span: Span,
        /// The value's text.
        found: String,
        /// The values that the enumeration has.
        expected: &'static [&'static str],
    },
    /// A key that must be there and is not.
    MissingField {
        /// The path of the mapping that lacks it; empty for the document itself.
        path: String,
        /// The mapping that lacks it.
        span: Span,
        /// The missing key.
        field: &'static str,
    },
    /// A text that is no duration.
    InvalidDuration {
        /// `spec.http[0].timeout`
        path: String,
        /// The value.
        span: Span,
        /// Why not.
        message: String,
    },
    /// A value that the type's own checks refuse: the message of its `Deserialize`.
    InvalidValue {
        /// The path of the value.
        path: String,
        /// The value.
        span: Span,
        /// What is wrong with it.
        message: String,
    },
}

// === impl Issue ===

impl Issue {
    /// Where it is.
    pub fn span(&self) -> Span {
        match self {
            Self::UnknownField { key_span, .. } | Self::NotImplemented { key_span, .. } => *key_span,
            Self::WrongType { span, .. }
            | Self::UnknownValue { span, .. }
            | Self::MissingField { span, .. }
            | Self::InvalidDuration { span, .. }
            | Self::InvalidValue { span, .. } => *span,
        }
    }

    /// The path of what it is about.
    pub fn path(&self) -> &str {
        match self {
            Self::UnknownField { path, .. }
            | Self::NotImplemented { path, .. }
            | Self::WrongType { path, .. }
            | Self::UnknownValue { path, .. }
            | Self::MissingField { path, .. }
            | Self::InvalidDuration { path, .. }
            | Self::InvalidValue { path, .. } => path,
        }
    }
}
