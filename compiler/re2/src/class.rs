//! Bracketed classes, after RE2's `ParseCharClass`: no set operations, `[` and `-` are literals where they can be
//! nothing else.

use regex_syntax::hir::{ClassBytes, ClassBytesRange};

use super::names;
use super::parser::Parser;
use crate::Error;

impl Parser<'_> {
    pub(super) fn class(&mut self) -> Result<ClassBytes, Error> {
        self.at += 1;
        let negated = self.eat("^");
        let mut class = ClassBytes::empty();
        let mut first = true;
        while first || self.peek() != Some(b']') {
            first = false;
            if self.rest().starts_with(b"[:")
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
    fn posix_class(&mut self) -> Result<Option<ClassBytes>, Error> {
        let rest = &self.rest()[2..];
        let Some(end) = rest.windows(2).position(|pair| pair == b":]") else { return Ok(None) };
        let name = &rest[..end];
        let (name, negated) = match name.strip_prefix(b"^") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(class) = names::posix(name) else {
            let name = String::from_utf8_lossy(name);
            return self.fail(format!("there is no class [:{name}:]"));
        };
        self.at += end + 4;
        Ok(Some(self.group_class(class, negated)))
    }

    fn class_range(&mut self) -> Result<ClassBytes, Error> {
        let low = self.class_byte()?;
        let mut high = low;
        let rest = self.rest();
        if rest.first() == Some(&b'-') && rest.get(1).is_some_and(|&next| next != b']') {
            self.at += 1;
            high = self.class_byte()?;
            if high < low {
                return self.fail("a range of characters ends before it begins");
            }
        }
        let mut class = ClassBytes::new([ClassBytesRange::new(low, high)]);
        if self.flags.fold {
            class.case_fold_simple();
        }
        Ok(class)
    }

    fn class_byte(&mut self) -> Result<u8, Error> {
        match self.peek() {
            None => self.fail("a class is not closed by ]"),
            Some(b'\\') => self.escaped_byte(),
            Some(byte) => {
                self.at += 1;
                Ok(byte)
            }
        }
    }
}
