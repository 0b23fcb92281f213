//! The typed reader's findings as diagnostics.

use meshc_diagnostics::Diagnostic;

use super::{
    INVALID_DURATION, INVALID_VALUE, MISSING_FIELD, NOT_IMPLEMENTED, UNKNOWN_FIELD, UNKNOWN_VALUE, WRONG_TYPE,
};
use crate::de::Issue;
use crate::node::shorten;
use crate::suggest;

/// More known names than this are not listed: the list would hide the message.
const LISTED: usize = 12;

/// The diagnostic of an issue. `kind` is the resource's kind, for the words; the caller adds the resource.
pub fn diagnostic(issue: &Issue, kind: &str) -> Diagnostic {
    let span = issue.span();
    match issue {
        Issue::UnknownField { path, name, expected, .. } => {
            let parent = parent(path);
            let place = if parent.is_empty() { kind.to_owned() } else { format!("`{parent}` of {kind}") };
            let message = format!("unknown field `{name}`: {place} does not have it");
            suggest(Diagnostic::new(&UNKNOWN_FIELD, span, message), name, expected, "fields")
        }
        Issue::NotImplemented { path, .. } => Diagnostic::new(
            &NOT_IMPLEMENTED,
            span,
            format!("`{path}` is not implemented yet: meshc refuses the tree rather than guess what it does"),
        )
        .help("remove it, or keep the resource out of what meshc reads"),
        Issue::WrongType { path, expected, found, quote, .. } => {
            let message = format!("{} must be {expected}, not {found}", name_of(path, kind));
            let finding = Diagnostic::new(&WRONG_TYPE, span, message);
            if *quote { in_quotes(finding) } else { finding }
        }
        Issue::UnknownValue { path, found, expected, .. } => {
            let message = format!("{} cannot be `{}`", name_of(path, kind), shorten(found));
            suggest(Diagnostic::new(&UNKNOWN_VALUE, span, message), found, expected, "values")
        }
        Issue::MissingField { path, field, .. } => {
            let message = format!("{} lacks the field `{field}`", name_of(path, kind));
            Diagnostic::new(&MISSING_FIELD, span, message)
        }
        Issue::InvalidDuration { path, message, .. } => Diagnostic::new(
            &INVALID_DURATION,
            span,
            format!("{} is no duration: {message}", name_of(path, kind)),
        )
        .help("write a number with a unit, such as `5s`, `1.5s`, `100ms` or `1h`"),
        Issue::InvalidValue { path, message, .. } => {
            Diagnostic::new(&INVALID_VALUE, span, format!("{}: {message}", name_of(path, kind)))
        }
    }
}

/// Offers quotes around the value that a finding is about.
pub fn in_quotes(finding: Diagnostic) -> Diagnostic {
    let span = finding.span;
    let around = |at| meshc_diagnostics::Edit {
        span: meshc_source::Span::new(span.file, at, at),
        text: "\"".to_owned(),
    };
    finding.help("put it in quotes").fix("Put it in quotes", vec![around(span.start), around(span.end)])
}

fn name_of(path: &str, kind: &str) -> String {
    if path.is_empty() { kind.to_owned() } else { format!("`{path}`") }
}

/// `spec.http[0]` of `spec.http[0].foo`.
fn parent(path: &str) -> &str {
    if let Some(open) = path.ends_with("\"]").then(|| path.rfind("[\"")).flatten() {
        return &path[..open];
    }
    path.rfind('.').map_or("", |dot| &path[..dot])
}

/// "Did you mean", with a fix, or what there is.
fn suggest(finding: Diagnostic, name: &str, expected: &'static [&'static str], what: &str) -> Diagnostic {
    let span = finding.span;
    if let Some(meant) = suggest::nearest(name, expected.iter().copied()) {
        let finding = finding.help(format!("did you mean `{meant}`?"));
        return match suggest::sole(name, expected.iter().copied()) {
            Some(meant) => finding.replace(format!("Replace with `{meant}`"), span, meant),
            None => finding,
        };
    }
    match expected.len() {
        0 => finding.help("it has no fields"),
        1..=LISTED => {
            finding.help(format!("the {what} are {}", suggest::list(expected).replace(" or ", " and ")))
        }
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_path_is_what_holds_the_field() {
        assert_eq!(parent("spec.http[0].foo"), "spec.http[0]");
        assert_eq!(parent("foo"), "");
        assert_eq!(parent("spec.labels[\"a.b/c\"]"), "spec.labels");
    }
}
