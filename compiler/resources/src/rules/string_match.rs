//! A condition that says nothing.

use meshc_diagnostics::{Diagnostic, declare_rule};

use crate::istio::VirtualService;
use crate::{Object, walk};

declare_rule! {
    /// ## What it does
    /// Finds a string condition with none of `exact`, `prefix` and `regex` where emptiness does not mean "present" (as
    /// it does for headers and query parameters). Several of them at once are `exclusive-fields`.
    ///
    /// ## What happens to traffic
    /// The condition holds for any value: what was meant to be asked is not.
    ///
    /// ## Example
    /// ```yaml
    /// uri: {}
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// uri: {prefix: /b}
    /// ```
    pub STRING_MATCH = "MC0210", "string-match", Warning, Document,
    "A condition with none of exact, prefix and regex",
    []
}

/// Each condition has one of the three.
pub(crate) fn check(object: &Object<VirtualService>, found: &mut Vec<Diagnostic>) {
    walk::string_matches(&object.spec, |path, may_be_empty, condition| {
        let is_set = condition.exact.is_some() || condition.prefix.is_some() || condition.regex.is_some();
        // An origin that says nothing is refused, and told elsewhere.
        if !is_set && !may_be_empty && !path.contains("corsPolicy") {
            let message = format!("`{path}` has none of exact, prefix and regex: it says nothing");
            found.push(object.finding(&STRING_MATCH, condition.span, message));
        }
    });
}
