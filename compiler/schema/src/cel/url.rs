//! URLs, as Go's `net/url` reads them.

/// A URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it is written.
    pub(crate) text: String,
    /// In lower case; empty for a path alone.
    pub(crate) scheme: String,
    /// With the port.
    pub(crate) host: String,
    pub(crate) path: String,
    query: String,
}

impl Url {
    /// Go's `ParseRequestURI`: absolute, or a path from the root. As Kubernetes does, the parts are those without a
    /// fragment, which that function takes for a part of what is before it.
    pub(crate) fn parse_request(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("parse {text:?}: {why}");
        let whole = Self::parse(text).map_err(|why| wrong(&why))?;
        match text.split_once('#') {
            Some((before, _)) => Self::parse(before).map_err(|why| wrong(&why)),
            None => Ok(whole),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if text.is_empty() {
            return Err("empty url".to_owned());
        }
        let mut url = Self {
            text: text.to_owned(),
            scheme: String::new(),
            host: String::new(),
            path: String::new(),
            query: String::new(),
        };
        if text == "*" {
            "*".clone_into(&mut url.path);
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.query);
        if !rest.starts_with('/') {
            // `mailto:someone`: opaque, without host or path.
            if url.scheme.is_empty() {
                return Err("invalid URI for request".to_owned());
            }
            return Ok(url);
        }
        let path = match rest.strip_prefix("//").filter(|_| !url.scheme.is_empty()) {
            None => rest,
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
                check_host(&url.scheme, host)?;
                let fine = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
                if !user.chars().all(fine) || bad_escape(user, false).is_some() {
                    return Err("net/url: invalid userinfo".to_owned());
                }
                host.clone_into(&mut url.host);
                path
            }
        };
        if let Some(flaw) = bad_escape(path, false) {
            return Err(format!("invalid URL escape {flaw:?}"));
        }
        path.clone_into(&mut url.path);
        Ok(url)
    }

    /// The host without port and brackets.
    pub(crate) fn hostname(&self) -> &str {
        if let Some(rest) = self.host.strip_prefix('[') {
            return rest.split_once(']').map_or(rest, |(host, _)| host);
        }
        self.host.split_once(':').map_or(&self.host, |(host, _)| host)
    }

    /// The port, empty if there is none.
    pub(crate) fn port(&self) -> &str {
        let after = self.host.rsplit_once(']').map_or(&*self.host, |(_, after)| after);
        after.rsplit_once(':').map_or("", |(_, port)| port)
    }

    /// The parameters of the query, each with its values.
    pub(crate) fn query(&self) -> Vec<(String, Vec<String>)> {
        let mut out: Vec<(String, Vec<String>)> = Vec::new();
        for part in self.query.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (decode(key), decode(value));
            match out.iter_mut().find(|(own, _)| *own == key) {
                Some((_, values)) => values.push(value),
                None => out.push((key, vec![value])),
            }
        }
        out
    }
}

/// The scheme, empty if there is none, and what follows.
fn scheme(text: &str) -> Result<(&str, &str), &'static str> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at > 0 => return Ok((&text[..at], &text[at + 1..])),
            b':' => return Err("missing protocol scheme"),
            _ => break,
        }
    }
    Ok(("", text))
}

/// What Go takes for a host with or without a port.
fn check_host(scheme: &str, host: &str) -> Result<(), String> {
    let check_port = |port: &str| match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        _ => Err(format!("invalid port {port:?} after host")),
    };
    match host.rfind('[') {
        Some(0) => {
            let (address, port) = host[1..].rsplit_once(']').ok_or("missing ']' in host")?;
            check_port(port)?;
            let address = address.split_once("%25").map_or(address, |(address, _)| address);
            let address: Result<std::net::Ipv6Addr, _> = address.parse();
            return address.map(|_| ()).map_err(|_| "invalid host".to_owned());
        }
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {
            // Only of HTTP is it known that a host has no colon.
            let strict = scheme == "http" || scheme == "https";
            let colon = if strict { host.find(':') } else { host.rfind(':') };
            check_port(colon.map_or("", |at| &host[at..]))?;
        }
    }
    if let Some(flaw) = bad_escape(host, true) {
        return Err(format!("invalid URL escape {flaw:?}"));
    }
    let fine =
        |c: &char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(*c);
    match host.chars().find(|c| !fine(c)) {
        Some(c) => Err(format!("invalid character {:?} in host name", c.to_string())),
        None => Ok(()),
    }
}

/// A percent sign without two hexadecimal digits behind it; in a host only what is not ASCII is escaped.
fn bad_escape(text: &str, is_host: bool) -> Option<&str> {
    text.match_indices('%').find_map(|(at, _)| {
        let code = text.get(at + 1..at + 3).filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let fine = code.is_some_and(|code| !is_host || code == "25" || !code.starts_with(|c| c < '8'));
        let end = (at..=text.len()).rev().find(|end| *end <= at + 3 && text.is_char_boundary(*end));
        (!fine).then(|| &text[at..end.unwrap_or(text.len())])
    })
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                out.push(code);
                at += 3;
                continue;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn urls_are_read_as_go_does() {
        let url = Url::parse_request("HTTPS://user@Example.com:8443/a%20b?x=1&x=2&y=%2F#top").unwrap();
        assert_eq!((&*url.scheme, &*url.host), ("https", "Example.com:8443"));
        assert_eq!((url.hostname(), url.port(), &*url.path), ("Example.com", "8443", "/a%20b"));
        assert_eq!(url.query(), [("x".into(), vec!["1".into(), "2".into()]), ("y".into(), vec!["/".into()])]);
        let six = Url::parse_request("http://[::1]:80/").unwrap();
        assert_eq!((six.hostname(), six.port()), ("::1", "80"));
        for text in ["/path", "mailto:a@b", "http://", "*", "http://a/%41", "http://ä/", "a://b:c:1/"] {
            assert!(Url::parse_request(text).is_ok(), "{text}");
        }
        let refused =
            ["", "a", "a/b", "http://a b/", "http://a:x/", ":/a", "http://a/%zz", "hTPp\\blah", "a\u{7}"];
        for text in
            refused.into_iter().chain(["http://a[x]/", "http://[1.2.3.4]/", "http://a%41/", "http://a:1:2/"])
        {
            assert!(Url::parse_request(text).is_err(), "{text}");
        }
    }
}
