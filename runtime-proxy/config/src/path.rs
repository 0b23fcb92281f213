//! Paths as Envoy normalises them before anything looks at them (the URL standard's canonical path).

/// What becomes of a byte of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Byte {
    /// Kept; kept escaped where it is.
    Pass,
    /// Kept; decoded where it is escaped.
    Unescape,
    /// Percent-encoded.
    Escape,
}

fn kind(byte: u8) -> Byte {
    match byte {
        b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Byte::Unescape,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'@'
        | b'[' | b']' | b'%' => Byte::Pass,
        _ => Byte::Escape,
    }
}

fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// The two digits behind a percent sign.
fn escaped(bytes: &[u8], at: usize) -> Option<u8> {
    let (high, low) = (bytes.get(at + 1)?, bytes.get(at + 2)?);
    Some(hex(*high)? << 4 | hex(*low)?)
}

/// Resolves `.` and `..`, turns backslashes to slashes, decodes what needs no escape and escapes what does.
/// The query is left alone. `None` where the path cannot be normalised, which Envoy answers with 400.
pub fn normalize_path(path: &str) -> Option<std::borrow::Cow<'_, str>> {
    let (only, query) = path.find('?').map_or((path, ""), |at| path.split_at(at));
    if is_normal(only.as_bytes()) {
        return Some(std::borrow::Cow::Borrowed(path));
    }
    let bytes = only.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(path.len() + 8);
    let mut at = 0;
    if !matches!(bytes.first(), Some(b'/' | b'\\')) {
        out.push(b'/');
    }
    while at < bytes.len() {
        let byte = bytes[at];
        let slash = matches!(byte, b'/' | b'\\');
        if slash || (at == 0 && dots(bytes, 0).is_some()) {
            let behind = if slash { at + 1 } else { at };
            if slash {
                out.push(b'/');
            }
            at = behind;
            // A segment of one or two dots ends here: at a slash or at the end.
            if let Some((count, end)) = dots(bytes, behind) {
                if count == 2 {
                    remove_segment(&mut out);
                }
                at = end;
                // The slash behind the dots is the one before them.
                if matches!(bytes.get(at), Some(b'/' | b'\\')) {
                    out.pop();
                }
            }
            continue;
        }
        if byte == b'%' {
            match escaped(bytes, at) {
                Some(0) => return None,
                Some(value) if kind(value) == Byte::Unescape => out.push(value),
                Some(_) => out.extend_from_slice(&bytes[at..at + 3]),
                None => {
                    out.push(b'%');
                    at += 1;
                    continue;
                }
            }
            at += 3;
            continue;
        }
        if kind(byte) == Byte::Escape {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        } else {
            out.push(byte);
        }
        at += 1;
    }
    let mut out = String::from_utf8(out).ok()?;
    out.push_str(query);
    Some(std::borrow::Cow::Owned(out))
}

/// Whether nothing is to do: the common case, without copying.
fn is_normal(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
        && path.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => false,
            b'.' => path[at - 1] != b'/',
            byte => kind(*byte) != Byte::Escape,
        })
}

/// One or two dots that are a whole segment: how many, and where they end.
fn dots(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut at = start;
    let mut literal = true;
    for count in 0..=2 {
        match bytes.get(at) {
            None | Some(b'/' | b'\\') => return (count > 0).then_some((count, at)),
            // Parameters of such a segment are dropped with it, where the dots are not escaped.
            Some(b';') if count > 0 && literal => {
                let slash = bytes[at..].iter().position(|byte| matches!(byte, b'/' | b'\\'));
                return Some((count, slash.map_or(bytes.len(), |slash| at + slash)));
            }
            Some(b'.') => at += 1,
            Some(b'%') if escaped(bytes, at) == Some(b'.') => {
                literal = false;
                at += 3;
            }
            Some(_) => return None,
        }
    }
    None
}

/// Goes back behind the slash before the last segment.
fn remove_segment(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.pop();
        while out.last().is_some_and(|byte| *byte != b'/') {
            out.pop();
        }
    }
}

/// One slash in place of several; the query is left alone.
pub fn merge_slashes(path: &str) -> std::borrow::Cow<'_, str> {
    let (only, query) = path.find('?').map_or((path, ""), |at| path.split_at(at));
    if !only.contains("//") {
        return std::borrow::Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    for c in only.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out.push_str(query);
    std::borrow::Cow::Owned(out)
}
