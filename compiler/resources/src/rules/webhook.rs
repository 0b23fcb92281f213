//! What the rules about Istio's webhook have in common.

use std::fmt::Display;

use meshc_diagnostics::{Diagnostic, Rule};
use meshc_source::Span;

use crate::Object;

/// Collects what one rule finds wrong with one object.
pub(crate) struct Refusals<'a, T> {
    pub(crate) object: &'a Object<T>,
    pub(crate) rule: &'static Rule,
    pub(crate) found: &'a mut Vec<Diagnostic>,
}

impl<T> Refusals<'_, T> {
    /// Istio refuses the object for what stands at `span`.
    pub(crate) fn at(&mut self, span: Span, why: impl Display) {
        let message = format!("{why}: Istio refuses the {}", self.object.kind);
        self.found.push(self.object.finding(self.rule, span, message));
    }

    /// The same, where there is something wrong.
    pub(crate) fn maybe(&mut self, span: Span, why: Option<impl Display>) {
        if let Some(why) = why {
            self.at(span, why);
        }
    }
}
