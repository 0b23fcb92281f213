//! Looking at the first bytes of a connection, as Envoy's listener filters `tls_inspector` and `http_inspector` do.

mod http;
mod tls;

use std::time::Duration;

use mesh_proxy_config::{ConnectionFacts, Inspectors};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Bytes that are looked at at most; what is longer is neither TLS nor HTTP.
const LIMIT: usize = 64 << 10;

/// What the bytes that came so far show.
#[derive(Debug, PartialEq, Eq)]
enum Seen<T> {
    /// More bytes can change the answer.
    Unclear,
    /// It is something else.
    Other,
    /// It is this.
    Found(T),
}

/// Reads as much of a connection as is needed to know what is spoken, and notes that in `facts`. Answers with the bytes
/// that were read; `None` where the connection is to be closed.
pub(crate) async fn inspect(
    stream: &mut TcpStream,
    inspectors: &Inspectors,
    facts: &mut ConnectionFacts,
) -> Option<Vec<u8>> {
    let (tls, http) = inspectors.looks(facts.destination.port());
    let mut read = Vec::new();
    let looking = look(stream, (tls, http), facts, &mut read);
    let done = match inspectors.timeout {
        None => looking.await,
        Some(timeout) => within(timeout, looking).await.unwrap_or(inspectors.continue_on_timeout),
    };
    done.then_some(read)
}

async fn within<T>(timeout: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(timeout, future).await.ok()
}

/// Whether the connection is still there when all is known.
async fn look(
    stream: &mut TcpStream,
    (mut tls, mut http): (bool, bool),
    facts: &mut ConnectionFacts,
    read: &mut Vec<u8>,
) -> bool {
    loop {
        if tls {
            match tls::hello(read) {
                Seen::Unclear => {}
                Seen::Other => tls = false,
                Seen::Found(hello) => {
                    (facts.tls, facts.server_name, facts.protocols) =
                        (true, hello.server_name, hello.protocols);
                    return true;
                }
            }
        }
        if !tls && http {
            match http::version(read) {
                Seen::Unclear => {}
                Seen::Other => http = false,
                Seen::Found(version) => {
                    facts.protocols = vec![version.to_owned()];
                    return true;
                }
            }
        }
        if (!tls && !http) || read.len() >= LIMIT {
            return true;
        }
        match stream.read_buf(read).await {
            Ok(0) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}
