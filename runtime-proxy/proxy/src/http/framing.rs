//! The heads of HTTP/1.1 requests as they stand on the wire, for what hyper mends without a word: a length beside chunks,
//! and a fragment in the target. Envoy answers both with 400.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is wrong with a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Both `content-length` and `transfer-encoding`, by which requests are smuggled past proxies that believe the one to
    /// servers that believe the other.
    TwoLengths,
    /// `#` in the target.
    Fragment,
}

/// Which request of a connection is at fault, as the reader of its bytes tells the server. Requests count from 0; the
/// connection is closed with the first one that is at fault.
#[derive(Clone)]
pub(crate) struct Verdict(Arc<AtomicU64>);

const NONE: u64 = u64::MAX;

impl Verdict {
    fn set(&self, request: u64, fault: Fault) {
        let value = request << 1 | u64::from(fault == Fault::Fragment);
        // Only the first counts: no request behind it is served.
        let _ = self.0.compare_exchange(NONE, value, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// What is wrong with a request.
    pub(crate) fn of(&self, request: u64) -> Option<Fault> {
        let value = self.0.load(Ordering::Relaxed);
        let fault = if value & 1 == 1 { Fault::Fragment } else { Fault::TwoLengths };
        (value != NONE && value >> 1 == request).then_some(fault)
    }
}

/// Where in the bytes of a connection the next one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before or in the request line.
    Request,
    /// In the headers.
    Headers,
    /// In a body or chunk with so many bytes to come.
    Body { left: u64, chunked: bool },
    /// In the line of a chunk's size.
    ChunkSize,
    /// In the trailers.
    Trailers,
    /// In what is not, or no longer, HTTP/1.
    Unknown,
}

/// Follows the bytes that a client sends.
struct Scanner {
    place: Place,
    line: Vec<u8>,
    limit: usize,
    request: u64,
    length: Option<u64>,
    chunked: bool,
    verdict: Verdict,
}

impl Scanner {
    /// A scanner that keeps at most `limit` bytes of a line that comes in pieces.
    fn new(limit: usize) -> Self {
        let verdict = Verdict(Arc::new(AtomicU64::new(NONE)));
        let (place, line) = (Place::Request, Vec::new());
        Self { place, line, limit, request: 0, length: None, chunked: false, verdict }
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.place != Place::Unknown {
            if let Place::Body { left, chunked } = self.place {
                let taken = left.min(bytes.len() as u64);
                bytes = &bytes[taken as usize..];
                self.place = match (left - taken, chunked) {
                    (0, true) => Place::ChunkSize,
                    (0, false) => Place::Request,
                    (left, _) => Place::Body { left, chunked },
                };
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.line.extend_from_slice(bytes);
                if self.line.len() > self.limit {
                    self.give_up();
                }
                return;
            };
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.line.is_empty() {
                self.end_line(line);
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.end_line(&whole);
                whole.clear();
                self.line = whole;
            }
        }
    }

    fn give_up(&mut self) {
        self.place = Place::Unknown;
        self.line = Vec::new();
    }

    fn end_line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.place {
            Place::Request => self.request_line(line),
            Place::Headers if line.is_empty() => self.end_head(),
            Place::Headers => self.header(line),
            Place::ChunkSize => match chunk_size(line) {
                Some(0) => self.place = Place::Trailers,
                // The line's end behind the chunk counts as its bytes.
                Some(size) => self.place = Place::Body { left: size, chunked: true },
                None if line.is_empty() => {}
                None => self.give_up(),
            },
            Place::Trailers if line.is_empty() => self.place = Place::Request,
            Place::Trailers | Place::Body { .. } | Place::Unknown => {}
        }
    }

    fn request_line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        // The preface of HTTP/2, which frames requests itself.
        if line == b"PRI * HTTP/2.0" {
            self.give_up();
            return;
        }
        if line.contains(&b'#') {
            self.verdict.set(self.request, Fault::Fragment);
        }
        (self.length, self.chunked) = (None, false);
        self.place = Place::Headers;
    }

    fn header(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            // What is no number is refused by hyper.
            self.length = Some(std::str::from_utf8(value).ok().and_then(|v| v.parse().ok()).unwrap_or(0));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.chunked = true;
        }
    }

    fn end_head(&mut self) {
        if self.chunked && self.length.is_some() {
            self.verdict.set(self.request, Fault::TwoLengths);
        }
        self.request += 1;
        self.place = match self.length {
            _ if self.chunked => Place::ChunkSize,
            Some(left) if left > 0 => Place::Body { left, chunked: false },
            _ => Place::Request,
        };
    }
}

/// The size of a chunk, which stands before extensions.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    u64::from_str_radix(std::str::from_utf8(&line[..digits]).ok()?, 16).ok()
}

/// A client's connection whose heads are looked at while they are read.
pub(crate) struct Watched<S> {
    stream: S,
    scanner: Scanner,
}

impl<S> Watched<S> {
    /// Watches a connection. Lines above `limit` bytes, which the server must refuse, end the watch.
    pub(crate) fn new(stream: S, limit: usize) -> (Self, Verdict) {
        let scanner = Scanner::new(limit);
        let verdict = scanner.verdict.clone();
        (Self { stream, scanner }, verdict)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.scanner.feed(buffer.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Requests, and what is wrong with the last.
    const TRAFFIC: &[(&str, Option<Fault>)] = &[
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", None),
        ("GET /?a#b HTTP/1.1\r\nhost: a\r\n\r\n", Some(Fault::Fragment)),
        ("GET / HTTP/1.1\r\nreferer: /#b\r\n\r\n", None),
        (
            "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Some(Fault::TwoLengths),
        ),
        ("POST / HTTP/1.1\ntransfer-encoding:chunked\ncontent-length:0\n\n0\n\n", Some(Fault::TwoLengths)),
        // Bodies are never taken for heads.
        ("POST / HTTP/1.1\r\ncontent-length: 20\r\n\r\nGET /# HTTP/1.1\r\n\r\n\n", None),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n14;x=#\r\nGET /# HTTP/1.1\r\n\r\n\n\r\n0\r\nx-sum: #\r\n\r\n",
            None,
        ),
    ];

    proptest! {
        /// Wherever reads end, the same request is at fault.
        #[test]
        fn faults_are_found_however_bytes_arrive(
            before in prop::collection::vec(prop::sample::select(vec![0_usize, 2, 5, 6]), 0..4),
            last in 0..TRAFFIC.len(),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let (text, expected) = TRAFFIC[last];
            let all: String = before.iter().map(|index| TRAFFIC[*index].0).chain([text]).collect();
            let mut scanner = Scanner::new(8_192);
            let (mut rest, mut cuts) = (all.as_bytes(), cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                scanner.feed(piece);
                rest = after;
            }
            prop_assert_eq!(scanner.verdict.of(before.len() as u64), expected);
            prop_assert_eq!(scanner.request, before.len() as u64 + 1);
            for earlier in 0..before.len() {
                prop_assert_eq!(scanner.verdict.of(earlier as u64), None);
            }
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            Scanner::new(100).feed(&bytes);
        }
    }
}
