//! MC0012 helm-template: a template, which is not checked.

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Points out a file that is a template (Helm, or any other that writes `{{ … }}`) and not YAML yet.
    ///
    /// ## What happens to traffic
    /// meshc does not know what the template will say, so nothing in the file is checked or compiled.
    ///
    /// ## Use instead
    /// Render it and give meshc the result: `helm template my-release ./chart | meshc check -`.
    pub HELM_TEMPLATE = "MC0012", "helm-template", Warning, Document,
    "A template, which is not checked",
    []
}

/// The finding, at the first action of the template or at the start of the file.
pub(crate) fn helm_template(span: Span) -> Diagnostic {
    Diagnostic::new(&HELM_TEMPLATE, span, "this is a Helm template, not YAML: it is not checked")
        .help("render it first: `helm template RELEASE CHART | meshc check -`")
}
