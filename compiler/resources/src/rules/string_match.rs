//! A condition that says nothing, or two things at once.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::istio::VirtualService;
use crate::{Object, walk};

declare_rule! {
    /// ## What it does
    /// Finds a string condition with more than one of `exact`, `prefix` and `regex`, and an empty one where
    /// emptiness does not mean "present" (as it does for headers and query parameters).
    ///
    /// ## What happens to traffic
    /// The API server refuses the document: the three are one `oneof`.
    ///
    /// ## Example
    /// ```yaml
    /// uri: {exact: /a, prefix: /b}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// uri: {prefix: /b}
    /// ```
    pub STRING_MATCH = "MC0210", "string-match", Error, Document,
    "A condition with none or several of exact, prefix and regex",
    []
}

/// Each condition has one of the three.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    walk::string_matches(&object.spec, |path, may_be_empty, condition| {
        let set = [condition.exact.is_some(), condition.prefix.is_some(), condition.regex.is_some()];
        let count = set.into_iter().filter(|there| *there).count();
        if count > 1 {
            let message =
                format!("`{path}` has {count} of exact, prefix and regex: the API server takes only one");
            found.push(object.finding(&STRING_MATCH, condition.span, message));
        } else if count == 0 && !may_be_empty {
            let message =
                format!("`{path}` has none of exact, prefix and regex: Istio refuses the VirtualService");
            found.push(object.finding(&STRING_MATCH, condition.span, message));
        }
    });
}
