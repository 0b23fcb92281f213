//! MC0001 syntax-error: text that is neither YAML nor JSON.

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;

meshc_diagnostics::declare_rule! {
    /// ## What it does
    /// Reports text that is neither YAML nor JSON.
    ///
    /// ## What happens to traffic
    /// Nothing reads the document: what it configures does not exist. The documents before and behind it in the
    /// same file are read.
    ///
    /// ## Example
    /// ```yaml
    /// metadata:
    ///   name: reviews
    ///  namespace: default
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// metadata:
    ///   name: reviews
    ///   namespace: default
    /// ```
    pub SYNTAX_ERROR = "MC0001", "syntax-error", Error, Document,
    "Text that is neither YAML nor JSON",
    []
}

/// The finding. `info` is the parser's own description.
pub(crate) fn syntax_error(span: Span, info: &str) -> Diagnostic {
    let finding = Diagnostic::new(&SYNTAX_ERROR, span, format!("not valid YAML: {info}"));
    match help(info) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn help(info: &str) -> Option<&'static str> {
    if info.contains("tab") {
        Some("indent with spaces")
    } else if info.contains("mapping values are not allowed") {
        Some("put a value that contains `: ` in quotes, or check the indentation")
    } else if info.contains("indentation")
        || info.contains("block mapping")
        || info.contains("expected <document start>")
    {
        Some("check the indentation: keys of one mapping start in one column")
    } else if info.contains("unknown anchor") {
        Some("an alias `*name` needs an anchor `&name` before it in the same document")
    } else if info.contains("unexpected character") {
        Some("put the value in quotes")
    } else {
        None
    }
}
