//! The grammar: alternation, concatenation, repetition, groups and flags, after RE2's
//! `parse.cc`.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange};
use regex_syntax::hir::{Hir, Look, Repetition};

use super::escape::Escape;
use crate::Error;

/// RE2 refuses counts above this, and nested counts whose product is above it.
const MAX_REPEAT: u32 = 1000;
/// Depth of groups. RE2 allows 1,000; the intermediate form is walked recursively.
const MAX_DEPTH: usize = 200;

/// The flags that `(?…)` switches.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    /// `i`
    pub(super) fold: bool,
    /// `m`: `^` and `$` match at line ends too
    multi_line: bool,
    /// `s`: `.` matches a newline too
    dot_all: bool,
}

/// One piece of a concatenation, and the product of the counts nested in it.
struct Piece {
    hir: Hir,
    count: u32,
}

pub(super) struct Parser<'p> {
    pattern: &'p str,
    /// Byte offset of what is read next.
    pub(super) at: usize,
    pub(super) flags: Flags,
    depth: usize,
    names: BTreeSet<&'p str>,
}

impl<'p> Parser<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self { pattern, at: 0, flags: Flags::default(), depth: 0, names: BTreeSet::new() }
    }

    pub(super) fn parse(mut self) -> Result<Hir, Error> {
        let piece = self.alternation()?;
        if self.at < self.pattern.len() {
            return self.fail("unexpected )");
        }
        Ok(piece.hir)
    }

    // === the text ===

    pub(super) fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn fail<T>(&self, reason: impl Into<String>) -> Result<T, Error> {
        Err(Error::Regex { pattern: self.pattern.to_owned(), offset: self.at, reason: reason.into() })
    }

    // === the grammar ===

    fn alternation(&mut self) -> Result<Piece, Error> {
        let mut branches = Vec::new();
        let mut count = 1;
        loop {
            let branch = self.concatenation()?;
            count = count.max(branch.count);
            branches.push(branch.hir);
            if !self.eat("|") {
                return Ok(Piece { hir: Hir::alternation(branches), count });
            }
        }
    }

    fn concatenation(&mut self) -> Result<Piece, Error> {
        let mut pieces: Vec<Piece> = Vec::new();
        // Whether the thing read just before was a repetition: Perl (and RE2) refuse `a**`.
        let mut repeated = false;
        while let Some(c) = self.peek() {
            let was_repeated = std::mem::take(&mut repeated);
            match c {
                '|' | ')' => break,
                '*' | '+' | '?' | '{' => {
                    let Some((min, max)) = self.repetition_operator()? else {
                        self.at += 1;
                        pieces.push(self.literal('{'));
                        continue;
                    };
                    if was_repeated {
                        return self.fail("bad repetition operator: a repetition is repeated");
                    }
                    let Some(piece) = pieces.pop() else {
                        return self.fail("no argument for repetition operator");
                    };
                    pieces.push(self.repeat(piece, min, max)?);
                    repeated = true;
                }
                '(' => {
                    if let Some(piece) = self.group()? {
                        pieces.push(piece);
                    }
                }
                '[' => {
                    let class = self.class()?;
                    pieces.push(piece(Hir::class(Class::Unicode(class))));
                }
                '\\' => self.backslash(&mut pieces)?,
                '.' => {
                    self.at += 1;
                    let mut class = ClassUnicode::empty();
                    if !self.flags.dot_all {
                        class.push(ClassUnicodeRange::new('\n', '\n'));
                    }
                    class.negate();
                    pieces.push(piece(Hir::class(Class::Unicode(class))));
                }
                '^' | '$' => {
                    self.at += 1;
                    pieces.push(piece(Hir::look(match (c, self.flags.multi_line) {
                        ('^', false) => Look::Start,
                        ('^', true) => Look::StartLF,
                        (_, false) => Look::End,
                        (_, true) => Look::EndLF,
                    })));
                }
                _ => {
                    self.at += c.len_utf8();
                    pieces.push(self.literal(c));
                }
            }
        }
        let count = pieces.iter().map(|p| p.count).max().unwrap_or(1);
        Ok(Piece { hir: Hir::concat(pieces.into_iter().map(|p| p.hir).collect()), count })
    }

    fn literal(&self, c: char) -> Piece {
        if !self.flags.fold {
            return piece(Hir::literal(c.to_string().into_bytes()));
        }
        let mut class = ClassUnicode::new([ClassUnicodeRange::new(c, c)]);
        class.case_fold_simple();
        piece(Hir::class(Class::Unicode(class)))
    }

    fn backslash(&mut self, pieces: &mut Vec<Piece>) -> Result<(), Error> {
        if self.eat("\\Q") {
            while !self.rest().is_empty() && !self.eat("\\E") {
                if let Some(c) = self.next() {
                    pieces.push(self.literal(c));
                }
            }
            return Ok(());
        }
        let hir = match self.escape()? {
            Escape::Char(code) => match char::from_u32(code) {
                Some(c) => {
                    pieces.push(self.literal(c));
                    return Ok(());
                }
                // A surrogate.
                None => Hir::fail(),
            },
            Escape::Class(class) => Hir::class(Class::Unicode(class)),
            Escape::Look(look) => Hir::look(look),
            Escape::AnyByte => Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(0, u8::MAX)]))),
        };
        pieces.push(piece(hir));
        Ok(())
    }

    /// A repetition operator with its trailing `?`; `None` for a `{` that is a literal.
    fn repetition_operator(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        let bounds = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            _ => return self.counted(),
        };
        self.at += 1;
        self.eat("?");
        Ok(Some(bounds))
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn counted(&mut self) -> Result<Option<(u32, Option<u32>)>, Error> {
        let Some(end) = self.rest().find('}') else { return Ok(None) };
        let inside = &self.rest()[1..end];
        let (low, high) = match inside.split_once(',') {
            None => (inside, Some(inside)),
            Some((low, "")) => (low, None),
            Some((low, high)) => (low, Some(high)),
        };
        let Some(min) = count(low) else { return Ok(None) };
        let max = match high {
            None => None,
            Some(high) => match count(high) {
                None => return Ok(None),
                some => some,
            },
        };
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
            return self.fail("bad repetition operator: counts go from small to large, up to 1000");
        }
        self.at += end + 1;
        self.eat("?");
        Ok(Some((min, max)))
    }

    fn repeat(&self, inner: Piece, min: u32, max: Option<u32>) -> Result<Piece, Error> {
        let times = max.unwrap_or(min).max(1);
        let count = inner.count.saturating_mul(times);
        if times >= 2 && count > MAX_REPEAT {
            return self.fail("bad repetition operator: nested counts multiply to more than 1000");
        }
        let hir = Hir::repetition(Repetition { min, max, greedy: true, sub: Box::new(inner.hir) });
        Ok(Piece { hir, count })
    }

    /// A group; `None` for one that only switches flags.
    fn group(&mut self) -> Result<Option<Piece>, Error> {
        let outer = self.flags;
        self.at += 1;
        if self.eat("?") && !self.perl_group()? {
            return Ok(None);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooLarge {
                what: format!("regular expression {:?}", self.pattern),
                limit: MAX_DEPTH,
                unit: "nested groups",
            });
        }
        let piece = self.alternation()?;
        if !self.eat(")") {
            return self.fail("missing )");
        }
        self.depth -= 1;
        self.flags = outer;
        Ok(Some(piece))
    }

    /// What follows `(?`. True if a group has been opened, false if flags were set.
    fn perl_group(&mut self) -> Result<bool, Error> {
        for look_around in ["=", "!", "<=", "<!"] {
            if self.rest().starts_with(look_around) {
                return self.fail("invalid perl operator: RE2 has no look-around");
            }
        }
        if self.eat("P<") || self.eat("<") {
            let Some(end) = self.rest().find('>') else { return self.fail("invalid named capture group") };
            let name = &self.rest()[..end];
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return self.fail("invalid named capture group");
            }
            if !self.names.insert(name) {
                return self.fail("duplicate capture group name");
            }
            self.at += end + 1;
            return Ok(true);
        }
        let mut flags = self.flags;
        let mut negated = false;
        let mut any = false;
        loop {
            match self.next() {
                Some('i') => flags.fold = !negated,
                Some('m') => flags.multi_line = !negated,
                Some('s') => flags.dot_all = !negated,
                // Greediness has no part in what matches as a whole.
                Some('U') => {}
                Some('-') if !negated => {
                    negated = true;
                    any = false;
                    continue;
                }
                Some(end @ (':' | ')')) if any || !negated => {
                    self.flags = flags;
                    return Ok(end == ':');
                }
                _ => return self.fail("invalid perl operator after (?"),
            }
            any = true;
        }
    }
}

fn piece(hir: Hir) -> Piece {
    Piece { hir, count: 1 }
}

/// A count as RE2 reads it: decimal digits, no leading zero.
fn count(digits: &str) -> Option<u32> {
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    digits.bytes().try_fold(0u32, |sum, digit| {
        digit.is_ascii_digit().then(|| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
    })
}
