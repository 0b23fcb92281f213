//! `[METHOD] URL` with `-H 'name: value'`, as curl takes them, for `meshc why`.

use meshc_effective::model::{Direction as Traffic, Proxy, ProxyKind};

use crate::query::{Direction, Query, Request};

/// A request as a person writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// The port of the URL, its scheme's if it has none.
    pub port: u16,
    /// The request; the authority keeps a port that is not the scheme's, as curl's does.
    pub request: Request,
}

/// Why arguments are no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestLineError {
    /// Neither one nor two arguments.
    #[error("a request is [METHOD] URL; {count} arguments were given")]
    Count {
        /// How many there were.
        count: usize,
    },
    /// A scheme that no proxy routes.
    #[error("{url:?} has the scheme {scheme:?}; http and https are routed")]
    Scheme {
        /// The URL.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// No host in the URL and none in a header.
    #[error("{url:?} names no host; write http://HOST/… or add -H 'host: HOST'")]
    NoHost {
        /// The URL.
        url: String,
    },
    /// A port that is no number from 1 to 65535.
    #[error("{url:?} has the port {port:?}, which is no number from 1 to 65535")]
    Port {
        /// The URL.
        url: String,
        /// What stands for the port.
        port: String,
    },
    /// A header without a colon.
    #[error("the header {header:?} has no colon; write 'name: value'")]
    Header {
        /// The argument.
        header: String,
    },
}

impl RequestLine {
    /// Reads `[METHOD] URL` and headers. A `host` header replaces the URL's host, whose port still counts.
    pub fn parse(arguments: &[&str], headers: &[&str]) -> Result<Self, RequestLineError> {
        let (method, url) = match arguments {
            [url] => ("GET", *url),
            [method, url] => (*method, *url),
            _ => return Err(RequestLineError::Count { count: arguments.len() }),
        };
        let mut host_header = None;
        let mut pairs = Vec::new();
        for header in headers {
            let Some((name, value)) = header.split_once(':') else {
                return Err(RequestLineError::Header { header: (*header).to_owned() });
            };
            if name.trim().eq_ignore_ascii_case("host") {
                host_header = Some(value.trim().to_owned());
            } else {
                pairs.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        let (default_port, rest) = scheme(url)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = split_port(url, authority)?;
        let authority = match (host_header, port) {
            (Some(given), _) => given,
            (None, Some(port)) if port != default_port => format!("{host}:{port}"),
            (None, _) => host.to_owned(),
        };
        if authority.is_empty() {
            return Err(RequestLineError::NoHost { url: url.to_owned() });
        }
        let path = path.split_once('#').map_or(path, |(path, _)| path);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let request = Request { method: method.to_owned(), authority, path, headers: pairs };
        Ok(Self { port: port.unwrap_or(default_port), request })
    }

    /// The question that it is for a proxy: outbound by the URL's port for a sidecar, through the listener of
    /// that port for a gateway; a gateway that has no such listener but only one other is asked there, since
    /// its Service may have another port than itself.
    pub fn query(&self, proxy: &Proxy, direction: Option<Direction>) -> Query {
        let direction = direction.unwrap_or(match proxy.kind {
            ProxyKind::Gateway => Direction::Gateway,
            ProxyKind::Sidecar => Direction::Outbound,
        });
        let mut ports: Vec<u16> =
            proxy.listeners.iter().filter(|l| l.direction == Traffic::Outbound).map(|l| l.port).collect();
        ports.sort_unstable();
        ports.dedup();
        let port = match ports.as_slice() {
            [only] if direction == Direction::Gateway => *only,
            _ => self.port,
        };
        Query {
            proxy: proxy.id.to_string(),
            port: Some(port),
            direction: Some(direction),
            request: Some(self.request.clone()),
            ..Query::default()
        }
    }
}

fn scheme(url: &str) -> Result<(u16, &str), RequestLineError> {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => Ok((80, rest)),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => Ok((443, rest)),
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => {
            Err(RequestLineError::Scheme { url: url.to_owned(), scheme: scheme.to_owned() })
        }
        _ => Ok((80, url)),
    }
}

fn split_port<'u>(url: &str, authority: &'u str) -> Result<(&'u str, Option<u16>), RequestLineError> {
    let host = crate::hosts::without_port(authority);
    let Some(port) = authority[host.len()..].strip_prefix(':') else { return Ok((host, None)) };
    match port.parse() {
        Ok(0) | Err(_) => Err(RequestLineError::Port { url: url.to_owned(), port: port.to_owned() }),
        Ok(port) => Ok((host, Some(port))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str], headers: &[&str]) -> (u16, String, String, String) {
        let line = RequestLine::parse(arguments, headers).unwrap_or_else(|e| panic!("{e}"));
        (line.port, line.request.method, line.request.authority, line.request.path)
    }

    fn expect(port: u16, method: &str, authority: &str, path: &str) -> (u16, String, String, String) {
        (port, method.to_owned(), authority.to_owned(), path.to_owned())
    }

    #[test]
    fn as_curl_sends_them() {
        assert_eq!(parse(&["http://reviews:9080/a?b#c"], &[]), expect(9080, "GET", "reviews:9080", "/a?b"));
        assert_eq!(parse(&["POST", "reviews"], &[]), expect(80, "POST", "reviews", "/"));
        assert_eq!(parse(&["https://me@x.y:443?q=1"], &[]), expect(443, "GET", "x.y", "/?q=1"));
        assert_eq!(parse(&["/only"], &["Host: h:81"]), expect(80, "GET", "h:81", "/only"));
        assert_eq!(parse(&["http://[::1]:8080/x"], &[]), expect(8080, "GET", "[::1]:8080", "/x"));
        assert_eq!(parse(&["HTTP://h/go?to=http://o"], &[]), expect(80, "GET", "h", "/go?to=http://o"));
    }

    #[test]
    fn what_is_no_request_says_why() {
        let wrong: [(&[&str], &[&str]); 7] = [
            (&[], &[]),
            (&["GET", "a", "b"], &[]),
            (&["ftp://x"], &[]),
            (&["/x"], &[]),
            (&["http://h:0/"], &[]),
            (&["http://h:99999/"], &[]),
            (&["h"], &["nocolon"]),
        ];
        let said: Vec<_> = wrong
            .iter()
            .map(|(arguments, headers)| {
                RequestLine::parse(arguments, headers).expect_err("wrong").to_string()
            })
            .collect();
        insta::assert_json_snapshot!(said, @r#"
        [
          "a request is [METHOD] URL; 0 arguments were given",
          "a request is [METHOD] URL; 3 arguments were given",
          "\"ftp://x\" has the scheme \"ftp\"; http and https are routed",
          "\"/x\" names no host; write http://HOST/… or add -H 'host: HOST'",
          "\"http://h:0/\" has the port \"0\", which is no number from 1 to 65535",
          "\"http://h:99999/\" has the port \"99999\", which is no number from 1 to 65535",
          "the header \"nocolon\" has no colon; write 'name: value'"
        ]
        "#);
    }
}
