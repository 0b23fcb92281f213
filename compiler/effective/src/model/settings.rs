//! How proxies read traffic and what they tell of themselves: by the mesh's settings, and by how each is set up.

use std::time::Duration;

use serde::Serialize;

/// How a proxy reads traffic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// How long the first bytes are waited for where they tell what is spoken; zero: for ever.
    pub detection_timeout: Duration,
    /// What becomes of paths before they are matched.
    pub paths: PathNormalization,
    /// What becomes of headers with underscores in their names.
    pub underscores: Underscores,
}

/// What becomes of paths before they are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct PathNormalization {
    /// What becomes of escaped slashes and backslashes, before all else.
    pub escaped_slashes: EscapedSlashes,
    /// RFC 3986; a backslash counts as a slash.
    pub resolves: bool,
    /// Several slashes are one, after all else.
    pub merges_slashes: bool,
}

/// What becomes of `%2F` and `%5C` in paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EscapedSlashes {
    /// They stay.
    #[default]
    Keep,
    /// The request is refused.
    Refuse,
    /// The client is sent to the path with slashes.
    Redirect,
    /// They become slashes.
    Decode,
}

/// What becomes of headers with underscores in their names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Underscores {
    /// They pass.
    #[default]
    Pass,
    /// The request is refused.
    Refuse,
    /// They are dropped.
    Drop,
}

impl Default for PathNormalization {
    fn default() -> Self {
        Self::BASE
    }
}

impl PathNormalization {
    /// Nothing becomes of them.
    pub const NONE: Self =
        Self { escaped_slashes: EscapedSlashes::Keep, resolves: false, merges_slashes: false };
    /// RFC 3986; a backslash counts as a slash. Istio's default.
    pub const BASE: Self = Self { resolves: true, ..Self::NONE };
    /// `BASE`, and several slashes are one.
    pub const MERGE_SLASHES: Self = Self { merges_slashes: true, ..Self::BASE };
    /// `MERGE_SLASHES`, after escaped slashes and backslashes are decoded.
    pub const DECODE_AND_MERGE_SLASHES: Self =
        Self { escaped_slashes: EscapedSlashes::Decode, ..Self::MERGE_SLASHES };
}

/// How a proxy is set up, as far as that changes what it is sent (`ProxyConfig`).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ProxySettings {
    /// The headers by which it tells of itself and of clients.
    pub headers: HeaderSettings,
    /// Limits and timeouts of connections that clients make.
    pub connections: ConnectionLimits,
    /// HTTP/1.0 is taken.
    pub http10: bool,
    /// How long a connection may be silent, where nothing closer to it says otherwise.
    pub idle_timeout: Option<Duration>,
    /// Connections that come in are spread evenly over its threads.
    pub balances_inbound: bool,
    /// Connections to listeners of its own ports for what goes out, or of a gateway, are spread evenly over its threads.
    pub balances_outbound: bool,
    /// How many proxies before a gateway are trusted about who the client is.
    pub trusted_proxies: u32,
    /// Blocks of addresses, sorted, whose clients a gateway takes for the mesh's own: it keeps their `x-envoy-` headers.
    pub internal_ranges: Vec<String>,
}

/// The headers by which a proxy tells of itself and of clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeaderSettings {
    /// `server`.
    pub server: ServerHeader,
    /// `x-request-id` is made where a request has none.
    pub request_ids: bool,
    /// `x-envoy-…` about tries and times.
    pub debug: bool,
    /// `x-envoy-attempt-count`.
    pub attempts: bool,
    /// `x-envoy-peer-metadata` goes to peers outside the mesh too.
    pub peers_everywhere: bool,
    /// `x-forwarded-host` where the host is rewritten.
    pub forwarded_host: bool,
    /// `x-forwarded-port`.
    pub forwarded_port: bool,
    /// HTTP/1.1 headers keep their case.
    pub keeps_case: bool,
    /// What becomes of `x-forwarded-client-cert` at a sidecar's inbound side; Istio adds to it by default.
    pub forwarded_certificate: Option<ForwardedCertificate>,
    /// The same at a gateway; Istio replaces it by default.
    pub gateway_certificate: Option<ForwardedCertificate>,
    /// What of the client's certificate stands in it, at a sidecar's inbound side.
    pub certificate: CertificateDetails,
}

/// The header `server`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerHeader {
    /// Istio's own.
    #[default]
    Istio,
    /// Another.
    Named(String),
    /// The application's, untouched.
    Untouched,
}

/// What becomes of `x-forwarded-client-cert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardedCertificate {
    /// It is removed.
    Remove,
    /// It stays if the connection has a client certificate.
    Keep,
    /// The client's certificate is added.
    Append,
    /// The client's certificate replaces it.
    Replace,
    /// It stays.
    AlwaysKeep,
}

/// What of a client's certificate is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CertificateDetails {
    /// Its subject.
    pub subject: bool,
    /// All of it.
    pub whole: bool,
    /// Its chain.
    pub chain: bool,
    /// Its DNS names.
    pub dns: bool,
    /// Its URI.
    pub uri: bool,
}

impl Default for HeaderSettings {
    /// Istio's.
    fn default() -> Self {
        Self {
            server: ServerHeader::Istio,
            request_ids: true,
            debug: true,
            attempts: true,
            peers_everywhere: true,
            forwarded_host: false,
            forwarded_port: false,
            keeps_case: false,
            forwarded_certificate: None,
            gateway_certificate: None,
            certificate: CertificateDetails {
                subject: true,
                whole: false,
                chain: false,
                dns: true,
                uri: true,
            },
        }
    }
}

/// Limits and timeouts of connections that clients make; where one is absent, Istio's or Envoy's own holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionLimits {
    /// Bytes that are buffered for a connection of a gateway's listener.
    pub listener_buffer: Option<u32>,
    /// Of connections without requests.
    pub idle: Option<Duration>,
    /// Of a connection.
    pub connection: Option<Duration>,
    /// Between the announcement of the end and the end.
    pub drain: Option<Duration>,
    /// Until a whole request has come.
    pub request: Option<Duration>,
    /// Until its headers have come.
    pub request_headers: Option<Duration>,
    /// Of a request on which nothing happens.
    pub stream_idle: Option<Duration>,
    /// Of a request and its answer.
    pub stream: Option<Duration>,
    /// Of one HTTP/2 connection.
    pub concurrent_streams: Option<u32>,
    /// Of HTTP/2, in bytes.
    pub stream_window: Option<u32>,
    /// Of HTTP/2, in bytes.
    pub connection_window: Option<u32>,
}
