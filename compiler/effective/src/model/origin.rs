//! Where a decision came from.

use meshc_source::Span;
use serde::Serialize;

/// A source node that led to a part of the configuration, with the sentence that `meshc why` prints for it.
///
/// An origin is never part of the behaviour: two parts that differ only in their origins do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The YAML node.
    #[serde(skip)]
    pub span: Span,
    /// What it decided, as a sentence without its subject's file: "VirtualService default/reviews: http[0]
    /// matches the header end-user".
    pub text: String,
}

impl Origin {
    /// An origin at `span` that says `text`.
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }
}
