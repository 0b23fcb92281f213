//! What the connection manager does to the headers of a request before it is routed.

use std::net::{IpAddr, SocketAddr};

use http::header::{self, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use mesh_proxy_config::{EscapedSlashes, Http, RequestView, merge_slashes, normalize_path};
use meshc_envoy::request::{METHODS, STEERING_HEADERS, STEERING_HEADERS_AT_THE_EDGE};

use super::framing::Fault;
use super::local_reply::LocalReply;
use super::stream::StreamInfo;
use crate::random::Random;

/// A request as it is routed.
pub(crate) struct Inbound {
    /// `:method`.
    pub(crate) method: Method,
    /// `:scheme`.
    pub(crate) scheme: &'static str,
    /// `:authority`.
    pub(crate) authority: String,
    /// `:path`.
    pub(crate) path: String,
    /// The other headers.
    pub(crate) headers: HeaderMap,
    /// The protocol that the client wants to change to, in lower case.
    pub(crate) upgrade: Option<String>,
    /// Whether it is gRPC.
    pub(crate) grpc: bool,
}

pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl Inbound {
    /// The request as matchers see it.
    pub(crate) fn view(&self) -> RequestView<'_> {
        RequestView {
            method: self.method.as_str(),
            scheme: self.scheme,
            authority: &self.authority,
            path: &self.path,
            headers: &self.headers,
        }
    }

    /// The scheme that the first proxy saw.
    pub(crate) fn forwarded_proto(&self) -> &str {
        self.headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// Takes a request apart.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { method, uri, version, mut headers, .. } = parts;
        let host = headers.remove(header::HOST);
        if version == Version::HTTP_2 {
            join_cookies(&mut headers);
        }
        let authority = match (uri.authority(), &host) {
            (Some(authority), _) => authority.as_str().to_owned(),
            (None, Some(host)) => host.to_str().unwrap_or("").to_owned(),
            (None, None) => String::new(),
        };
        let upgrade = requested_upgrade(&headers, version);
        let grpc = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+')));
        let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str).to_owned();
        let mut inbound = Self { method, scheme: "http", authority, path, headers, upgrade, grpc };
        let https = match uri.scheme_str() {
            Some(scheme) => scheme == "https",
            None => inbound.forwarded_proto().eq_ignore_ascii_case("https"),
        };
        if https {
            inbound.scheme = "https";
        }
        inbound
    }

    /// Checks the request and normalises its path; the answer is a refusal.
    pub(crate) fn check(
        &mut self,
        version: Version,
        fault: Option<Fault>,
        http: &Http,
        info: &mut StreamInfo,
    ) -> Option<LocalReply> {
        let (status, body, details) = if fault == Some(Fault::TwoLengths) {
            (StatusCode::BAD_REQUEST, "Bad Request", "http1.codec_error")
        } else if version == Version::HTTP_10 || version == Version::HTTP_09 {
            (StatusCode::UPGRADE_REQUIRED, "Upgrade Required", "low_version")
        } else if version == Version::HTTP_11
            && self.method != Method::CONNECT
            && !METHODS.contains(&self.method.as_str())
        {
            (StatusCode::BAD_REQUEST, "Bad Request", "http1.codec_error")
        } else if self.authority.is_empty() {
            (StatusCode::BAD_REQUEST, "", "missing_host_header")
        } else if !self.authority.bytes().all(is_authority) {
            (StatusCode::BAD_REQUEST, "Bad Request", "http.invalid_authority")
        } else if self.method != Method::CONNECT && self.path.is_empty() {
            (StatusCode::BAD_REQUEST, "Bad Request", "http.invalid_url")
        } else if self.method != Method::CONNECT && !self.path.starts_with('/') {
            (StatusCode::NOT_FOUND, "", "absolute_path_rejected")
        } else if fault == Some(Fault::Fragment) {
            (StatusCode::BAD_REQUEST, "", "path_normalization_failed")
        } else {
            match self.normalize(http) {
                Normalized::Done => return None,
                Normalized::Refused => (StatusCode::BAD_REQUEST, "", "path_normalization_failed"),
                Normalized::Redirected(location) => {
                    info.details = "path_normalization_failed".into();
                    let mut reply = LocalReply::new(StatusCode::TEMPORARY_REDIRECT, "");
                    reply.header(header::LOCATION, &location);
                    return Some(reply);
                }
            }
        };
        info.details = details.into();
        Some(LocalReply::new(status, body))
    }

    fn normalize(&mut self, http: &Http) -> Normalized {
        let escaped = has_escaped_slash(&self.path);
        let mut redirect = false;
        if escaped {
            match http.escaped_slashes {
                EscapedSlashes::Keep => {}
                EscapedSlashes::Reject => return Normalized::Refused,
                EscapedSlashes::Unescape => self.path = unescape_slashes(&self.path),
                EscapedSlashes::Redirect => {
                    self.path = unescape_slashes(&self.path);
                    redirect = true;
                }
            }
        }
        if http.normalize_path {
            match normalize_path(&self.path) {
                Some(std::borrow::Cow::Owned(path)) => self.path = path,
                Some(std::borrow::Cow::Borrowed(_)) => {}
                None => return Normalized::Refused,
            }
        }
        if http.merge_slashes
            && let std::borrow::Cow::Owned(path) = merge_slashes(&self.path)
        {
            self.path = path;
        }
        if redirect { Normalized::Redirected(self.path.clone()) } else { Normalized::Done }
    }

    /// Cleans and completes the headers as Envoy's connection manager does.
    pub(crate) fn mutate(&mut self, http: &Http, info: &mut StreamInfo, random: &Random) {
        remove_hop_by_hop(&mut self.headers, self.upgrade.is_none());
        self.headers.remove(header::EXPECT);
        let peer = info.peer;
        let edge = http.use_remote_address;
        let forwarded = forwarded_for(&self.headers);
        if edge {
            let trusted = http.trusted_hops.checked_sub(1).and_then(|hops| nth_from_end(&forwarded, hops));
            info.remote = Some(trusted.map_or(peer, |ip| SocketAddr::new(ip, 0)));
            if !http.skip_forwarded_for {
                append_joined(&mut self.headers, &FORWARDED_FOR, &peer.ip().to_string());
            }
        } else {
            info.remote = nth_from_end(&forwarded, http.trusted_hops).map(|ip| SocketAddr::new(ip, 0));
        }
        if edge && http.trusted_hops == 0 || !self.headers.contains_key(FORWARDED_PROTO) {
            self.headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
        }
        // No address counts as internal unless configured, which is refused: every request is from outside.
        for name in STEERING_HEADERS {
            self.headers.remove(name);
        }
        if edge {
            for name in STEERING_HEADERS_AT_THE_EDGE {
                self.headers.remove(name);
            }
            if let Ok(value) = HeaderValue::from_str(&info.remote.unwrap_or(peer).ip().to_string()) {
                self.headers.insert("x-envoy-external-address", value);
            }
        }
        if let Some(routes) = &http.routes {
            for name in &routes.internal_only_headers {
                self.headers.remove(name);
            }
        }
        if !http.keep_client_cert {
            self.headers.remove("x-forwarded-client-cert");
        }
        if let Some(via) = &http.via {
            append_joined(&mut self.headers, &header::VIA, via.to_str().unwrap_or(""));
        }
        let regenerate = edge && !http.preserve_external_request_id;
        if http.generate_request_id
            && (regenerate || !self.headers.contains_key(REQUEST_ID))
            && let Ok(id) = HeaderValue::from_bytes(&random.uuid())
        {
            self.headers.insert(REQUEST_ID, id);
        }
    }
}

enum Normalized {
    Done,
    Refused,
    Redirected(String),
}

/// HTTP/2 may send cookies one by one; HTTP/1 must not (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(header::COOKIE).iter().nth(1).is_none() {
        return;
    }
    let all: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..])) {
        headers.insert(header::COOKIE, joined);
    }
}

/// What an authority may hold (RFC 3986).
fn is_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%:[]@".contains(&byte)
}

fn has_escaped_slash(path: &str) -> bool {
    let only = path.split('?').next().unwrap_or(path);
    only.as_bytes()
        .windows(3)
        .any(|part| part.eq_ignore_ascii_case(b"%2f") || part.eq_ignore_ascii_case(b"%5c"))
}

fn unescape_slashes(path: &str) -> String {
    let (only, query) = path.find('?').map_or((path, ""), |at| path.split_at(at));
    let only = only.replace("%2F", "/").replace("%2f", "/").replace("%5C", "\\").replace("%5c", "\\");
    only + query
}

/// The protocol that a client of HTTP/1.1 wants to change to.
fn requested_upgrade(headers: &HeaderMap, version: Version) -> Option<String> {
    if version != Version::HTTP_11 {
        return None;
    }
    let asks = headers.get_all(header::CONNECTION).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.split(',').any(|name| name.trim().eq_ignore_ascii_case("upgrade")))
    });
    let protocol = headers.get(header::UPGRADE)?.to_str().ok()?;
    // A client may offer HTTP/2 that way; Envoy ignores the offer.
    (asks && !protocol.eq_ignore_ascii_case("h2c")).then(|| protocol.to_ascii_lowercase())
}

/// Removes the headers that are for one connection only.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap, with_upgrade: bool) {
    if let Some(connection) = headers.get(header::CONNECTION)
        && with_upgrade
    {
        let named: Vec<HeaderName> = connection
            .to_str()
            .unwrap_or("")
            .split(',')
            .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
            .filter(|name| !matches!(name.as_str(), "close" | "keep-alive" | "host" | "content-length"))
            .collect();
        for name in named {
            headers.remove(name);
        }
        headers.remove(header::CONNECTION);
    }
    if with_upgrade {
        headers.remove(header::UPGRADE);
    }
    headers.remove("keep-alive");
    headers.remove("proxy-connection");
    headers.remove(header::TRANSFER_ENCODING);
    if headers.get(header::TE).is_some_and(|value| value != "trailers") {
        headers.remove(header::TE);
    }
}

/// The addresses of `x-forwarded-for`, in order; what is no address is `None`.
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    headers
        .get_all(FORWARDED_FOR)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("").split(','))
        .map(|address| address.trim().parse().ok())
        .collect()
}

fn nth_from_end(addresses: &[Option<IpAddr>], hops: u32) -> Option<IpAddr> {
    let index = addresses.len().checked_sub(hops as usize + 1)?;
    addresses[index]
}

/// Appends to the value of a header behind a comma.
pub(crate) fn append_joined(headers: &mut HeaderMap, name: &HeaderName, value: &str) {
    let mut joined = Vec::new();
    for old in headers.get_all(name) {
        joined.extend_from_slice(old.as_bytes());
        joined.push(b',');
    }
    joined.extend_from_slice(value.as_bytes());
    if let Ok(value) = HeaderValue::from_bytes(&joined) {
        headers.insert(name, value);
    }
}
