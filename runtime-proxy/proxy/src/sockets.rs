//! Listening sockets: one for each worker and address, so that the kernel spreads connections over workers.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;

/// Opens an address once for each worker; port 0 is any port, the same for all.
pub(crate) fn bind(address: SocketAddr, workers: usize) -> io::Result<Vec<TcpListener>> {
    if address.port() != 0 {
        // With SO_REUSEPORT alone, a second proxy of the same user would silently take half of the connections; without
        // it, binding alone fails where another socket listens.
        drop(open(address, false)?);
    }
    let mut sockets = Vec::with_capacity(workers);
    let mut address = address;
    for _ in 0..workers {
        let socket = open(address, true)?;
        address = socket.local_addr()?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    if shared {
        socket.listen(BACKLOG)?;
    }
    Ok(socket.into())
}

/// Connects to an address, from that of `sources` which is of its family.
pub(crate) async fn connect(address: SocketAddr, sources: &[IpAddr]) -> io::Result<TcpStream> {
    let Some(source) = sources.iter().find(|source| source.is_ipv4() == address.is_ipv4()) else {
        return TcpStream::connect(address).await;
    };
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(SocketAddr::new(*source, 0))?;
    socket.connect(address).await
}

/// The address that a connection was made to before the kernel redirected it here; `None` where it was not.
pub(crate) fn original_destination(stream: &TcpStream) -> Option<SocketAddr> {
    let local = stream.local_addr().ok()?;
    let socket = SockRef::from(stream);
    let found = if local.is_ipv4() { socket.original_dst_v4() } else { socket.original_dst_v6() };
    found.ok()?.as_socket().filter(|destination| *destination != local)
}

/// What to do about an address that cannot be opened.
pub(crate) fn advice(address: SocketAddr, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => "another process listens there: end it or choose another port",
        io::ErrorKind::PermissionDenied => "ports below 1024 need privileges: choose a higher port",
        io::ErrorKind::AddrNotAvailable => {
            "no interface of this machine has the address: choose one that it has"
        }
        _ => "choose another address",
    };
    format!("cannot listen on {address}: {error}; {advice}")
}
