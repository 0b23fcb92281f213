//! What a document does against its schema, each with the exact place.

use meshc_source::Span;

/// Something that the API server would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `spec.http[0].match`; empty for the document itself.
    pub path: String,
    /// The value; of an unknown field, or one too many, its key.
    pub span: Span,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Another type than the field's.
    Type {
        /// `a list`
        expected: &'static str,
        /// `the string "a"`
        found: String,
        /// Whether writing the value in quotes makes it right.
        quote: bool,
    },
    /// A key that the schema does not have.
    UnknownField {
        /// The key.
        name: String,
        /// The keys that it has.
        expected: Vec<String>,
    },
    /// None of the values that are allowed.
    Value {
        /// The value.
        found: String,
        /// Those that are.
        expected: Vec<String>,
    },
    /// A text that does not match the field's pattern.
    Pattern {
        /// The text.
        found: String,
        /// The pattern.
        pattern: String,
    },
    /// A text that is not in the field's format.
    Format {
        /// The text.
        found: String,
        /// `an IPv4 address`
        expected: &'static str,
    },
    /// Too small, large, short or long; too few or many.
    Bounds {
        /// `is 5, but at most 3 are allowed`: what follows the name.
        message: String,
        /// More characters, items or entries than may be there.
        too_many: bool,
    },
    /// A key that must be there and is not.
    Required {
        /// The key.
        field: String,
    },
    /// Two fields of which at most one may be there.
    Exclusive {
        /// The one at the violation's place.
        field: String,
        /// The one before it.
        other: String,
        /// Where that is.
        other_span: Span,
    },
    /// None, or not one, of several forms fits.
    Alternatives {
        /// What is expected, for people.
        message: String,
    },
    /// An item that is there already.
    Duplicate {
        /// The fields by which items are told apart; none: the item as a whole.
        keys: Vec<String>,
        /// The first such item.
        first: Span,
    },
    /// A CEL rule does not hold.
    Rule {
        /// Its message.
        message: String,
        /// Why it could not be evaluated, if that is the reason.
        error: Option<String>,
    },
}

/// The way to a value, on the stack of the walk.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// As Kubernetes writes it; keys that are no plain names stand in brackets.
    pub(crate) fn render(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Index(parent, index) => format!("{}[{index}]", parent.render()),
            Self::Key(parent, key) => {
                let plain = !key.is_empty()
                    && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$'));
                let parent = parent.render();
                match (plain, parent.is_empty()) {
                    (true, true) => (*key).to_owned(),
                    (true, false) => format!("{parent}.{key}"),
                    (false, _) => format!("{parent}[{key:?}]"),
                }
            }
        }
    }
}
