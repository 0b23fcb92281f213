//! What a document does against its schema, as diagnostics.

use meshc_diagnostics::Diagnostic;
use meshc_schema::{Problem, Violation};
use meshc_syntax::rules::{UNKNOWN_FIELD, UNKNOWN_VALUE, WRONG_TYPE};
use meshc_syntax::suggest;

use super::{
    broken_rule, duplicate_item, exclusive_fields, invalid_name, missing_required, out_of_bounds, shorten,
    subject, value_pattern,
};

/// More known names than this are not listed: the list would hide the message.
const LISTED: usize = 12;

/// The diagnostic of a violation. `kind` is the resource's kind, for the words; the caller adds the resource.
pub(crate) fn violation(violation: &Violation, kind: &str) -> Diagnostic {
    let span = violation.span;
    match &violation.problem {
        Problem::Type { expected, found, quote } => {
            let message = format!("{} must be {expected}, not {found}", subject(&violation.path, kind));
            let finding = Diagnostic::new(&WRONG_TYPE, span, message);
            if *quote { meshc_syntax::rules::in_quotes(finding) } else { finding }
        }
        Problem::UnknownField { name, expected } => {
            let parent = parent(&violation.path);
            let place = if parent.is_empty() { kind.to_owned() } else { format!("`{parent}` of {kind}") };
            let message = format!("unknown field `{name}`: {place} does not have it");
            suggestion(Diagnostic::new(&UNKNOWN_FIELD, span, message), name, expected, "fields")
        }
        Problem::Value { found, expected } => {
            let message = format!("{} cannot be `{}`", subject(&violation.path, kind), shorten(found));
            suggestion(Diagnostic::new(&UNKNOWN_VALUE, span, message), found, expected, "values")
        }
        Problem::Pattern { found, pattern } => value_pattern::pattern(violation, kind, found, pattern),
        Problem::Format { found, expected } => value_pattern::format(violation, kind, found, expected),
        Problem::Bounds { message, .. } => out_of_bounds::finding(violation, kind, message),
        Problem::Required { field } => missing_required::finding(violation, kind, field),
        Problem::Exclusive { field, other, other_span } => {
            exclusive_fields::two(violation, kind, field, other, *other_span)
        }
        Problem::Alternatives { message } => exclusive_fields::form(violation, kind, message),
        Problem::Duplicate { keys, first } => duplicate_item::finding(violation, kind, keys, *first),
        Problem::Rule { message, error } => broken_rule::finding(violation, kind, message, error.as_deref()),
    }
}

/// Whether a finding says what the API server says of any kind: a rule of the kind itself says it better.
pub(crate) fn is_schema(finding: &Diagnostic) -> bool {
    [
        value_pattern::VALUE_PATTERN.code,
        out_of_bounds::OUT_OF_BOUNDS.code,
        missing_required::MISSING_REQUIRED.code,
        exclusive_fields::EXCLUSIVE_FIELDS.code,
        broken_rule::BROKEN_RULE.code,
        duplicate_item::DUPLICATE_ITEM.code,
        invalid_name::INVALID_NAME.code,
    ]
    .contains(&finding.code)
}

/// `spec.http[0]` of `spec.http[0].foo`.
fn parent(path: &str) -> &str {
    if let Some(open) = path.ends_with("\"]").then(|| path.rfind("[\"")).flatten() {
        return &path[..open];
    }
    path.rfind('.').map_or("", |dot| &path[..dot])
}

/// "Did you mean", with a fix, or what there is.
fn suggestion(finding: Diagnostic, name: &str, expected: &[String], what: &str) -> Diagnostic {
    let span = finding.span;
    let words: Vec<&str> = expected.iter().map(String::as_str).collect();
    if let Some(meant) = suggest::nearest(name, words.iter().copied()) {
        let title = format!("Replace with `{meant}`");
        return finding.help(format!("did you mean `{meant}`?")).replace(title, span, meant);
    }
    match expected.len() {
        0 => finding.help("it has no fields"),
        1..=LISTED => {
            finding.help(format!("the {what} are {}", suggest::list(&words).replace(" or ", " and ")))
        }
        _ => finding,
    }
}
