//! The grammar: alternation, concatenation, repetition, groups and flags, after RE2's `parse.cc`.

use std::collections::BTreeSet;

use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};

use super::escape::Escape;
use crate::Error;

/// Bytes of an expression. Istio's own limit for most is 1,024.
const MAX_BYTES: usize = 32 << 10;
/// RE2 refuses counts above this, and nested counts whose product is above it.
const MAX_REPEAT: u32 = 1000;
/// Depth of groups. RE2 allows 1,000; the intermediate form is walked recursively.
const MAX_DEPTH: usize = 200;

/// An expression that has been read.
#[derive(Debug, Clone)]
pub struct Expression {
    /// Its language, over bytes.
    pub hir: Hir,
    /// How many groups it captures, besides the whole match.
    pub groups: u32,
}

/// Reads one expression as Envoy's RE2 does: Perl's classes, Latin-1; `^` and `$` match only at the ends of the text
/// unless `(?m)` says otherwise.
pub fn parse(pattern: &str) -> Result<Expression, Error> {
    if pattern.len() > MAX_BYTES {
        let pattern = pattern.chars().take(80).chain(['…']).collect();
        return Err(Error::TooLarge { pattern, limit: MAX_BYTES, unit: "bytes" });
    }
    Parser::new(pattern).parse()
}

/// The flags that `(?…)` switches.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    /// `i`
    pub(super) fold: bool,
    /// `m`: `^` and `$` match at line ends too
    multi_line: bool,
    /// `s`: `.` matches a newline too
    dot_all: bool,
    /// `U`: repetitions take as little as they can, with a `?` as much
    ungreedy: bool,
}

/// One piece of a concatenation, and the product of the counts nested in it.
struct Piece {
    hir: Hir,
    count: u32,
}

/// Bounds of a repetition, and whether a `?` follows it.
type Bounds = (u32, Option<u32>, bool);

pub(super) struct Parser<'p> {
    pattern: &'p str,
    /// Byte offset of what is read next.
    pub(super) at: usize,
    pub(super) flags: Flags,
    depth: usize,
    groups: u32,
    names: BTreeSet<&'p [u8]>,
}

impl<'p> Parser<'p> {
    fn new(pattern: &'p str) -> Self {
        Self { pattern, at: 0, flags: Flags::default(), depth: 0, groups: 0, names: BTreeSet::new() }
    }

    fn parse(mut self) -> Result<Expression, Error> {
        let piece = self.alternation()?;
        if self.at < self.pattern.len() {
            return self.fail("a ) closes nothing");
        }
        Ok(Expression { hir: piece.hir, groups: self.groups })
    }

    // === the text ===

    pub(super) fn rest(&self) -> &'p [u8] {
        &self.pattern.as_bytes()[self.at..]
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text.as_bytes());
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn fail<T>(&self, reason: impl Into<String>) -> Result<T, Error> {
        Err(Error::Syntax { pattern: self.pattern.to_owned(), offset: self.at, reason: reason.into() })
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
        while let Some(byte) = self.peek() {
            let was_repeated = std::mem::take(&mut repeated);
            match byte {
                b'|' | b')' => break,
                b'*' | b'+' | b'?' | b'{' => {
                    let Some(bounds) = self.repetition_operator()? else {
                        self.at += 1;
                        pieces.push(self.literal(b'{'));
                        continue;
                    };
                    if was_repeated {
                        return self.fail("a repetition is repeated");
                    }
                    let Some(piece) = pieces.pop() else {
                        return self.fail("a repetition has nothing to repeat");
                    };
                    pieces.push(self.repeat(piece, bounds)?);
                    repeated = true;
                }
                b'(' => {
                    if let Some(piece) = self.group()? {
                        pieces.push(piece);
                    }
                }
                b'[' => {
                    let class = self.class()?;
                    pieces.push(piece(Hir::class(Class::Bytes(class))));
                }
                b'\\' => self.backslash(&mut pieces)?,
                b'.' => {
                    self.at += 1;
                    let mut class = ClassBytes::empty();
                    if !self.flags.dot_all {
                        class.push(ClassBytesRange::new(b'\n', b'\n'));
                    }
                    class.negate();
                    pieces.push(piece(Hir::class(Class::Bytes(class))));
                }
                b'^' | b'$' => {
                    self.at += 1;
                    pieces.push(piece(Hir::look(match (byte, self.flags.multi_line) {
                        (b'^', false) => Look::Start,
                        (b'^', true) => Look::StartLF,
                        (_, false) => Look::End,
                        (_, true) => Look::EndLF,
                    })));
                }
                _ => {
                    self.at += 1;
                    pieces.push(self.literal(byte));
                }
            }
        }
        let count = pieces.iter().map(|p| p.count).max().unwrap_or(1);
        Ok(Piece { hir: Hir::concat(pieces.into_iter().map(|p| p.hir).collect()), count })
    }

    fn literal(&self, byte: u8) -> Piece {
        if !self.flags.fold {
            return piece(Hir::literal([byte]));
        }
        let mut class = ClassBytes::new([ClassBytesRange::new(byte, byte)]);
        class.case_fold_simple();
        piece(Hir::class(Class::Bytes(class)))
    }

    fn backslash(&mut self, pieces: &mut Vec<Piece>) -> Result<(), Error> {
        if self.eat("\\Q") {
            while !self.rest().is_empty() && !self.eat("\\E") {
                if let Some(byte) = self.next() {
                    pieces.push(self.literal(byte));
                }
            }
            return Ok(());
        }
        pieces.push(match self.escape()? {
            Escape::Byte(byte) => self.literal(byte),
            Escape::Class(class) => piece(Hir::class(Class::Bytes(class))),
            Escape::Look(look) => piece(Hir::look(look)),
        });
        Ok(())
    }

    /// A repetition operator with its trailing `?`; `None` for a `{` that is a literal.
    fn repetition_operator(&mut self) -> Result<Option<Bounds>, Error> {
        let (min, max) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            _ => return self.counted(),
        };
        self.at += 1;
        let lazy = self.eat("?");
        Ok(Some((min, max, lazy)))
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn counted(&mut self) -> Result<Option<Bounds>, Error> {
        let Some(end) = self.rest().iter().position(|&byte| byte == b'}') else { return Ok(None) };
        let inside = &self.rest()[1..end];
        let (low, high) = match inside.iter().position(|&byte| byte == b',') {
            None => (inside, Some(inside)),
            Some(comma) => (&inside[..comma], Some(&inside[comma + 1..]).filter(|high| !high.is_empty())),
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
            return self.fail(format!("counts go from small to large, up to {MAX_REPEAT}"));
        }
        self.at += end + 1;
        let lazy = self.eat("?");
        Ok(Some((min, max, lazy)))
    }

    fn repeat(&self, inner: Piece, (min, max, lazy): Bounds) -> Result<Piece, Error> {
        let times = max.unwrap_or(min).max(1);
        let count = inner.count.saturating_mul(times);
        if times >= 2 && count > MAX_REPEAT {
            return self.fail(format!("nested counts multiply to more than {MAX_REPEAT}"));
        }
        let greedy = lazy == self.flags.ungreedy;
        let hir = Hir::repetition(Repetition { min, max, greedy, sub: Box::new(inner.hir) });
        Ok(Piece { hir, count })
    }

    /// A group; `None` for one that only switches flags.
    fn group(&mut self) -> Result<Option<Piece>, Error> {
        let outer = self.flags;
        self.at += 1;
        let captures = if self.eat("?") {
            match self.perl_group()? {
                PerlGroup::Flags => return Ok(None),
                PerlGroup::Plain => false,
                PerlGroup::Named => true,
            }
        } else {
            true
        };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::TooLarge {
                pattern: self.pattern.to_owned(),
                limit: MAX_DEPTH,
                unit: "nested groups",
            });
        }
        self.groups += u32::from(captures);
        let index = self.groups;
        let Piece { hir, count } = self.alternation()?;
        if !self.eat(")") {
            return self.fail("a group is not closed by )");
        }
        self.depth -= 1;
        self.flags = outer;
        let hir =
            if captures { Hir::capture(Capture { index, name: None, sub: Box::new(hir) }) } else { hir };
        Ok(Some(Piece { hir, count }))
    }

    /// What follows `(?`.
    fn perl_group(&mut self) -> Result<PerlGroup, Error> {
        for look_around in ["=", "!", "<=", "<!"] {
            if self.rest().starts_with(look_around.as_bytes()) {
                self.at -= 2;
                return self.fail("RE2 has no look-around");
            }
        }
        if self.eat("P<") || self.eat("<") {
            let Some(end) = self.rest().iter().position(|&byte| byte == b'>') else {
                return self.fail("the name of a group is not closed by >");
            };
            let name = &self.rest()[..end];
            // Bytes are characters here: those of a UTF-8 letter need not all be letters.
            if name.is_empty() || !name.iter().all(|&byte| is_name_byte(byte)) {
                return self.fail("the name of a group has letters, digits and _ only");
            }
            if !self.names.insert(name) {
                return self.fail("two groups have one name");
            }
            self.at += end + 1;
            return Ok(PerlGroup::Named);
        }
        let mut flags = self.flags;
        let mut negated = false;
        let mut any = false;
        loop {
            match self.next() {
                Some(b'i') => flags.fold = !negated,
                Some(b'm') => flags.multi_line = !negated,
                Some(b's') => flags.dot_all = !negated,
                Some(b'U') => flags.ungreedy = !negated,
                Some(b'-') if !negated => {
                    negated = true;
                    any = false;
                    continue;
                }
                Some(end @ (b':' | b')')) if any || !negated => {
                    self.flags = flags;
                    return Ok(if end == b':' { PerlGroup::Plain } else { PerlGroup::Flags });
                }
                _ => return self.fail("RE2 has no such group: (? is followed by flags (imsU) or a name"),
            }
            any = true;
        }
    }
}

enum PerlGroup {
    /// flags alone
    Flags,
    /// a group that captures nothing
    Plain,
    Named,
}

/// RE2 takes letters, marks, decimal digits, letter-like numbers and connectors.
fn is_name_byte(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || (byte >= 0x80 && char::from(byte).is_alphabetic())
}

fn piece(hir: Hir) -> Piece {
    Piece { hir, count: 1 }
}

/// A count as RE2 reads it: decimal digits, no leading zero.
fn count(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || (digits.len() > 1 && digits[0] == b'0') {
        return None;
    }
    digits.iter().try_fold(0u32, |sum, digit| {
        digit.is_ascii_digit().then(|| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
    })
}
