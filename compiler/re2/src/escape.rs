//! Escapes, after RE2's `ParseEscape`, and what only stands outside a class.

use regex_syntax::hir::{ClassBytes, Look};

use super::names;
use super::parser::Parser;
use crate::Error;

/// What a backslash introduces outside a class.
pub(super) enum Escape {
    Byte(u8),
    Class(ClassBytes),
    Look(Look),
}

impl Parser<'_> {
    /// Reads a backslash and what belongs to it, outside a class.
    pub(super) fn escape(&mut self) -> Result<Escape, Error> {
        let simple = match self.rest().get(1) {
            Some(b'A') => Some(Escape::Look(Look::Start)),
            Some(b'z') => Some(Escape::Look(Look::End)),
            Some(b'b') => Some(Escape::Look(Look::WordAscii)),
            Some(b'B') => Some(Escape::Look(Look::WordAsciiNegate)),
            Some(b'C') => {
                let mut any = ClassBytes::empty();
                any.negate();
                Some(Escape::Class(any))
            }
            _ => None,
        };
        if let Some(simple) = simple {
            self.at += 2;
            return Ok(simple);
        }
        if let Some(class) = self.escaped_class()? {
            return Ok(Escape::Class(class));
        }
        self.escaped_byte().map(Escape::Byte)
    }

    /// `\d`, `\pN`, `\p{Greek}` and their like, inside or outside a class; reads nothing if something else follows.
    pub(super) fn escaped_class(&mut self) -> Result<Option<ClassBytes>, Error> {
        let [b'\\', letter, ..] = *self.rest() else { return Ok(None) };
        if let Some(class) = names::perl(letter.to_ascii_lowercase()) {
            self.at += 2;
            return Ok(Some(self.group_class(class, letter.is_ascii_uppercase())));
        }
        if letter != b'p' && letter != b'P' {
            return Ok(None);
        }
        self.at += 2;
        let name = if self.eat("{") {
            let Some(end) = self.rest().iter().position(|&byte| byte == b'}') else {
                return self.fail("the name of a group of characters is not closed by }");
            };
            let name = &self.rest()[..end];
            self.at += end + 1;
            name
        } else {
            let name = &self.rest()[..self.rest().len().min(1)];
            self.at += name.len();
            name
        };
        let (name, inverted) = match name.strip_prefix(b"^") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let Some(class) = names::unicode(name) else {
            let name = String::from_utf8_lossy(name);
            return self.fail(format!("RE2 has no group of characters {name:?}"));
        };
        Ok(Some(self.group_class(class, (letter == b'P') != inverted)))
    }

    /// A named group under the flags: folded first and negated then.
    pub(super) fn group_class(&self, mut class: ClassBytes, negated: bool) -> ClassBytes {
        if self.flags.fold {
            class.case_fold_simple();
        }
        if negated {
            class.negate();
        }
        class
    }

    /// An escape that stands for one byte.
    pub(super) fn escaped_byte(&mut self) -> Result<u8, Error> {
        self.at += 1;
        let Some(byte) = self.next() else { return self.fail("it ends with a backslash") };
        match byte {
            b'1'..=b'7' if !self.peek().is_some_and(is_octal) => self.fail("RE2 has no back references"),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|&byte| is_octal(byte)) else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                self.byte(code)
            }
            b'x' => self.hexadecimal(),
            b'n' => Ok(b'\n'),
            b'r' => Ok(b'\r'),
            b't' => Ok(b'\t'),
            b'a' => Ok(0x07),
            b'f' => Ok(0x0c),
            b'v' => Ok(0x0b),
            // Bytes of a character that is not ASCII are no punctuation.
            _ if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(byte),
            _ if byte.is_ascii() => self.fail(format!("there is no escape \\{}", char::from(byte))),
            _ => self.fail("only ASCII can be escaped"),
        }
    }

    fn byte<T: TryInto<u8>>(&self, code: T) -> Result<u8, Error> {
        code.try_into().or_else(|_| self.fail("an escape stands for one byte, up to \\xff"))
    }

    fn hexadecimal(&mut self) -> Result<u8, Error> {
        let invalid = "\\x takes two hexadecimal digits, or any in braces";
        let mut code = 0u32;
        if self.eat("{") {
            let mut digits = 0;
            while let Some(digit) = self.hexadecimal_digit() {
                code = code * 16 + digit;
                digits += 1;
                self.byte(code)?;
            }
            if digits == 0 || !self.eat("}") {
                return self.fail(invalid);
            }
        } else {
            for _ in 0..2 {
                let Some(digit) = self.hexadecimal_digit() else { return self.fail(invalid) };
                code = code * 16 + digit;
            }
        }
        self.byte(code)
    }

    fn hexadecimal_digit(&mut self) -> Option<u32> {
        let digit = char::from(self.peek()?).to_digit(16)?;
        self.at += 1;
        Some(digit)
    }
}

fn is_octal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'7')
}
