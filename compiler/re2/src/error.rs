//! Why an expression is not taken, in words for the person who wrote it.

/// A refusal of an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// RE2 refuses it.
    #[error("regular expression {pattern:?}, byte {offset}: {reason}")]
    Syntax {
        /// The whole expression.
        pattern: String,
        /// Where reading ended, in bytes from 0.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
    /// It passes a bound of this reader; RE2 might take it.
    #[error("regular expression {pattern:?} is too large: it has more than {limit} {unit}")]
    TooLarge {
        /// The whole expression.
        pattern: String,
        /// The bound.
        limit: usize,
        /// What the bound counts, in the plural.
        unit: &'static str,
    },
}

impl Error {
    /// What is wrong, without the expression itself.
    pub fn reason(&self) -> String {
        match self {
            Self::Syntax { offset, reason, .. } => format!("{reason}, at byte {offset}"),
            Self::TooLarge { limit, unit, .. } => format!("it has more than {limit} {unit}"),
        }
    }
}
