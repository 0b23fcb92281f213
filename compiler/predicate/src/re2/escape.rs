//! Escapes, after RE2's `ParseEscape`, and what only stands outside a class.

use regex_syntax::hir::{ClassUnicode, Look};

use super::names;
use super::parser::Parser;
use crate::Error;

/// What a backslash introduces outside a class.
pub(super) enum Escape {
    /// a code point
    Char(u32),
    Class(ClassUnicode),
    Look(Look),
    /// `\C`: any one byte
    AnyByte,
}

impl Parser<'_> {
    /// Reads a backslash and what belongs to it, outside a class.
    pub(super) fn escape(&mut self) -> Result<Escape, Error> {
        let simple = match self.rest().as_bytes().get(1) {
            Some(b'A') => Some(Escape::Look(Look::Start)),
            Some(b'z') => Some(Escape::Look(Look::End)),
            Some(b'b') => Some(Escape::Look(Look::WordAscii)),
            Some(b'B') => Some(Escape::Look(Look::WordAsciiNegate)),
            Some(b'C') => Some(Escape::AnyByte),
            _ => None,
        };
        if let Some(simple) = simple {
            self.at += 2;
            return Ok(simple);
        }
        if let Some(class) = self.escaped_class()? {
            return Ok(Escape::Class(class));
        }
        self.escaped_char().map(Escape::Char)
    }

    /// `\d`, `\pN`, `\p{Greek}` and their like, inside or outside a class; reads
    /// nothing if something else follows.
    pub(super) fn escaped_class(&mut self) -> Result<Option<ClassUnicode>, Error> {
        let Some(&letter) = self.rest().as_bytes().get(1) else { return Ok(None) };
        if !self.rest().starts_with('\\') {
            return Ok(None);
        }
        if let Some(class) = names::perl(letter.to_ascii_lowercase()) {
            self.at += 2;
            return Ok(Some(self.group_class(class, letter.is_ascii_uppercase())));
        }
        if letter != b'p' && letter != b'P' {
            return Ok(None);
        }
        self.at += 2;
        let name = if self.eat("{") {
            let Some(end) = self.rest().find('}') else { return self.fail("invalid character class range") };
            let name = &self.rest()[..end];
            self.at += end + 1;
            name.to_owned()
        } else {
            self.next().map(String::from).unwrap_or_default()
        };
        let (name, inverted) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let Some(class) = names::unicode(name) else {
            return self.fail(format!("invalid character class range: no Unicode group {name:?}"));
        };
        Ok(Some(self.group_class(class, (letter == b'P') != inverted)))
    }

    /// A named group under the flags: folded first and negated then.
    pub(super) fn group_class(&self, mut class: ClassUnicode, negated: bool) -> ClassUnicode {
        if self.flags.fold {
            class.case_fold_simple();
        }
        if negated {
            class.negate();
        }
        class
    }

    /// An escape that stands for one code point; RE2 takes surrogates too, which no
    /// valid text has.
    pub(super) fn escaped_char(&mut self) -> Result<u32, Error> {
        self.at += 1;
        let Some(c) = self.next() else { return self.fail("trailing \\") };
        match c {
            '1'..='7' if !self.peek().is_some_and(|c| c.is_digit(8)) => {
                self.fail("invalid escape sequence: RE2 has no backreferences")
            }
            '0'..='7' => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    self.at += 1;
                }
                Ok(code)
            }
            'x' => self.hexadecimal(),
            'n' => Ok(u32::from('\n')),
            'r' => Ok(u32::from('\r')),
            't' => Ok(u32::from('\t')),
            'a' => Ok(u32::from('\x07')),
            'f' => Ok(u32::from('\x0c')),
            'v' => Ok(u32::from('\x0b')),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(u32::from(c)),
            c => self.fail(format!("invalid escape sequence: \\{c}")),
        }
    }

    fn hexadecimal(&mut self) -> Result<u32, Error> {
        let invalid = "invalid escape sequence: \\x takes two hexadecimal digits, or any in braces";
        let mut code = 0u32;
        if self.eat("{") {
            let mut digits = 0;
            while let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) {
                code = code * 16 + digit;
                digits += 1;
                self.at += 1;
                if code > u32::from(char::MAX) {
                    return self.fail(invalid);
                }
            }
            if digits == 0 || !self.eat("}") {
                return self.fail(invalid);
            }
        } else {
            for _ in 0..2 {
                let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                    return self.fail(invalid);
                };
                code = code * 16 + digit;
                self.at += 1;
            }
        }
        Ok(code)
    }
}
