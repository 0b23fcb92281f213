//! A client that sends exactly the bytes that it is told to: one request, one connection.
//!
//! It speaks to administration endpoints, and it sends the requests that proxies are compared with: those may hold
//! paths and headers that a careful client would refuse or mend, and a proxy must see them as they are written.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The largest answer that is read: 8 MiB, above any that a stand-in gives.
const MAX_ANSWER: usize = 8 << 20;

/// Header fields of an answer that are read at most.
const MAX_HEADERS: usize = 256;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The `Host` header.
    pub authority: String,
    /// Others.
    pub headers: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The status.
    pub status: u16,
    /// Names in lower case and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// A GET.
    pub fn get(authority: &str, path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            authority: authority.to_owned(),
            headers: Vec::new(),
        }
    }

    /// The bytes, or why a line cannot hold them.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {}\r\n", self.method, self.path, self.authority);
        let lines = [&self.method, &self.path, &self.authority].into_iter();
        let fields = self.headers.iter().flat_map(|(name, value)| [name, value]);
        if lines.chain(fields).any(|part| part.contains(['\r', '\n', '\0'])) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a line break cannot be sent in a header",
            ));
        }
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        // A body may be expected of these; without a length a server would refuse them.
        let told = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if !told && matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            head += "content-length: 0\r\n";
        }
        head += "connection: close\r\n\r\n";
        Ok(head.into_bytes())
    }
}

impl Incoming {
    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// Sends `outgoing` to `to` and reads the whole answer within `patience`.
pub async fn send(to: SocketAddr, outgoing: &Outgoing, patience: Duration) -> io::Result<Incoming> {
    let exchange = async {
        let mut stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&outgoing.bytes()?).await?;
        read(&mut stream, outgoing.method == "HEAD").await
    };
    tokio::time::timeout(patience, exchange).await.unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("{to} gave no answer within {patience:?}")))
    })
}

async fn read(stream: &mut TcpStream, bodiless: bool) -> io::Result<Incoming> {
    let mut bytes = Vec::new();
    loop {
        if let Some(incoming) = parse(&bytes, bodiless, false)? {
            return Ok(incoming);
        }
        if bytes.len() > MAX_ANSWER {
            return Err(invalid("the answer is larger than 8 MiB"));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return parse(&bytes, bodiless, true)?.ok_or_else(|| {
                let seen = if bytes.is_empty() { "without an answer" } else { "in the middle of the answer" };
                io::Error::new(io::ErrorKind::UnexpectedEof, format!("the connection was closed {seen}"))
            });
        }
    }
}

/// The answer in `bytes`, `None` while some of it is missing. `ended` says that no more will come.
fn parse(bytes: &[u8], bodiless: bool, ended: bool) -> io::Result<Option<Incoming>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(at) = response.parse(bytes).map_err(|e| invalid(&e.to_string()))? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let rest = bytes.get(at..).unwrap_or_default();
    if (100..200).contains(&status) && status != 101 {
        return parse(rest, bodiless, ended);
    }
    let headers: Vec<(String, String)> = response
        .headers
        .iter()
        .map(|field| (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).into_owned()))
        .collect();
    let value = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.trim());
    let body = if bodiless || status == 204 || status == 304 {
        Some(Vec::new())
    } else if value("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
        unchunk(rest)?
    } else if let Some(length) = value("content-length") {
        let length: usize = length.parse().map_err(|_| invalid("content-length is no number"))?;
        rest.get(..length).map(<[u8]>::to_vec)
    } else {
        ended.then(|| rest.to_vec())
    };
    Ok(body.map(|body| Incoming { status, headers, body }))
}

/// The body in chunks, `None` while the last one is missing.
fn unchunk(mut bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let parsed = httparse::parse_chunk_size(bytes).map_err(|_| invalid("a chunk's size is no number"))?;
        let httparse::Status::Complete((at, size)) = parsed else { return Ok(None) };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let end = at.saturating_add(size);
        let Some(chunk) = bytes.get(at..end) else { return Ok(None) };
        body.extend_from_slice(chunk);
        let Some(rest) = bytes.get(end.saturating_add(2)..) else { return Ok(None) };
        bytes = rest;
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no HTTP answer: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_end_by_length_by_chunks_or_by_the_connection() {
        let by = |text: &str, ended| {
            parse(text.as_bytes(), false, ended).unwrap().map(|i| String::from_utf8(i.body).unwrap())
        };
        assert_eq!(by("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", false), None);
        assert_eq!(by("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", false).unwrap(), "abc");
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n";
        assert_eq!(by(chunked, false), None);
        assert_eq!(by(&format!("{chunked}0\r\n\r\n"), false).unwrap(), "abc");
        assert_eq!(by("HTTP/1.1 200 OK\r\n\r\nabc", false), None);
        assert_eq!(by("HTTP/1.1 200 OK\r\n\r\nabc", true).unwrap(), "abc");
    }

    #[test]
    fn a_line_break_is_not_smuggled() {
        assert!(Outgoing::get("a\r\nb: c", "/").bytes().is_err());
    }
}
