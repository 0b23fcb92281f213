//! Redirects: the `location` that Envoy answers.

use std::borrow::Cow;

use meshc_envoy as envoy;

use crate::action::Rewrite;
use crate::error::{At, ConfigError};
use crate::request::RequestView;

/// A redirect.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// The code.
    pub status: u16,
    scheme: Option<Box<str>>,
    host: Box<str>,
    port: Option<u16>,
    path: Box<str>,
    rewrite: Rewrite,
    strip_query: bool,
}

impl Redirect {
    pub(crate) fn new(redirect: &envoy::RedirectAction, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::RedirectAction {
            https_redirect,
            scheme_redirect,
            host_redirect,
            port_redirect,
            path_redirect,
            prefix_rewrite,
            regex_rewrite,
            response_code,
            strip_query,
        } = redirect;
        if https_redirect.is_some() && scheme_redirect.is_some() {
            return Err(at.error("only one of https_redirect and scheme_redirect can be set"));
        }
        let kinds = [path_redirect.is_some(), prefix_rewrite.is_some(), regex_rewrite.is_some()];
        if kinds.iter().filter(|set| **set).count() > 1 {
            return Err(at.error("only one of path_redirect, prefix_rewrite and regex_rewrite can be set"));
        }
        let scheme = match (https_redirect, scheme_redirect) {
            (Some(true), _) => Some("https".into()),
            (_, Some(scheme)) if !scheme.is_empty() => Some(scheme.as_str().into()),
            _ => None,
        };
        let port =
            u16::try_from(*port_redirect).map_err(|_| at.field("port_redirect").error("is no port"))?;
        Ok(Self {
            status: match response_code {
                envoy::RedirectResponseCode::MovedPermanently => 301,
                envoy::RedirectResponseCode::Found => 302,
                envoy::RedirectResponseCode::SeeOther => 303,
                envoy::RedirectResponseCode::TemporaryRedirect => 307,
                envoy::RedirectResponseCode::PermanentRedirect => 308,
            },
            scheme,
            host: host_redirect.as_str().into(),
            port: (port != 0).then_some(port),
            path: path_redirect.as_deref().unwrap_or("").into(),
            rewrite: Rewrite::new(prefix_rewrite.as_deref().unwrap_or(""), regex_rewrite.as_ref(), at)?,
            strip_query: *strip_query,
        })
    }

    /// The path after the redirect's own rewrite; `None` where there is none. `matched` is how much of the path the
    /// route's match covers.
    pub fn rewritten(&self, path: &str, matched: usize) -> Option<String> {
        self.rewrite.apply(path, matched)
    }

    /// Where the client is sent, once the path is rewritten. `forwarded_proto` is the scheme that the first proxy saw.
    pub fn location(&self, request: &RequestView<'_>, forwarded_proto: &str) -> String {
        let scheme = self.scheme.as_deref().unwrap_or(request.scheme);
        let host = if self.host.is_empty() {
            request_host(request.authority, scheme, self.port.is_some(), forwarded_proto)
        } else {
            &self.host
        };
        let current = Cow::Borrowed(request.path);
        let has_query = self.path.contains('?');
        let mut path = if self.path.is_empty() {
            current
        } else if has_query {
            Cow::Borrowed(&*self.path)
        } else {
            match current.find('?') {
                Some(query) => Cow::Owned(format!("{}{}", self.path, &current[query..])),
                None => Cow::Borrowed(&*self.path),
            }
        };
        if !path.starts_with('/') {
            path = Cow::Owned(format!("/{path}"));
        }
        let mut path: &str = &path;
        if self.strip_query && !has_query {
            path = path.split('?').next().unwrap_or(path);
        }
        match self.port {
            Some(port) => format!("{scheme}://{host}:{port}{path}"),
            None => format!("{scheme}://{host}{path}"),
        }
    }
}

/// The location of a virtual host that requires TLS; the port stays.
pub fn https_location(request: &RequestView<'_>) -> String {
    format!("https://{}{}", request.authority, request.path)
}

/// The host of the request, without the port where another is given or where it was the old scheme's own.
fn request_host<'a>(authority: &'a str, scheme: &str, new_port: bool, forwarded_proto: &str) -> &'a str {
    let colon = if authority.starts_with('[') {
        authority.rfind("]:").map(|bracket| bracket + 1)
    } else {
        authority.rfind(':')
    };
    let Some(colon) = colon else { return authority };
    let port = &authority[colon..];
    let own = matches!((forwarded_proto, port), ("https", ":443") | ("http", ":80"));
    if new_port || (scheme != forwarded_proto && own) { &authority[..colon] } else { authority }
}
