//! What a client's first TLS message asks for, without answering it.

use rustls::server::Acceptor;

use super::Seen;

/// The type of a record with which TLS begins.
const HANDSHAKE: u8 = 22;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hello {
    /// The server's name, in lower case; empty where it names none.
    pub(super) server_name: String,
    /// The protocols that it offers.
    pub(super) protocols: Vec<String>,
}

/// Reads the `ClientHello`.
pub(super) fn hello(bytes: &[u8]) -> Seen<Hello> {
    match bytes.first() {
        None => return Seen::Unclear,
        Some(&HANDSHAKE) => {}
        Some(_) => return Seen::Other,
    }
    // Begun anew each time that more has come: a hello is one or two reads.
    let (mut acceptor, mut rest) = (Acceptor::default(), bytes);
    while !rest.is_empty() {
        if acceptor.read_tls(&mut rest).is_err() {
            return Seen::Other;
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                let protocols = hello.alpn().into_iter().flatten();
                return Seen::Found(Hello {
                    server_name: hello.server_name().unwrap_or_default().to_ascii_lowercase(),
                    protocols: protocols.map(|name| String::from_utf8_lossy(name).into_owned()).collect(),
                });
            }
            Err(_) => return Seen::Other,
        }
    }
    Seen::Unclear
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A hello of TLS 1.2 with a name and two protocols, put together by hand.
    fn bytes() -> Vec<u8> {
        let vector = |size: usize, bytes: &[u8]| {
            let mut out = bytes.len().to_be_bytes()[8 - size..].to_vec();
            out.extend_from_slice(bytes);
            out
        };
        let extension = |kind: u16, bytes: &[u8]| [&kind.to_be_bytes()[..], &vector(2, bytes)].concat();
        let name = [&[0][..], &vector(2, b"Shop.example.com")].concat();
        let protocols = [vector(1, b"istio-peer-exchange"), vector(1, b"h2")].concat();
        let extensions = [
            extension(0, &vector(2, &name)),
            extension(10, &vector(2, &[0, 0x1d])),
            extension(13, &vector(2, &[4, 3, 8, 4])),
            extension(16, &vector(2, &protocols)),
        ]
        .concat();
        let body = [
            &[3, 3][..],
            &[7; 32],
            &vector(1, &[]),
            &vector(2, &[0xc0, 0x2b, 0xc0, 0x2f]),
            &vector(1, &[0]),
            &vector(2, &extensions),
        ]
        .concat();
        let message = [&[1][..], &vector(3, &body)].concat();
        [&[HANDSHAKE, 3, 1][..], &vector(2, &message)].concat()
    }

    #[test]
    fn names_and_protocols_are_read_from_a_whole_hello_alone() {
        let bytes = bytes();
        for end in 0..bytes.len() {
            assert_eq!(hello(&bytes[..end]), Seen::Unclear, "{end}");
        }
        let found = Hello {
            server_name: "shop.example.com".to_owned(),
            protocols: vec!["istio-peer-exchange".to_owned(), "h2".to_owned()],
        };
        assert_eq!(hello(&bytes), Seen::Found(found));
        assert_eq!(hello(b"GET / HTTP/1.1\r\n"), Seen::Other);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..400), tls in any::<bool>()) {
            let begun = if tls { [&[HANDSHAKE, 3, 1][..], &bytes].concat() } else { bytes };
            let _ = hello(&begun);
        }
    }
}
