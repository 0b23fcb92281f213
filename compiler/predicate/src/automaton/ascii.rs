//! An expression as far as it matches strings of ASCII alone: where others cannot occur, its automaton needs no states
//! within characters of several bytes, of which a dot has a dozen.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

use super::{Automaton, DEAD};

/// The last byte of ASCII.
const LAST: u8 = 0x7f;

impl Automaton {
    /// Whether only strings of ASCII are possible.
    pub(super) fn is_ascii(&self) -> bool {
        (0..self.len() as u32)
            .all(|state| self.row(state).iter().all(|edge| edge.last() <= LAST || edge.target() == DEAD))
    }
}

/// The same strings without those that have anything but ASCII in them.
pub(super) fn ascii(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => hir.clone(),
        HirKind::Literal(literal) if literal.0.is_ascii() => hir.clone(),
        HirKind::Literal(_) => Hir::fail(),
        HirKind::Class(class) => Hir::class(Class::Bytes(ascii_class(class))),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(ascii(&repetition.sub));
            Hir::repetition(Repetition { sub, ..*repetition })
        }
        HirKind::Capture(capture) => ascii(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(ascii).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(ascii).collect()),
    }
}

fn ascii_class(class: &Class) -> ClassBytes {
    let within = |start: u32, end: u32| {
        let (start, end) = (u8::try_from(start).ok()?, end.min(u32::from(LAST)) as u8);
        (start <= end).then(|| ClassBytesRange::new(start, end))
    };
    ClassBytes::new(match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .filter_map(|range| within(u32::from(range.start()), u32::from(range.end())))
            .collect::<Vec<_>>(),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .filter_map(|range| within(range.start().into(), range.end().into()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use crate::automaton::pattern;
    use crate::automaton::signature::EMPTY;

    const INSIDE: u32 = 2;

    /// Both automata say the same of all short strings over a few characters.
    #[test]
    fn nothing_changes_for_strings_of_ascii() -> Result<(), crate::Error> {
        for expression in [
            "a.*b",
            "(?i)k+s",
            "[^b]{0,2}",
            "é|a",
            "(é|b)*",
            "aé*b",
            "a(é)?",
            r"\p{L}b",
            r"[\p{Greek}]*a",
            r"\bab\b",
            "(?s).{2,3}",
            r"[^\x00-b]?b",
            "[é-ü]+",
        ] {
            let all = pattern::regex(expression, INSIDE, EMPTY, 1_000, false)?.expect("small");
            let ascii = pattern::regex(expression, INSIDE, EMPTY, 1_000, true)?.expect("small");
            let letters = ["a", "b", "k", "S", "\n", "~"];
            let mut texts = vec![String::new()];
            for length in 0..3 {
                let longer = texts.iter().filter(|text| text.len() == length);
                let longer: Vec<_> = longer.flat_map(|text| letters.map(|l| format!("{text}{l}"))).collect();
                texts.extend(longer);
            }
            for text in texts {
                let (one, other) = (all.classify(text.as_bytes()), ascii.classify(text.as_bytes()));
                assert_eq!(one, other, "{expression} of {text:?}");
            }
            assert_ne!(ascii.classify("aéb".as_bytes()), INSIDE, "{expression}");
        }
        Ok(())
    }
}
