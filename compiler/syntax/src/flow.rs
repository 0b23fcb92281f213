//! Brackets that close to the left of their key. YAML 1.2 forbids it and the parser refuses it; libyaml,
//! and so Kubernetes, takes it, as people write it.

/// The text with the lines of the bracketed value at `start` joined: line ends and comments outside of
/// quotes become blanks, so that every offset stays. None: nothing changes.
pub(crate) fn join_lines(text: &str, start: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut depth = 0_usize;
    let mut before = b' ';
    let mut at = start;
    let mut changed = false;
    while at < bytes.len() {
        let byte = bytes[at];
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b'"' | b'\'' if matches!(before, b' ' | b'\t' | b'[' | b'{' | b',' | b':') => {
                at = closing(&bytes, at)?;
            }
            b'#' if matches!(before, b' ' | b'\t') => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    bytes[at] = b' ';
                    at += 1;
                }
                changed = true;
                before = b' ';
                continue;
            }
            b'\n' | b'\r' => {
                bytes[at] = b' ';
                changed = true;
            }
            _ => {}
        }
        before = bytes[at];
        at += 1;
    }
    // Whole characters only are replaced, each byte by a blank.
    changed.then(|| String::from_utf8(bytes).ok()).flatten()
}

/// Where the quote at `start` is closed.
fn closing(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    loop {
        let byte = *bytes.get(at)?;
        if byte == b'\\' && quote == b'"' {
            at += 2;
        } else if byte != quote {
            at += 1;
        } else if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_offsets_stay() {
        let text = "a: [\n  \"x\ny\", # é ]\n b]\nc: 1\n";
        let joined = join_lines(text, 3).unwrap();
        assert_eq!(joined, "a: [   \"x\ny\",         b]\nc: 1\n");
        assert_eq!(joined.len(), text.len());
        assert_eq!(join_lines("a: [b]\nc", 3), None);
        assert_eq!(join_lines("a: [\"b", 3), None);
    }
}
