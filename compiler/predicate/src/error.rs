//! What can go wrong while a space of requests is built: a pattern that RE2 would
//! refuse, or one that is too hard for the limits given.

/// A refusal. Nothing else fails: every question to a finished space has an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// RE2 (Envoy's engine) would refuse this regular expression, or it passes a bound of its reader.
    #[error(transparent)]
    Regex(#[from] meshc_re2::Error),
    /// A bound of [`crate::Limits`] was passed; what rests on it is unknown.
    #[error("{what} is too hard to analyse: it needs more than {limit} {unit}")]
    TooLarge {
        /// The name of the pattern, field or diagram that passed the bound.
        what: String,
        /// The bound.
        limit: usize,
        /// What the bound counts, in the plural.
        unit: &'static str,
    },
    /// A field that every request has, and no string that it could be.
    #[error("the field {field} can have no value")]
    EmptyUniverse {
        /// The field's name.
        field: String,
    },
}
