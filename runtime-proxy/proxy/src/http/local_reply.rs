//! Answers of our own, in Envoy's shape: text for HTTP, a status in headers for gRPC.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// An answer of our own.
#[derive(Debug)]
pub(crate) struct LocalReply {
    /// The status.
    pub(crate) status: StatusCode,
    /// The body.
    pub(crate) body: Bytes,
    /// Headers beside those of the body.
    pub(crate) headers: HeaderMap,
    /// The gRPC status, where it does not follow from the status.
    pub(crate) grpc_status: Option<u32>,
}

impl LocalReply {
    /// An answer with a text.
    pub(crate) fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), headers: HeaderMap::new(), grpc_status: None }
    }

    /// Sets a header, unless the value cannot be one.
    pub(crate) fn header(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Status, headers and body; for a gRPC client the status is 200 and the message stands in the headers.
    pub(crate) fn into_parts(self, grpc: bool) -> (StatusCode, HeaderMap, Bytes) {
        let Self { status, body, mut headers, grpc_status } = self;
        if grpc {
            let code = grpc_status.unwrap_or_else(|| grpc_code(status));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert("grpc-status", HeaderValue::from(code));
            if !body.is_empty()
                && let Ok(message) = HeaderValue::from_str(&percent_encode(&body))
            {
                headers.insert("grpc-message", message);
            }
            return (StatusCode::OK, headers, Bytes::new());
        }
        if !body.is_empty() {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
            headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain"));
        }
        (status, headers, body)
    }
}

/// The gRPC status that stands for an HTTP status.
fn grpc_code(status: StatusCode) -> u32 {
    match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502..=504 => 14,
        _ => 2,
    }
}

/// gRPC's own percent encoding of messages.
fn percent_encode(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b' '..=b'~' if *byte != b'%' => out.push(*byte as char),
            byte => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(DIGITS[usize::from(byte >> 4)] as char);
                out.push(DIGITS[usize::from(byte & 15)] as char);
            }
        }
    }
    out
}
