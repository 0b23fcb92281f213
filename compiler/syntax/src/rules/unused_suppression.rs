//! MC0016 unused-suppression: a silencing comment that silences nothing.

use meshc_diagnostics::Diagnostic;

use crate::suppress::Suppression;

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a comment that silences a finding which is not there.
    ///
    /// ## What happens to traffic
    /// None of it changes. The comment misleads its readers, and would hide the finding if it came back.
    ///
    /// ## Fix safety
    /// Always safe: a comment is removed.
    pub UNUSED_SUPPRESSION = "MC0016", "unused-suppression", Warning, Document,
    "A silencing comment that silences nothing",
    []
}

/// The finding.
pub(crate) fn unused_suppression(suppression: &Suppression) -> Diagnostic {
    let message = format!("there is no finding {} here to silence", suppression.code);
    Diagnostic::new(&UNUSED_SUPPRESSION, suppression.span, message).replace(
        "Remove the comment",
        suppression.span,
        "",
    )
}
