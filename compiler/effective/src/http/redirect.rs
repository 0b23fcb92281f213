//! Redirects and direct responses.

use meshc_resources::istio::{DerivePort, HttpDirectResponse, HttpRedirect};
use meshc_syntax::de::Spanned;

use crate::model::{DirectResponse, Redirect, RedirectPath};

/// Istio's redirect; none for a code that is not a redirect's.
pub(super) fn redirect(written: &HttpRedirect, listen_port: u16, tls: bool) -> Option<Redirect> {
    let text = |value: &Option<Spanned<String>>| {
        value.as_ref().map(|value| value.value.clone()).filter(|value| !value.is_empty())
    };
    let code = match written.redirect_code.as_ref().map_or(0, |code| code.value) {
        0 | 301 => 301,
        302 => 302,
        303 => 303,
        307 => 307,
        308 => 308,
        _ => return None,
    };
    let scheme = text(&written.scheme);
    let from_request =
        written.derive_port.as_ref().is_some_and(|derive| derive.value == DerivePort::FromRequestPort);
    let port = match &written.port {
        Some(port) => u16::try_from(port.value).ok(),
        None => from_request.then_some(listen_port),
    };
    // The default port of the scheme is left out of the location.
    let own_scheme = scheme.as_deref().unwrap_or(if tls { "https" } else { "http" });
    let is_default = |port: u16| matches!((port, own_scheme), (80, "http") | (443, "https"));
    let path = text(&written.prefix_rewrite).map(RedirectPath::Prefix);
    Some(Redirect {
        code,
        host: text(&written.authority),
        port: port.filter(|port| *port != 0 && !is_default(*port)),
        path: path.or_else(|| text(&written.uri).map(RedirectPath::Full)),
        scheme,
    })
}

/// Istio's direct response. A body in base64 that is none is left out; the document's rules refuse it.
pub(super) fn direct_response(written: &HttpDirectResponse) -> DirectResponse {
    let body = written.body.as_ref().and_then(|body| match (&body.string, &body.bytes) {
        (Some(text), _) => Some(text.value.clone().into_bytes()),
        (None, Some(bytes)) => base64(bytes),
        (None, None) => None,
    });
    DirectResponse { status: written.status.as_ref().map_or(0, |status| status.value), body }
}

/// Standard or URL-safe base64, with or without padding, as protojson reads bytes.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_read_in_both_alphabets() {
        assert_eq!(base64("aGVsbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64("aGVsbG8").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64("-_8"), Some(vec![0xfb, 0xff]));
        assert_eq!(base64("%"), None);
        assert_eq!(base64("").as_deref(), Some(b"".as_slice()));
    }
}
