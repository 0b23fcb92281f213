//! Answers that the proxy gives itself.

use crate::answer::Answer;
use crate::seen::Seen;

/// An answer with this status and body. A gRPC call gets status 200 with `grpc-status` and, in place of
/// the body, `grpc-message`; `HEAD` gets no body.
pub(crate) fn reply(seen: &Seen, status: u16, body: Option<String>, grpc_status: Option<u32>) -> Answer {
    let body = body.filter(|b| !b.is_empty());
    let mut answer = Answer { status: Some(status), body, ..Answer::default() };
    if seen.is_grpc() {
        let code = grpc_status.unwrap_or_else(|| grpc_from_http(status));
        answer.status = Some(200);
        answer.response_headers.insert("grpc-status".to_owned(), code.to_string());
        if let Some(message) = answer.body.take()
            && seen.method != "HEAD"
        {
            answer.response_headers.insert("grpc-message".to_owned(), percent_encode(&message));
        }
    } else if seen.method == "HEAD" {
        answer.body = None;
    }
    answer
}

/// The mapping that gRPC defines for HTTP statuses.
fn grpc_from_http(status: u16) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

fn percent_encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..b'~').contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let digits = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
            out.push('%');
            out.extend(digits.map(char::from));
        }
    }
    out
}
