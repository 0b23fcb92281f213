//! A look at a document's head: which kind it is, without parsing it.

/// The kind of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// `networking.istio.io/v1`; empty if there is no such line.
    pub api_version: &'a str,
    /// `VirtualService`
    pub kind: &'a str,
}

/// The kind of a document in block style with one plain `kind:` line at its left margin; none where a
/// glance does not tell.
pub(crate) fn of(text: &str) -> Option<Head<'_>> {
    let mut kind = None;
    let mut api_version = None;
    let mut at = 0;
    while at < text.len() {
        let end =
            memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |newline| at + newline + 1);
        let line = &text[at..end];
        at = end;
        let slot = match line.as_bytes().first() {
            Some(b'k') if line.starts_with("kind:") => &mut kind,
            Some(b'a') if line.starts_with("apiVersion:") => &mut api_version,
            // Quoted keys, anchors, merge keys, flow style: a parser's work.
            Some(b'"' | b'\'' | b'{' | b'[' | b'&' | b'*' | b'<' | b'?' | b'!' | b'%') => return None,
            _ => continue,
        };
        let (_, value) = line.split_once(':')?;
        let value = value.split_once(" #").map_or(value, |(value, _)| value).trim_ascii();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/' | b'-');
        if value.is_empty() || !value.bytes().all(plain) || slot.replace(value).is_some() {
            return None;
        }
    }
    Some(Head { api_version: api_version.unwrap_or_default(), kind: kind? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_tells_the_kind_or_nothing() {
        let head = |api_version, kind| Some(Head { api_version, kind });
        assert_eq!(of("apiVersion: v1\nkind: Service # x\nspec:\n  kind: No\n"), head("v1", "Service"));
        assert_eq!(of("---\nkind: List\r\n"), head("", "List"));
        assert_eq!(of("kind: A\nkind: B\n"), None);
        assert_eq!(of("kind: \"Service\"\n"), None);
        assert_eq!(of("{\"kind\": \"Service\"}"), None);
        assert_eq!(of("<<: *x\nkind: A\n"), None);
        assert_eq!(of("kind:\n  A\n"), None);
        assert_eq!(of("a: 1\n"), None);
    }
}
