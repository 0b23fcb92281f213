//! The administration: what the proxy serves, how it fares, and how to end it; away from traffic.

mod dumps;
mod pages;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use meshc_envoy::Bootstrap;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc::UnboundedSender;

use crate::control::Control;
use crate::error::ProxyError;
use crate::sockets;

/// Where the administration listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AdminAddress {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl FromStr for AdminAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some("") => Err("a path must stand behind unix:".to_owned()),
            Some(path) => Ok(Self::Unix(path.into())),
            None => {
                text.parse().map(Self::Tcp).map_err(|_| format!("{text:?} is neither IP:PORT nor unix:PATH"))
            }
        }
    }
}

/// The address that a bootstrap gives.
pub(crate) fn from_bootstrap(bootstrap: &Bootstrap) -> Result<Option<AdminAddress>, ProxyError> {
    let Some(address) = bootstrap.admin.as_ref().and_then(|admin| admin.address.as_ref()) else {
        return Ok(None);
    };
    if let Some(pipe) = &address.pipe {
        return Ok(Some(AdminAddress::Unix(pipe.path.as_str().into())));
    }
    let wrong =
        || ProxyError::System("admin.address.socket_address: not an IP address and a port".to_owned());
    let socket = address.socket_address.as_ref().ok_or_else(wrong)?;
    let ip = socket.address.parse().map_err(|_| wrong())?;
    let port = socket.port_value.and_then(|port| u16::try_from(port).ok()).ok_or_else(wrong)?;
    Ok(Some(AdminAddress::Tcp(SocketAddr::new(ip, port))))
}

/// Starts the administration on the runtime of this thread; returns where it really listens.
pub(crate) fn start(
    address: &AdminAddress,
    control: Arc<Control>,
    quit: UnboundedSender<()>,
) -> Result<String, ProxyError> {
    match address {
        AdminAddress::Tcp(address) => {
            let failed = |error: std::io::Error| {
                ProxyError::System(format!("administration: {}", sockets::advice(*address, &error)))
            };
            let mut opened = sockets::bind(*address, 1).map_err(failed)?;
            let Some(socket) = opened.pop() else { return Err(ProxyError::System("no socket".to_owned())) };
            let listener = TcpListener::from_std(socket).map_err(failed)?;
            let bound = listener.local_addr().map_err(failed)?;
            tokio::spawn(async move {
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => serve(stream, &control, &quit),
                        Err(_) => pause().await,
                    }
                }
            });
            Ok(bound.to_string())
        }
        AdminAddress::Unix(path) => {
            let failed = |error: std::io::Error| {
                ProxyError::System(format!("administration: cannot listen on {}: {error}", path.display()))
            };
            // A socket file that nobody answers on is left from a process that ended.
            if std::os::unix::net::UnixStream::connect(path).is_err() {
                let _ = std::fs::remove_file(path);
            }
            let listener = UnixListener::bind(path).map_err(failed)?;
            tokio::spawn(async move {
                loop {
                    match listener.accept().await {
                        Ok((stream, _)) => serve(stream, &control, &quit),
                        Err(_) => pause().await,
                    }
                }
            });
            Ok(format!("unix:{}", path.display()))
        }
    }
}

/// Waits until there may be room for another connection.
async fn pause() {
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

fn serve<S>(stream: S, control: &Arc<Control>, quit: &UnboundedSender<()>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (control, quit) = (Arc::clone(control), quit.clone());
    tokio::spawn(async move {
        let service = service_fn(move |request: Request<Incoming>| {
            let response = pages::answer(request.method(), request.uri(), &control, &quit);
            async move { Ok::<Response<Full<Bytes>>, std::convert::Infallible>(response) }
        });
        let connection =
            http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
        // How the connection ends is the client's affair.
        let _ = connection.await;
    });
}
