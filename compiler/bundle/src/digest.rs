//! Content addresses.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a blob; as text `sha256:` and 64 hexadecimal digits, as OCI writes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of pieces, one after the other.
    pub(crate) fn of_pieces(pieces: &[Vec<u8>]) -> Self {
        let mut hasher = Sha256::new();
        for piece in pieces {
            hasher.update(piece);
        }
        Self(hasher.finalize().into())
    }

    /// The digits alone: the blob's file name.
    pub fn hex(&self) -> String {
        let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
        let mut hex = String::with_capacity(64);
        for byte in self.0 {
            hex.extend([digit(byte >> 4), digit(byte & 15)]);
        }
        hex
    }

    /// The first byte: equal parts of all digests have each.
    pub(crate) fn first(&self) -> u8 {
        self.0[0]
    }

    /// Reads `sha256:HEX`.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?.as_bytes();
        if hex.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(bytes))
    }
}

/// Lower-case hexadecimal only: two spellings of one digest would be two addresses.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no sha256 digest")))
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn text_and_back() {
        let digest = Digest::of(b"");
        assert_eq!(
            digest.to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
    }

    #[test]
    fn other_spellings_are_refused() {
        let upper = Digest::of(b"").to_string().to_uppercase();
        assert_eq!(Digest::parse(&upper), None);
        assert_eq!(Digest::parse("sha256:00"), None);
        assert_eq!(
            Digest::parse("sha256:é0b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85"),
            None
        );
    }
}
