//! A service that answers 200 with what arrived, and a client that sends bytes as they are written.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Map, Value, json};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the service; it lives as long as the process.
pub fn start() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // The other end closes when it has had enough.
            std::thread::spawn(move || serve(stream));
        }
    });
    Ok(address)
}

/// The head of a message: its first line, and its headers with repeated values joined by a comma.
fn head(reader: &mut impl BufRead) -> io::Result<(String, Map<String, Value>)> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut headers = Map::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match headers.entry(name.to_ascii_lowercase()) {
            serde_json::map::Entry::Vacant(entry) => drop(entry.insert(value.into())),
            serde_json::map::Entry::Occupied(mut entry) => {
                let joined = format!("{},{value}", entry.get().as_str().unwrap_or_default());
                entry.insert(joined.into());
            }
        }
    }
    Ok((first.trim_end().to_owned(), headers))
}

/// The body behind a head; of answers without a length all until the connection ends.
fn body(reader: &mut impl BufRead, headers: &Map<String, Value>, is_answer: bool) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let text = |name: &str| headers.get(name).and_then(Value::as_str);
    if let Some(length) = text("content-length").and_then(|length| length.parse().ok()) {
        reader.take(length).read_to_end(&mut bytes)?;
    } else if text("transfer-encoding") == Some("chunked") {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            reader.take(length).read_to_end(&mut bytes)?;
            reader.read_line(&mut line)?;
            if length == 0 {
                break;
            }
        }
    } else if is_answer {
        reader.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (first, headers) = head(&mut reader)?;
        body(&mut reader, &headers, false)?;
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let told = json!({"method": method, "path": path, "headers": headers}).to_string();
        let shown = if method == "HEAD" { "" } else { &told };
        write!(writer, "HTTP/1.1 200 OK\r\nx-echo: 1\r\ncontent-length: {}\r\n\r\n{shown}", told.len())?;
    }
}

/// An answer as it came.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Map<String, Value>,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends one request on a connection of its own.
pub fn ask(to: SocketAddr, method: &str, path: &str, headers: &[(String, String)]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("connection: close\r\n\r\n");
    stream.write_all(text.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let (first, headers) = head(&mut reader)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let bodiless = method == "HEAD" || matches!(status, 204 | 304);
    let body = if bodiless { Vec::new() } else { body(&mut reader, &headers, true)? };
    Ok(Answer { status, headers, body })
}
