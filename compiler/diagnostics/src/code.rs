//! The name of a rule: `MC` and four digits.

use std::{fmt, str::FromStr};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A rule's code, such as `MC2103`. Grouped by theme: `MC00xx` reading and YAML, `MC01xx` documents and
/// their schemas, `MC1xxx` references in the mesh, `MC2xxx` routes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

/// The text is not `MC` and four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCodeError;

// === impl Code ===

impl Code {
    /// The code written as text.
    pub const fn parse(text: &str) -> Result<Self, ParseCodeError> {
        let bytes = text.as_bytes();
        if bytes.len() != 6 || bytes[0] != b'M' || bytes[1] != b'C' {
            return Err(ParseCodeError);
        }
        let mut number = 0;
        let mut at = 2;
        while at < 6 {
            if !bytes[at].is_ascii_digit() {
                return Err(ParseCodeError);
            }
            number = number * 10 + (bytes[at] - b'0') as u16;
            at += 1;
        }
        Ok(Self(number))
    }

    /// The code of a literal; [`declare_rule!`](crate::declare_rule) calls it while compiling, where a
    /// malformed literal is a compile error.
    #[doc(hidden)]
    pub const fn literal(text: &str) -> Self {
        match Self::parse(text) {
            Ok(code) => code,
            Err(ParseCodeError) => panic!("a code is MC and four digits"),
        }
    }

    /// The four digits as a number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` so that a table may give a width.
        f.pad(&format!("MC{:04}", self.0))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Code {
    type Err = ParseCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for ParseCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a code is `MC` and four digits, such as `MC2103`")
    }
}

impl std::error::Error for ParseCodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_as_they_are_written() {
        assert_eq!("MC0001".parse::<Code>().map(|code| code.to_string()), Ok("MC0001".to_owned()));
        for wrong in ["", "MC1", "mc0001", "MC00011", "MC00é", "IST0101"] {
            assert_eq!(wrong.parse::<Code>(), Err(ParseCodeError), "{wrong}");
        }
    }
}
