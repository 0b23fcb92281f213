//! A text in the wrong form.

use meshc_diagnostics::{Diagnostic, declare_rule};
use meshc_schema::Violation;

use super::subject;

declare_rule! {
    /// ## What it does
    /// Finds text that does not have the form that the field's definition asks for: a pattern, or a format such as an
    /// IPv4 address or a time.
    ///
    /// ## What happens to traffic
    /// The API server refuses the resource, so nothing of it takes effect.
    ///
    /// ## Example
    /// ```yaml
    /// targetRef:
    ///   group: gateway.networking.k8s.io
    ///   kind: "*"
    ///   name: waypoint
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// targetRef:
    ///   group: gateway.networking.k8s.io
    ///   kind: Gateway
    ///   name: waypoint
    /// ```
    ///
    /// ## Covers
    /// IST0106, where Istio's webhook asks for the same as the definition.
    pub VALUE_PATTERN = "MC0110", "value-pattern", Error, Document,
    "Text that does not have its field's form",
    ["IST0106"]
}

/// The finding for a pattern.
pub(crate) fn pattern(violation: &Violation, kind: &str, text: &str, pattern: &str) -> Diagnostic {
    let message = format!(
        "{} cannot be `{}`, which does not match `{pattern}`: the API server refuses the resource",
        subject(&violation.path, kind),
        super::shorten(text)
    );
    let finding = Diagnostic::new(&VALUE_PATTERN, violation.span, message);
    match in_words(pattern) {
        Some(words) => finding.help(words),
        None => finding,
    }
}

/// The finding for a format.
pub(crate) fn format(violation: &Violation, kind: &str, text: &str, expected: &str) -> Diagnostic {
    let message = format!(
        "{} must be {expected}, not `{}`: the API server refuses the resource",
        subject(&violation.path, kind),
        super::shorten(text)
    );
    Diagnostic::new(&VALUE_PATTERN, violation.span, message)
}

/// What the patterns that definitions use most ask for.
fn in_words(pattern: &str) -> Option<&'static str> {
    const DNS: &str = "use lower-case letters, digits, `-` and `.`, and begin and end with a letter or digit";
    const LABEL: &str = "use lower-case letters, digits and `-`, and begin and end with a letter or digit";
    Some(match pattern {
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" => LABEL,
        r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        | r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" => DNS,
        r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$" => {
            "use a DNS name in lower case, with `*.` before it or not"
        }
        r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$" => "use letters, digits and `-`, and begin with a letter",
        r"^([0-9]{1,5}(h|m|s|ms)){1,4}$" => {
            "write whole numbers with the units `h`, `m`, `s` or `ms`, such as `1m30s`: no fraction"
        }
        _ => return None,
    })
}
