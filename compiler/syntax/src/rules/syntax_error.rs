//! MC0001 syntax-error: text that is neither YAML nor JSON.

use std::ops::Range;

use meshc_diagnostics::Diagnostic;
use meshc_source::Span;

use crate::blame::Blame;

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
    let (what, help) = words(info);
    let finding = error(span, what.unwrap_or(info));
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// The finding where the text of a document that begins at `base` shows the mistake itself; the parser gave up at `met`.
pub(crate) fn blamed_syntax_error(blame: Blame, met: Span, base: usize) -> Diagnostic {
    let at =
        |range: Range<usize>| Span::new(met.file, (base + range.start) as u32, (base + range.end) as u32);
    match blame {
        Blame::Tab(range) => error(at(range), "a tab is no indentation").help("indent with spaces"),
        Blame::Colon(range) => {
            error(at(range), "this `:` has no blank behind it, so that the line is no key with a value")
                .help("write a blank behind the `:`, or put the whole value in quotes")
                .label(met, "nothing can be read from here on")
        }
        Blame::Bracket(range) => error(at(range), "this bracket is not closed")
            .help("close it, or put a value that begins with it in quotes")
            .label(met, "nothing can be read from here on"),
    }
}

fn error(span: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&SYNTAX_ERROR, span, format!("not valid YAML: {what}"))
}

/// What the parser's description means for who wrote the text, and what to do.
fn words(info: &str) -> (Option<&'static str>, Option<&'static str>) {
    let any = |words: &[&str]| words.iter().any(|word| info.contains(word));
    if any(&["tab", "tabs"]) {
        (Some("a tab is no indentation"), Some("indent with spaces"))
    } else if any(&[
        "in quoted scalar",
        "found unexpected end of stream",
        "found unexpected document indicator",
    ]) {
        (Some("this quote is not closed"), Some("close it, or indent the lines that follow it"))
    } else if any(&["flow sequence, expected"]) {
        (Some("`,` or `]` is expected: the list is not closed"), None)
    } else if any(&["did not find expected ',' or '}'"]) {
        (Some("`,` or `}` is expected: the mapping is not closed"), None)
    } else if any(&["mapping values are not allowed"]) {
        let help = "put a value that contains `: ` in quotes, or check the indentation";
        (Some("this `:` makes a key where no key can be"), Some(help))
    } else if any(&["expected '-' indicator", "did not find expected key", "simple key expect"]) {
        let help =
            "check the indentation: keys of one mapping start in one column, and so do the dashes of a list";
        (Some("neither a key nor a dash where one is expected"), Some(help))
    } else if any(&["did not find expected node content"]) {
        (Some("a value is expected here"), None)
    } else if any(&["indent", "expected <document start>", "block sequence entries are not allowed"]) {
        let help =
            "check the indentation: keys of one mapping start in one column, and so do the dashes of a list";
        (Some("the indentation does not fit"), Some(help))
    } else if any(&["unknown anchor"]) {
        let help = "an alias `*name` needs an anchor `&name` before it in the same document; quote a value that begins with `*`";
        (Some("this alias has no anchor"), Some(help))
    } else if any(&["unexpected character"]) {
        (Some("no value can begin with this character"), Some("put the value in quotes"))
    } else {
        (None, None)
    }
}
