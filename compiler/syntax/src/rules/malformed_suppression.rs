//! MC0015 malformed-suppression: a silencing comment without a rule or a reason.

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports a comment that is meant to silence a finding but names no rule or gives no reason.
    ///
    /// ## What happens to traffic
    /// None of it changes; the finding is not silenced.
    ///
    /// ## Example
    /// ```yaml
    /// # meshc: allow MC2103
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// # meshc: allow MC2103 because the old route goes with the next release
    /// ```
    pub MALFORMED_SUPPRESSION = "MC0015", "malformed-suppression", Warning, Document,
    "A silencing comment without a rule or a reason",
    []
}

/// The finding. `problem` says what it lacks.
pub(crate) fn malformed_suppression(span: Span, problem: &str) -> Diagnostic {
    Diagnostic::new(&MALFORMED_SUPPRESSION, span, format!("this comment silences nothing: {problem}"))
        .help("write `# meshc: allow MC2103 because …`")
}
