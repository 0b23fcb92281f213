//! The public half of a private key, read from its DER.

use super::pem::Block;

/// What tells whether a key fits a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Public {
    /// RSA's modulus, without leading zeros.
    Modulus(Vec<u8>),
    /// A point of an elliptic curve.
    Point(Vec<u8>),
}

/// The public half; none where the key does not tell it.
pub(super) fn public_of(key: &Block) -> Option<Public> {
    match key.label.as_str() {
        "RSA PRIVATE KEY" => rsa(&key.bytes),
        "EC PRIVATE KEY" => curve(&key.bytes),
        "PRIVATE KEY" => {
            // PKCS #8: a version, the algorithm, and the key in its own form.
            let mut fields = Fields::of(&key.bytes)?;
            fields.next_of(INTEGER)?;
            fields.next_of(SEQUENCE)?;
            let inner = fields.next_of(OCTETS)?;
            rsa(inner).or_else(|| curve(inner))
        }
        _ => None,
    }
}

/// PKCS #1: a version, the modulus, and more.
fn rsa(der: &[u8]) -> Option<Public> {
    let mut fields = Fields::of(der)?;
    fields.next_of(INTEGER)?;
    let modulus = fields.next_of(INTEGER)?;
    fields.next_of(INTEGER)?;
    Some(Public::Modulus(without_zeros(modulus).to_vec()))
}

/// SEC 1: a version, the key, and perhaps the parameters and the point.
fn curve(der: &[u8]) -> Option<Public> {
    let mut fields = Fields::of(der)?;
    fields.next_of(INTEGER)?;
    fields.next_of(OCTETS)?;
    while let Some((tag, value)) = fields.next() {
        if tag == 0xa1 {
            let (tag, bits) = Fields(value).next()?;
            // The first byte counts the bits that are not used: none.
            return (tag == 3).then(|| bits.get(1..)).flatten().map(|point| Public::Point(point.to_vec()));
        }
    }
    None
}

/// A number without the zeros in front of it.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(first..).unwrap_or_default()
}

const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const SEQUENCE: u8 = 0x30;

/// What is left of a sequence.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The fields of the sequence that the bytes are.
    fn of(der: &'a [u8]) -> Option<Self> {
        let (tag, value) = Self(der).next()?;
        (tag == SEQUENCE).then_some(Self(value))
    }

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let (bytes, after) =
                rest.split_at_checked(usize::from(first & 0x7f)).filter(|(b, _)| b.len() <= 4)?;
            rest = after;
            bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte))
        };
        let (value, after) = rest.split_at_checked(length)?;
        self.0 = after;
        Some((tag, value))
    }

    fn next_of(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let (tag, value) = self.next()?;
        (tag == wanted).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, public_of, without_zeros};
    use crate::rules::security::certificates::pem::Block;

    #[test]
    fn broken_bytes_are_no_key() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 3, 2, 1, 0]] {
            let block = Block { label: "PRIVATE KEY".to_owned(), bytes: bytes.to_vec() };
            assert_eq!(public_of(&block), None, "{bytes:?}");
        }
        assert!(Fields(&[2, 1, 5]).next_of(2).is_some());
        assert_eq!(without_zeros(&[0, 0, 1, 0]), [1, 0]);
    }
}
