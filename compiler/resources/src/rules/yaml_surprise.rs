//! Plain text that YAML 1.1 takes for something else.

use meshc_diagnostics::{Diagnostic, Edit, declare_rule};
use meshc_source::Span;
use meshc_syntax::{Entry, Kind, Node, Style};

declare_rule! {
    /// ## What it does
    /// Finds plain text that YAML 1.1, which Kubernetes reads, takes for something else than a person may mean: a number
    /// with a leading zero is octal (`010` is 8), and a key such as `on`, `no` or `y` is `true` or `false`.
    ///
    /// ## What happens to traffic
    /// The resource says something else than it seems to: another port, a label or header of another name.
    ///
    /// ## Example
    /// ```yaml
    /// labels:
    ///   on: call
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// labels:
    ///   "on": call
    /// ```
    ///
    /// ## Fix safety
    /// Quotes are offered around keys. A number is left to you: only you know which was meant.
    pub YAML_SURPRISE = "MC0117", "yaml-surprise", Warning, Document,
    "Plain text that YAML 1.1 takes for something else",
    []
}

/// Looks through a document.
pub(crate) fn check(node: &Node, text: &str, found: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Int(value) if node.style == Style::Plain => {
            let raw = written(text, node.span);
            let digits = raw.strip_prefix(['-', '+']).unwrap_or(raw);
            if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
                let message =
                    format!("`{raw}` is the number {value}: with a leading zero YAML 1.1 reads it as octal");
                let help = format!("write {value} if that is meant, or leave the zero out");
                found.push(Diagnostic::new(&YAML_SURPRISE, node.span, message).help(help));
            }
        }
        Kind::Sequence(items) => items.iter().for_each(|item| check(item, text, found)),
        Kind::Mapping(entries) => {
            for entry in entries {
                key(entry, text, found);
                check(&entry.value, text, found);
            }
        }
        _ => {}
    }
}

fn key(entry: &Entry, text: &str, found: &mut Vec<Diagnostic>) {
    if !matches!(&*entry.key.text, "true" | "false") {
        return;
    }
    let span = entry.key.span;
    let raw = written(text, span);
    if raw.eq_ignore_ascii_case(&entry.key.text) || raw.starts_with(['"', '\'']) {
        return;
    }
    let message = format!("the key `{raw}` is `{}`: YAML 1.1 takes it for a Boolean", entry.key.text);
    let around = |at| Edit { span: Span::new(span.file, at, at), text: "\"".to_owned() };
    found.push(
        Diagnostic::new(&YAML_SURPRISE, span, message)
            .help(format!("write `\"{raw}\"`"))
            .fix("Put it in quotes", vec![around(span.start), around(span.end)]),
    );
}

/// Says of a value of the wrong type how it became one, and how it looks in quotes.
pub(crate) fn explain(finding: &mut Diagnostic, text: &str) {
    if finding.help.as_deref() != Some("put it in quotes") {
        return;
    }
    let raw = written(text, finding.span);
    if raw.is_empty() || raw.len() > 40 {
        return;
    }
    finding.help = Some(format!("put it in quotes: `\"{raw}\"`"));
    if !finding.message.ends_with(&format!(" {raw}")) {
        finding.message.push_str(&format!(", as YAML 1.1 reads `{raw}`"));
    }
}

fn written(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}
