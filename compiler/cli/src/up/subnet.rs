//! A subnet of the loopback that no other `meshc up` on this machine has.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixListener;

/// The second part of the first and of the last subnet, 127.10.0.0/16 to 127.250.0.0/16.
const FIRST: u8 = 10;
const LAST: u8 = 250;

/// A subnet, ours while this lives. The kernel frees it with the process, however that ends.
#[derive(Debug)]
pub(super) struct Subnet {
    /// The second part of its addresses.
    pub(super) number: u8,
    _claim: UnixListener,
}

impl Subnet {
    /// The first that is free. An abstract socket is the claim: it has no file, and is seen by exactly those who
    /// share our loopback.
    pub(super) fn claim() -> io::Result<Self> {
        for number in FIRST..=LAST {
            let name = std::os::unix::net::SocketAddr::from_abstract_name(format!("meshc-up-127.{number}"))?;
            match UnixListener::bind_addr(&name) {
                Ok(claim) => return Ok(Self { number, _claim: claim }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("every subnet of 127.0.0.0/8 is taken by another `meshc up`: end one of them"))
    }

    /// Which of `ports` this process may not bind.
    pub(super) fn refused(&self, ports: &BTreeSet<u16>) -> BTreeSet<u16> {
        let probe = Ipv4Addr::new(127, self.number, 255, 254);
        let denied = |port: u16| {
            TcpListener::bind((probe, port)).is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied)
        };
        // Above 1023 nobody is refused.
        ports.iter().copied().filter(|&port| port < 1024 && denied(port)).collect()
    }
}

/// The first of `sockets` that cannot be bound, and why.
pub(super) fn busy(sockets: impl IntoIterator<Item = SocketAddr>) -> Option<(SocketAddr, io::Error)> {
    sockets.into_iter().find_map(|socket| TcpListener::bind(socket).err().map(|error| (socket, error)))
}
