//! What each match is replaced with: RE2's rewrite strings.

use crate::Regex;

/// A rewrite string: `\0` stands for the match, `\1` to `\9` for its groups, `\\` for a backslash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    pieces: Vec<Piece>,
    highest_group: u32,
    /// Whether it ends before a backslash that stands before something else.
    broken: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Group(u32),
}

impl Substitution {
    /// Reads a rewrite string. As RE2 does, it takes any: at a backslash that stands before something else the
    /// replacement ends.
    pub fn new(text: &str) -> Self {
        let mut read = Self { pieces: Vec::new(), highest_group: 0, broken: false };
        let mut literal = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                literal.push(byte);
                continue;
            }
            match bytes.next() {
                Some(digit @ b'0'..=b'9') => {
                    let group = u32::from(digit - b'0');
                    // Those behind the end count too.
                    read.highest_group = read.highest_group.max(group);
                    if !read.broken {
                        read.pieces.push(Piece::Text(std::mem::take(&mut literal)));
                        read.pieces.push(Piece::Group(group));
                    }
                }
                Some(b'\\') => literal.push(b'\\'),
                _ if read.broken => {}
                _ => {
                    read.broken = true;
                    read.pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
            }
        }
        if !read.broken {
            read.pieces.push(Piece::Text(literal));
        }
        read
    }

    /// What RE2's `CheckRewriteString` complains of: a mistake that makes replacements do less than they say.
    pub fn flaw(&self, regex: &Regex) -> Option<String> {
        if self.broken {
            Some(r"a backslash must stand before a digit or a backslash".to_owned())
        } else if self.highest_group > regex.groups() {
            Some(format!("the expression has no group {}", self.highest_group))
        } else {
            None
        }
    }

    pub(crate) fn highest_group(&self) -> u32 {
        self.highest_group
    }

    /// Writes the replacement of one match.
    pub(crate) fn write<'t>(&self, out: &mut Vec<u8>, group: impl Fn(u32) -> &'t [u8]) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Group(number) => out.extend_from_slice(group(*number)),
            }
        }
    }
}
