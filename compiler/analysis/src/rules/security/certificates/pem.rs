//! PEM and base64, as far as Secrets need them.

/// A block of a PEM text.
pub(super) struct Block {
    /// `CERTIFICATE`, `RSA PRIVATE KEY`…
    pub(super) label: String,
    /// What it holds.
    pub(super) bytes: Vec<u8>,
}

/// The blocks of a text; what cannot be read is left out.
pub(super) fn blocks(text: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(text);
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines().map(str::trim) {
        if let Some(label) = line.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")) {
            open = Some((label.to_owned(), String::new()));
        } else if line.starts_with("-----END ") {
            if let Some((label, body)) = open.take()
                && let Some(bytes) = base64(&body)
            {
                blocks.push(Block { label, bytes });
            }
        } else if let Some((_, body)) = &mut open {
            body.push_str(line);
        }
    }
    blocks
}

/// The bytes of a base64 text, white space aside; none for any other text.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut padding = 0;
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    (count < 6 && padding <= 2).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{base64, blocks};

    #[test]
    fn base64_is_read_with_its_padding() {
        assert_eq!(base64("aGVsbG8="), Some(b"hello".to_vec()));
        assert_eq!(base64("aGVs\nbG8h"), Some(b"hello!".to_vec()));
        assert_eq!(base64("a=b"), None);
        assert_eq!(base64("a$"), None);
    }

    #[test]
    fn blocks_are_found_in_any_text() {
        let text =
            b"x\n-----BEGIN A-----\naGVs\nbG8=\n-----END A-----\n-----BEGIN B-----\n?\n-----END B-----\n";
        let found = blocks(text);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].label.as_str(), found[0].bytes.as_slice()), ("A", &b"hello"[..]));
    }
}
