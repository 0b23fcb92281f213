//! The `location` header of redirects, as Envoy builds it.

use meshc_effective::model::{Redirect, RedirectPath, RouteMatch};

use crate::matching::matched_len;
use crate::seen::{SCHEME, Seen};

/// Where a redirect leads; without one, where a direct response with a redirecting status leads (Envoy
/// adds the request's own address there).
///
/// The scheme is the listener's. The request's port stays, unless the redirect names one or changes the
/// scheme from `http` and the port is 80. A port that is named is always written, also a default one. The
/// query stays, unless the new path has its own.
pub(crate) fn location(redirect: Option<&Redirect>, matches: &RouteMatch, seen: &Seen) -> String {
    let scheme = redirect.and_then(|r| r.scheme.as_deref()).filter(|s| !s.is_empty()).unwrap_or(SCHEME);
    let port = redirect.and_then(|r| r.port).filter(|p| *p != 0);
    let host = match redirect.and_then(|r| r.host.as_deref()).filter(|h| !h.is_empty()) {
        Some(host) => host,
        None => request_host(&seen.authority, scheme != SCHEME, port.is_some()),
    };
    let mut path = match redirect.and_then(|r| r.path.as_ref()) {
        Some(RedirectPath::Full(path)) if path.contains('?') => path.clone(),
        Some(RedirectPath::Full(path)) if !path.is_empty() => {
            let query = seen.path.find('?').map_or("", |at| &seen.path[at..]);
            format!("{path}{query}")
        }
        Some(RedirectPath::Prefix(prefix)) if !prefix.is_empty() => {
            format!("{prefix}{}", &seen.path[matched_len(&matches.path, seen.path_only())..])
        }
        _ => seen.path.clone(),
    };
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    match port {
        Some(port) => format!("{scheme}://{host}:{port}{path}"),
        None => format!("{scheme}://{host}{path}"),
    }
}

/// Envoy's `require_tls`: everything stays but the scheme, a port too.
pub(crate) fn to_https(seen: &Seen) -> String {
    format!("https://{}{}", seen.authority, seen.path)
}

/// Envoy's `processRequestHost`.
fn request_host(authority: &str, new_scheme: bool, new_port: bool) -> &str {
    let colon = if authority.starts_with('[') {
        authority.rfind("]:").map(|at| at + 1)
    } else {
        authority.rfind(':')
    };
    match colon {
        Some(at) if new_port || (new_scheme && &authority[at..] == ":80") => &authority[..at],
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use meshc_effective::model::{PathMatch, ProxyKind};

    use super::*;
    use crate::query::Request;

    fn to(redirect: &Redirect, path: PathMatch, authority: &str, url: &str) -> String {
        let request = Request { authority: authority.to_owned(), path: url.to_owned(), ..Request::default() };
        let seen = Seen::read(&request, ProxyKind::Sidecar, meshc_effective::model::Reading::default())
            .expect("accepted");
        location(Some(redirect), &RouteMatch { path, ..RouteMatch::any() }, &seen)
    }

    const NOTHING: Redirect = Redirect { code: 301, scheme: None, host: None, port: None, path: None };

    /// Recorded from Envoy 1.40.
    #[test]
    fn paths_and_queries() {
        let full = |path: &str| Redirect { path: Some(RedirectPath::Full(path.to_owned())), ..NOTHING };
        let any = PathMatch::any;
        assert_eq!(to(&full("/x"), any(), "h:80", "/redir?k=1"), "http://h:80/x?k=1");
        assert_eq!(to(&full("/x?y=1"), any(), "H", "/rq?k=1"), "http://H/x?y=1");
        assert_eq!(to(&full("x"), any(), "[::1]:80", "/r?k"), "http://[::1]:80/x?k");
        let prefix = |path: &str| Redirect { path: Some(RedirectPath::Prefix(path.to_owned())), ..NOTHING };
        assert_eq!(
            to(&prefix("/y"), PathMatch::Prefix("/rpre/".to_owned()), "h", "/rpre/a?b"),
            "http://h/ya?b"
        );
        let separated = || PathMatch::PathSeparatedPrefix("/rsep".to_owned());
        assert_eq!(to(&prefix("/"), separated(), "h", "/rsep/a?b"), "http://h//a?b");
        assert_eq!(to(&prefix("/"), separated(), "h", "/rsep"), "http://h/");
        assert_eq!(to(&prefix("/z"), PathMatch::Regex("/rre.*".to_owned()), "h", "/rre/a?b"), "http://h/z?b");
    }

    /// Recorded from Envoy 1.40.
    #[test]
    fn schemes_hosts_and_ports() {
        let https = Redirect { scheme: Some("https".to_owned()), ..NOTHING };
        for (authority, expected) in [
            ("h", "https://h/rs"),
            ("h:80", "https://h/rs"),
            ("h:443", "https://h:443/rs"),
            ("h:8080", "https://h:8080/rs"),
            ("[::1]:80", "https://[::1]/rs"),
        ] {
            assert_eq!(to(&https, PathMatch::any(), authority, "/rs"), expected);
        }
        let port = Redirect { port: Some(8443), ..NOTHING };
        assert_eq!(to(&port, PathMatch::any(), "h:8080", "/r?k"), "http://h:8443/r?k");
        assert_eq!(to(&port, PathMatch::any(), "[::1]:80", "/r"), "http://[::1]:8443/r");
        let both = Redirect { scheme: Some("https".to_owned()), port: Some(443), ..NOTHING };
        assert_eq!(to(&both, PathMatch::any(), "h:80", "/r"), "https://h:443/r");
        let host = Redirect { host: Some("n.example".to_owned()), port: Some(80), ..NOTHING };
        assert_eq!(to(&host, PathMatch::any(), "h:8080", "/r?k"), "http://n.example:80/r?k");
    }
}
