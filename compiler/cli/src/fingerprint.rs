//! What makes a finding the same finding when lines have moved: its rule, its resource, its words and the text that it
//! is about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use meshc_diagnostics::Diagnostic;
use meshc_source::{SourceFile, SourceSet};

/// How often each finding is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(pub(crate) BTreeMap<String, usize>);

// === impl Counts ===

impl Counts {
    /// Those of some findings.
    pub(crate) fn of(found: &[Diagnostic], sources: &SourceSet) -> Self {
        let mut counts = BTreeMap::new();
        for finding in found {
            *counts.entry(fingerprint(finding, sources)).or_default() += 1;
        }
        Self(counts)
    }

    /// Takes one out; false where none is left.
    pub(crate) fn take(&mut self, fingerprint: &str) -> bool {
        match self.0.get_mut(fingerprint) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }
}

/// 24 hexadecimal digits. Places in lists (`http[3]`) do not count: a route more above is not another mistake.
pub(crate) fn fingerprint(finding: &Diagnostic, sources: &SourceSet) -> String {
    let place = match &finding.resource {
        Some(resource) => resource.to_string(),
        None => sources.file(finding.span.file).path.trim_start_matches("./").to_owned(),
    };
    let text = sources.slice(finding.span).lines().next().unwrap_or_default().trim();
    let said = without_places(&finding.message);
    let whole = format!("{}\0{place}\0{said}\0{text}", finding.code);
    // The digest of a file with this text is the digest that is wanted.
    let digest = SourceFile::new("", whole).sha256;
    hexadecimal(&digest[..12])
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The message without the numbers in brackets.
fn without_places(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        out.push('[');
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Diagnostic;
    use meshc_settings::rules::UNKNOWN_RULE as RULE;
    use meshc_source::{FileId, Span};

    use super::*;

    #[test]
    fn lines_and_places_may_move_and_nothing_else() {
        let of = |text: &str, start: u32, message: &str| {
            let sources = SourceSet::of("a.yaml", text);
            fingerprint(&Diagnostic::new(&RULE, Span::new(FileId(0), start, start + 1), message), &sources)
        };
        let one = of("a b", 2, "http[0].route[1]: b");
        assert_eq!(one, of("a\n\n  b", 5, "http[7].route[0]: b"));
        assert_ne!(one, of("a c", 2, "http[0].route[1]: b"));
        assert_ne!(one, of("a b", 2, "http[0].route[1]: c"));
    }
}
