//! Which chains a port of a workload has: by what is spoken, and by what PeerAuthentication asks for
//! (Istio's `filterchain_options.go`).

use meshc_mesh::{MtlsMode, Protocol};

use crate::model::{ChainMatch, Transport};
use crate::outbound::PLAINTEXT_HTTP;

/// ALPN of HTTP between sidecars.
const MTLS_HTTP: [&str; 3] = ["istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// ALPN of everything between sidecars.
const MTLS_ALL: [&str; 5] = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// ALPN of bytes between sidecars.
const MTLS_BYTES: [&str; 2] = ["istio-peer-exchange", "istio"];

/// What is spoken on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    Http,
    Bytes,
}

/// One chain of a port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    pub(super) spoken: Spoken,
    /// Mutual TLS is terminated.
    pub(super) terminates: bool,
    transport: Transport,
    protocols: &'static [&'static str],
}

impl Offer {
    /// The connections that the chain is for.
    pub(super) fn matches(&self, port: u16) -> ChainMatch {
        ChainMatch {
            destination_port: (port > 0).then_some(port),
            transport: Some(self.transport),
            application_protocols: self.protocols.iter().map(|&protocol| protocol.to_owned()).collect(),
            ..ChainMatch::default()
        }
    }
}

const fn mtls(spoken: Spoken, protocols: &'static [&'static str]) -> Offer {
    Offer { spoken, terminates: true, transport: Transport::Tls, protocols }
}

const fn plain(spoken: Spoken, protocols: &'static [&'static str]) -> Offer {
    Offer { spoken, terminates: false, transport: Transport::RawBuffer, protocols }
}

/// TLS of someone else, passed on as it is.
const OPAQUE: Offer =
    Offer { spoken: Spoken::Bytes, terminates: false, transport: Transport::Tls, protocols: &[] };

/// The chains in Istio's order.
pub(super) fn offers(protocol: Protocol, mode: MtlsMode) -> &'static [Offer] {
    use Spoken::{Bytes, Http};
    const STRICT_HTTP: &[Offer] = &[mtls(Http, &[])];
    const PERMISSIVE_HTTP: &[Offer] = &[mtls(Http, &MTLS_ALL), plain(Http, &[])];
    const PLAIN_HTTP: &[Offer] = &[plain(Http, &[])];
    const STRICT_BYTES: &[Offer] = &[mtls(Bytes, &[])];
    const PERMISSIVE_BYTES: &[Offer] = &[mtls(Bytes, &MTLS_ALL), OPAQUE, plain(Bytes, &[])];
    const PLAIN_BYTES: &[Offer] = &[plain(Bytes, &[])];
    const STRICT_EITHER: &[Offer] = &[mtls(Http, &MTLS_HTTP), mtls(Bytes, &[])];
    const PERMISSIVE_EITHER: &[Offer] = &[
        mtls(Http, &MTLS_HTTP),
        plain(Http, &PLAINTEXT_HTTP),
        mtls(Bytes, &MTLS_BYTES),
        plain(Bytes, &[]),
        OPAQUE,
    ];
    const PLAIN_EITHER: &[Offer] = &[plain(Http, &PLAINTEXT_HTTP), plain(Bytes, &[])];
    match (protocol, mode) {
        (Protocol::Auto, MtlsMode::Strict) => STRICT_EITHER,
        (Protocol::Auto, MtlsMode::Permissive) => PERMISSIVE_EITHER,
        (Protocol::Auto, MtlsMode::Disable) => PLAIN_EITHER,
        (protocol, MtlsMode::Strict) if protocol.is_http() => STRICT_HTTP,
        (protocol, MtlsMode::Permissive) if protocol.is_http() => PERMISSIVE_HTTP,
        (protocol, MtlsMode::Disable) if protocol.is_http() => PLAIN_HTTP,
        (_, MtlsMode::Strict) => STRICT_BYTES,
        (_, MtlsMode::Permissive) => PERMISSIVE_BYTES,
        (_, MtlsMode::Disable) => PLAIN_BYTES,
    }
}
