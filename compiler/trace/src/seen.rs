//! The request as the routes see it, after Envoy's connection manager has read and cleaned it.

use meshc_effective::model::{EscapedSlashes, PathNormalization, ProxyKind, Reading, Underscores};
use serde_json::{Map, Value};

use crate::headers::Headers;
use crate::query::Request;
use meshc_envoy::request::{CONNECTION_HEADERS, METHODS, STEERING_HEADERS, STEERING_HEADERS_AT_THE_EDGE};
use meshc_envoy::{merge_slashes, normalize_path, without_query};

/// A request that Envoy accepted.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// As written.
    pub(crate) method: String,
    /// As written, several `Host` headers joined by a comma.
    pub(crate) authority: String,
    /// Normalised, with the query.
    pub(crate) path: String,
    /// All but the pseudo-headers and those of the connection.
    pub(crate) headers: Headers,
    /// The address that it comes from, where the question says.
    pub(crate) source_ip: Option<String>,
    /// The caller's SPIFFE identity, where the question says.
    pub(crate) peer: Option<String>,
    /// What filters left for the routes: the claims of a valid token.
    pub(crate) metadata: Map<String, Value>,
}

/// A request that Envoy answers before any route is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// 307, 400 or 404.
    pub(crate) status: u16,
    /// Where the client is sent.
    pub(crate) location: Option<String>,
    /// What the codec says, nothing where the connection manager refuses.
    pub(crate) body: Option<&'static str>,
    /// For people.
    pub(crate) reason: &'static str,
}

/// The scheme of a listener without TLS.
pub(crate) const SCHEME: &str = "http";

/// A path as routes see it.
enum Normalized {
    /// It goes on.
    Path(String),
    /// The client is sent there.
    Elsewhere(String),
    /// Envoy refuses it.
    Refused(&'static str),
}

/// What becomes of a path, in Envoy's order.
fn normalized(path: &str, how: PathNormalization) -> Normalized {
    let (before, query) = path.split_at(without_query(path).len());
    let slashes = before.replace("%2F", "/").replace("%2f", "/");
    let decoded = format!("{}{query}", slashes.replace("%5C", "\\").replace("%5c", "\\"));
    let escaped = decoded != path && how.escaped_slashes != EscapedSlashes::Keep;
    if escaped && how.escaped_slashes == EscapedSlashes::Refuse {
        return Normalized::Refused("the path has an escaped slash");
    }
    let mut path = if escaped { decoded } else { path.to_owned() };
    if how.resolves {
        match normalize_path(&path) {
            Some(resolved) => path = resolved.into_owned(),
            None => return Normalized::Refused("the path has an escaped NUL"),
        }
    }
    if how.merges_slashes {
        path = merge_slashes(&path).into_owned();
    }
    if escaped && how.escaped_slashes == EscapedSlashes::Redirect {
        Normalized::Elsewhere(path)
    } else {
        Normalized::Path(path)
    }
}

impl Seen {
    /// What Envoy makes of a request, or its refusal. Recorded from Envoy 1.40.
    pub(crate) fn read(request: &Request, proxy: ProxyKind, reading: Reading) -> Result<Self, Refusal> {
        let bad = |reason| Refusal { status: 400, location: None, body: Some("Bad Request"), reason };
        let refused = |reason| Refusal { status: 400, location: None, body: None, reason };
        if !METHODS.contains(&request.method.as_str()) {
            return Err(bad("Envoy does not know the method"));
        }
        let mut headers = Headers::default();
        let mut authority = request.authority.trim_matches([' ', '\t']).to_owned();
        for (name, value) in &request.headers {
            let (name, value) = (name.to_ascii_lowercase(), value.trim_matches([' ', '\t']));
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(bad("a header's name has a character that may not stand there"));
            }
            if value.bytes().any(|b| b != b'\t' && b.is_ascii_control()) {
                return Err(bad("a header's value has a control character"));
            }
            let underscore = name.contains('_');
            if underscore && reading.underscores == Underscores::Refuse {
                return Err(bad("a header's name has an underscore"));
            }
            let dropped = (underscore && reading.underscores == Underscores::Drop)
                || CONNECTION_HEADERS.contains(&name.as_str())
                || STEERING_HEADERS.contains(&name.as_str())
                || (proxy == ProxyKind::Gateway && STEERING_HEADERS_AT_THE_EDGE.contains(&name.as_str()))
                || (name == "te" && !value.split(',').any(|t| t.trim().eq_ignore_ascii_case("trailers")));
            if name == "host" {
                authority = format!("{authority},{value}");
            } else if !dropped {
                headers.append(&name, value);
            }
        }
        let mut path = request.path.as_str();
        if path.is_empty() || !path.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(bad("the path has a character that may not stand there"));
        }
        if let Some((host, rest)) = absolute_form(path) {
            host.clone_into(&mut authority);
            path = if rest.is_empty() { "/" } else { rest };
        }
        if !authority.bytes().all(is_authority) {
            return Err(bad("the authority has a character that may not stand there"));
        }
        if path == "*" && request.method == "OPTIONS" {
            return Err(Refusal {
                status: 404,
                location: None,
                body: None,
                reason: "the path does not start with a slash",
            });
        }
        if !path.starts_with('/') {
            return Err(bad("the path does not start with a slash"));
        }
        if path.contains('#') {
            return Err(refused("the path has a fragment"));
        }
        let path = match normalized(path, reading.paths) {
            Normalized::Path(path) => path,
            Normalized::Elsewhere(location) => {
                return Err(Refusal {
                    status: 307,
                    location: Some(location),
                    body: None,
                    reason: "the path has an escaped slash",
                });
            }
            Normalized::Refused(reason) => return Err(refused(reason)),
        };
        Ok(Self {
            method: request.method.clone(),
            authority,
            path,
            headers,
            source_ip: None,
            peer: None,
            metadata: Map::new(),
        })
    }

    /// The path without its query.
    pub(crate) fn path_only(&self) -> &str {
        without_query(&self.path)
    }

    /// The first value of a query parameter, empty where it has no `=`. Envoy decodes nothing here, and a
    /// second question mark belongs to the value.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path.split_once('?')?;
        query.strip_suffix('&').unwrap_or(query).split('&').find_map(|pair| match pair.split_once('=') {
            Some((key, value)) => (key == name).then_some(value),
            None => (pair == name && !query.is_empty()).then_some(""),
        })
    }

    /// A header or pseudo-header as conditions see it: repeated values joined by a comma.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        match name.to_ascii_lowercase().as_str() {
            ":method" => Some(self.method.clone()),
            ":authority" | "host" => Some(self.authority.clone()),
            ":path" => Some(self.path.clone()),
            ":scheme" => Some(SCHEME.to_owned()),
            "x-forwarded-proto" => Some(self.headers.joined(name).unwrap_or_else(|| SCHEME.to_owned())),
            name => self.headers.joined(name),
        }
    }

    /// Whether it is a gRPC call, which changes how the proxy itself answers and which timeout counts.
    pub(crate) fn is_grpc(&self) -> bool {
        self.headers
            .first("content-type")
            .and_then(|t| t.strip_prefix("application/grpc"))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
    }
}

/// `http://host/path`, which a client sends to a forward proxy: its host and the rest.
fn absolute_form(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("http://").or_else(|| path.strip_prefix("https://"))?;
    let (host, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    (!host.is_empty() && !rest.starts_with('?')).then_some((host, rest))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_authority(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=@[]_~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, authority: &str, path: &str, headers: &[(&str, &str)]) -> Result<Seen, Refusal> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let request = Request {
            method: method.to_owned(),
            authority: authority.to_owned(),
            path: path.to_owned(),
            headers,
        };
        Seen::read(&request, ProxyKind::Sidecar, Reading::default())
    }

    /// Recorded from Envoy 1.40.
    #[test]
    fn what_envoy_refuses() {
        for path in ["/é", "/a b", "*", "a/b", "/a\u{1}b", "/a\u{7f}b", "/a\tb", "/a?q=é", ""] {
            let refusal = read("GET", "h", path, &[]).expect_err(path);
            assert_eq!((refusal.status, refusal.body), (400, Some("Bad Request")), "{path}");
        }
        for path in ["/a%00b", "/a#frag", "/a?b#c"] {
            let refusal = read("GET", "h", path, &[]).expect_err(path);
            assert_eq!((refusal.status, refusal.body), (400, None), "{path}");
        }
        for authority in
            ["a/b", "a b", "é", "a\"b", "a#b", "a?b", "a\\b", "a|b", "a{b}", "a^b", "a`b", "a<b>"]
        {
            assert!(read("GET", authority, "/", &[]).is_err(), "{authority}");
        }
        for authority in
            ["", "A_b", "a@b", "[::1]:80", "a:b:c", "a:", "a%41", "a,b", "a!$&'()*+=~", "[a]b", ":80", "*"]
        {
            assert!(read("GET", authority, "/", &[]).is_ok(), "{authority}");
        }
        for method in ["FOO", "get", "CONNECT", "M-SEARCH", "", "G ET"] {
            assert!(read(method, "h", "/", &[]).is_err(), "{method}");
        }
    }

    #[test]
    fn headers_are_cleaned() {
        let seen = read(
            "GET",
            "h",
            "http://other.com/x/../y?z",
            &[
                ("X-A", " 1 "),
                ("x-a", "2"),
                ("X-Envoy-Upstream-RQ-Timeout-ms", "7"),
                ("te", "trailers"),
                ("Connection", "x"),
            ],
        )
        .expect("accepted");
        assert_eq!((seen.authority.as_str(), seen.path.as_str()), ("other.com", "/y?z"));
        assert_eq!(seen.header("x-A").as_deref(), Some("1,2"));
        assert_eq!(seen.headers.names().collect::<Vec<_>>(), ["te", "x-a"]);
    }

    /// Recorded from Envoy 1.40.
    #[test]
    fn query_parameters_are_taken_literally() {
        let value = |path: &str, name: &str| {
            read("GET", "h", path, &[]).expect("accepted").query(name).map(str::to_owned)
        };
        assert_eq!(value("/q?a=%31", "a").as_deref(), Some("%31"));
        assert_eq!(value("/q?a=2&a=1", "a").as_deref(), Some("2"));
        assert_eq!(value("/q?c", "c").as_deref(), Some(""));
        assert_eq!(value("/q?=&&d&", "d").as_deref(), Some(""));
        assert_eq!(value("/q?c?d", "c"), None);
        assert_eq!(value("/q??c", "c"), None);
        assert_eq!(value("/q?A=1", "a"), None);
        assert_eq!(value("/q?", ""), None);
    }

    #[test]
    fn a_proxy_reads_paths_and_headers_as_it_is_set_up() {
        let read = |path: &str, header: &str, reading| {
            let request = Request {
                path: path.to_owned(),
                headers: vec![(header.to_owned(), "v".to_owned())],
                authority: "h".to_owned(),
                ..Request::default()
            };
            match Seen::read(&request, ProxyKind::Gateway, reading) {
                Ok(seen) => format!("{} {}", seen.path, seen.headers.first("x_y").unwrap_or_default()),
                Err(refusal) => format!("{} {:?}", refusal.status, refusal.location.unwrap_or_default()),
            }
        };
        let how = |escaped_slashes, merges_slashes| Reading {
            paths: PathNormalization { escaped_slashes, merges_slashes, resolves: true },
            ..Reading::default()
        };
        assert_eq!(read("/a%2Fb//c?q=%2F", "x", how(EscapedSlashes::Keep, true)), "/a%2Fb/c?q=%2F ");
        assert_eq!(read("/a%2f../c", "x", how(EscapedSlashes::Decode, false)), "/c ");
        assert_eq!(read("/a%5Cb", "x", how(EscapedSlashes::Refuse, false)), "400 \"\"");
        let redirect = how(EscapedSlashes::Redirect, true);
        assert_eq!(read("/a%2F%2Fb?q=%2F", "x", redirect), "307 \"/a/b?q=%2F\"");
        assert_eq!(read("/a//b", "x", redirect), "/a/b ");
        let underscores = |underscores| Reading { underscores, ..Reading::default() };
        assert_eq!(read("/", "x_y", underscores(Underscores::Pass)), "/ v");
        assert_eq!(read("/", "x_y", underscores(Underscores::Drop)), "/ ");
        assert_eq!(read("/", "x_y", underscores(Underscores::Refuse)), "400 \"\"");
    }
}
