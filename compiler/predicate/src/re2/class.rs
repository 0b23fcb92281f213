//! Bracketed classes, after RE2's `ParseCharClass`: no set operations, `[` and `-` are
//! literals where they can be nothing else.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::names;
use super::parser::Parser;
use crate::Error;

impl Parser<'_> {
    pub(super) fn class(&mut self) -> Result<ClassUnicode, Error> {
        self.at += 1;
        let negated = self.eat("^");
        let mut class = ClassUnicode::empty();
        let mut first = true;
        while first || !self.rest().starts_with(']') {
            first = false;
            if self.rest().starts_with("[:")
                && let Some(named) = self.posix_class()?
            {
                class.union(&named);
            } else if let Some(named) = self.escaped_class()? {
                class.union(&named);
            } else {
                class.union(&self.class_range()?);
            }
        }
        self.at += 1;
        if negated {
            class.negate();
        }
        Ok(class)
    }

    /// `[:alpha:]` or `[:^alpha:]`; `None`, with nothing read, if there is no `:]`.
    fn posix_class(&mut self) -> Result<Option<ClassUnicode>, Error> {
        let Some(end) = self.rest()[2..].find(":]") else { return Ok(None) };
        let name = &self.rest()[2..2 + end];
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(class) = names::posix(name) else {
            return self.fail(format!("invalid character class range: [:{name}:]"));
        };
        self.at += end + 4;
        Ok(Some(self.group_class(class, negated)))
    }

    fn class_range(&mut self) -> Result<ClassUnicode, Error> {
        let low = self.class_char()?;
        let mut high = low;
        let rest = self.rest().as_bytes();
        if rest.first() == Some(&b'-') && rest.get(1).is_some_and(|&next| next != b']') {
            self.at += 1;
            high = self.class_char()?;
            if high < low {
                return self.fail("invalid character class range: it ends before it begins");
            }
        }
        // A range that begins or ends among the surrogates begins after or ends before them.
        let low = char::from_u32(low).unwrap_or('\u{e000}');
        let high = char::from_u32(high).unwrap_or('\u{d7ff}');
        let mut class = ClassUnicode::empty();
        if low <= high {
            class.push(ClassUnicodeRange::new(low, high));
        }
        if self.flags.fold {
            class.case_fold_simple();
        }
        Ok(class)
    }

    fn class_char(&mut self) -> Result<u32, Error> {
        match self.peek() {
            None => self.fail("missing closing ]"),
            Some('\\') => self.escaped_char(),
            Some(c) => {
                self.at += c.len_utf8();
                Ok(u32::from(c))
            }
        }
    }
}
