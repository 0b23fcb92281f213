//! One attribute of a rule as Envoy's conditions (Istio's generators).

use meshc_resources::istio::ip_block;

use super::text;
use crate::model::{Cidr, MetadataMatch, Permission, Principal, StringMatch, ValueMatch};

/// What a condition asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attribute {
    DestinationIp,
    DestinationPort,
    ServerName,
    EnvoyFilter,
    Host,
    Path,
    Method,
    SourceIp,
    RemoteIp,
    Namespace,
    TrustDomain,
    ServiceAccount,
    Principal,
    RequestPrincipal,
    Audiences,
    Presenter,
    Header,
    Claims,
}

/// A condition that cannot be written: what it asks for is not there, or its value means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable(pub(super) String);

/// What the rule is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The namespace of the policy.
    pub(super) namespace: &'a str,
    /// A TCP filter chain, where nothing of HTTP is seen.
    pub(super) tcp: bool,
}

/// Envoy's filter that verifies tokens, under which their claims stand.
pub(crate) const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";

/// Where the claims stand.
pub(crate) const JWT_PAYLOAD: &str = "payload";

/// Before every identity.
const SPIFFE: &str = "spiffe://";

impl Attribute {
    /// The attribute of a key of `when`.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        Some(match key {
            "destination.ip" => Self::DestinationIp,
            "destination.port" => Self::DestinationPort,
            "connection.sni" => Self::ServerName,
            "source.ip" => Self::SourceIp,
            "remote.ip" => Self::RemoteIp,
            "source.namespace" => Self::Namespace,
            "source.trustDomain" => Self::TrustDomain,
            "source.serviceAccount" => Self::ServiceAccount,
            "source.principal" => Self::Principal,
            "request.auth.principal" => Self::RequestPrincipal,
            "request.auth.audiences" => Self::Audiences,
            "request.auth.presenter" => Self::Presenter,
            _ if key.starts_with("experimental.envoy.filters.") => Self::EnvoyFilter,
            _ if key.starts_with("request.headers") => Self::Header,
            _ if key.starts_with("request.auth.claims") => Self::Claims,
            _ => return None,
        })
    }

    /// Whether it is about what is asked, not about who asks.
    pub(super) fn is_permission(self) -> bool {
        matches!(
            self,
            Self::DestinationIp
                | Self::DestinationPort
                | Self::ServerName
                | Self::EnvoyFilter
                | Self::Host
                | Self::Path
                | Self::Method
        )
    }

    /// Whether all values of it become one condition, not one each.
    pub(super) fn takes_all(self) -> bool {
        matches!(
            self,
            Self::EnvoyFilter | Self::RequestPrincipal | Self::Audiences | Self::Presenter | Self::Claims
        )
    }

    /// The condition that one value makes.
    pub(super) fn permission(self, key: &str, value: &str, place: Place<'_>) -> Result<Permission, Unusable> {
        let http = |permission| if place.tcp { Err(http_only(key)) } else { Ok(permission) };
        match self {
            Self::DestinationIp => cidr(value).map(Permission::DestinationIp),
            Self::DestinationPort => value
                .parse()
                .map(Permission::DestinationPort)
                .map_err(|_| Unusable(format!("`{value}` is no port"))),
            Self::ServerName => Ok(Permission::ServerName(text::plain(value))),
            Self::Host => http(Permission::Header(text::header(":authority", value, true))),
            Self::Method => http(Permission::Header(text::header(":method", value, false))),
            Self::Path if value.contains("{*}") || value.contains("{**}") => {
                http(Permission::PathTemplate(value.replace("{*}", "*").replace("{**}", "**")))
            }
            Self::Path => http(Permission::Path(text::plain(value))),
            _ => Err(Unusable(format!("`{key}` is about who asks"))),
        }
    }

    /// The condition that all values make together, for those that [take all](Self::takes_all).
    pub(super) fn permission_of_all(self, key: &str, values: &[String]) -> Result<Permission, Unusable> {
        let inner = key.strip_prefix("experimental.").unwrap_or(key);
        let (filter, name) = inner
            .strip_suffix(']')
            .unwrap_or(inner)
            .split_once('[')
            .ok_or_else(|| Unusable(format!("`{key}` names nothing in brackets")))?;
        let values = values.iter().map(|value| {
            let listed = value.strip_prefix('[').is_some_and(|rest| rest.ends_with(']'));
            if listed {
                let item = text::plain(value.trim_matches(['[', ']']));
                ValueMatch::ListWith(Box::new(ValueMatch::Text(item)))
            } else {
                ValueMatch::Text(text::plain(value))
            }
        });
        Ok(Permission::Metadata(MetadataMatch {
            filter: filter.to_owned(),
            path: vec![name.to_owned()],
            value: one_of(values.collect()),
            invert: false,
        }))
    }

    /// The condition that one value makes.
    pub(super) fn principal(self, key: &str, value: &str, place: Place<'_>) -> Result<Principal, Unusable> {
        match self {
            Self::SourceIp => cidr(value).map(Principal::DirectIp),
            Self::RemoteIp => cidr(value).map(Principal::RemoteIp),
            Self::Namespace => {
                let parts: Vec<String> = value.split('*').map(text::quote).collect();
                Ok(Principal::Peer(StringMatch::Regex(format!(".*/ns/{}/.*", parts.join(".*")))))
            }
            Self::TrustDomain => Ok(Principal::Peer(match value.split_once('*') {
                None => StringMatch::Prefix(format!("{SPIFFE}{value}/")),
                Some(("", "")) => StringMatch::Prefix(SPIFFE.to_owned()),
                Some((start, end)) => {
                    let (start, end) = (text::quote(start), text::quote(end));
                    StringMatch::Regex(format!("{SPIFFE}{start}[^/]*{end}/.*"))
                }
            })),
            Self::ServiceAccount => {
                let (namespace, account) = value.split_once('/').unwrap_or((place.namespace, value));
                let (namespace, account) = (text::quote(namespace), text::quote(account));
                let regex = format!("{SPIFFE}.+/ns/{namespace}/(.+/|)sa/{account}(/.+)?");
                Ok(Principal::Peer(StringMatch::Regex(regex)))
            }
            Self::Principal => Ok(Principal::Peer(text::after(value, SPIFFE))),
            Self::Header if place.tcp => Err(http_only(key)),
            Self::Header => {
                let name = key
                    .strip_prefix("request.headers")
                    .and_then(in_brackets)
                    .ok_or_else(|| Unusable(format!("`{key}` names no header in brackets")))?;
                Ok(Principal::Header(text::header(name, value, false)))
            }
            _ => Err(Unusable(format!("`{key}` is about what is asked"))),
        }
    }

    /// The condition that all values make together, for those that [take all](Self::takes_all).
    pub(super) fn principal_of_all(
        self,
        key: &str,
        values: &[String],
        place: Place<'_>,
    ) -> Result<Principal, Unusable> {
        if place.tcp {
            return Err(http_only(key));
        }
        let claim = |path: Vec<String>| claim_list(path, values);
        Ok(match self {
            Self::RequestPrincipal => {
                let mut subjects: Vec<Principal> = values.iter().map(|value| subject(value)).collect();
                match subjects.len() {
                    1 => subjects.remove(0),
                    _ => Principal::AnyOf(subjects),
                }
            }
            Self::Audiences => claim(vec!["aud".to_owned()]),
            Self::Presenter => claim(vec!["azp".to_owned()]),
            Self::Claims => {
                let names = key
                    .strip_prefix("request.auth.claims")
                    .and_then(in_nested_brackets)
                    .ok_or_else(|| Unusable(format!("`{key}` names no claim in brackets")))?;
                claim(names)
            }
            _ => return Err(Unusable(format!("`{key}` is about what is asked"))),
        })
    }
}

fn http_only(key: &str) -> Unusable {
    Unusable(format!("`{key}` is seen in HTTP only"))
}

fn cidr(value: &str) -> Result<Cidr, Unusable> {
    let wrong = || Unusable(format!("`{value}` is no address and no CIDR range"));
    ip_block(value).map(|(address, length)| Cidr { address, length }).ok_or_else(wrong)
}

/// Envoy wants no list of one.
pub(super) fn one_of(mut values: Vec<ValueMatch>) -> ValueMatch {
    match values.len() {
        1 => values.remove(0),
        _ => ValueMatch::AnyOf(values),
    }
}

/// A claim that is one of the values, or a list with one of them.
pub(crate) fn claim_list(path: Vec<String>, values: &[String]) -> Principal {
    let value = one_of(values.iter().map(|value| ValueMatch::Text(text::plain(value))).collect());
    Principal::Metadata(claim_match(path, value))
}

/// A claim that matches, or a list with an item that does.
pub(crate) fn claim_match(path: Vec<String>, value: ValueMatch) -> MetadataMatch {
    let listed = ValueMatch::ListWith(Box::new(value.clone()));
    MetadataMatch {
        filter: JWT_FILTER.to_owned(),
        path: std::iter::once(JWT_PAYLOAD.to_owned()).chain(path).collect(),
        value: ValueMatch::AnyOf(vec![listed, value]),
        invert: false,
    }
}

/// `ISSUER/SUBJECT`, each with a wildcard where the value has one; an issuer may have slashes.
fn subject(value: &str) -> Principal {
    let split = value.rsplit_once('/');
    let (issuer, subject) = split.unwrap_or((value, ""));
    let exact = |text: &str| StringMatch::Exact(text.to_owned());
    let (issuer, subject) = if value == "*" {
        (text::anything(), text::anything())
    } else if let Some(end) = value.strip_prefix('*') {
        match (split, issuer) {
            (None, _) => (text::anything(), StringMatch::Suffix(end.to_owned())),
            (Some(_), "*") => (text::anything(), exact(subject)),
            (Some(_), _) => {
                (StringMatch::Suffix(issuer.strip_prefix('*').unwrap_or(issuer).to_owned()), exact(subject))
            }
        }
    } else if let Some(start) = value.strip_suffix('*') {
        match (split, subject) {
            (None, _) => (StringMatch::Prefix(start.to_owned()), text::anything()),
            (Some(_), "*") => (exact(issuer), text::anything()),
            (Some(_), _) => {
                (exact(issuer), StringMatch::Prefix(subject.strip_suffix('*').unwrap_or(subject).to_owned()))
            }
        }
    } else {
        (exact(issuer), exact(subject))
    };
    let claim = |name: &str, pattern: StringMatch| {
        Principal::Metadata(MetadataMatch {
            filter: JWT_FILTER.to_owned(),
            path: vec![JWT_PAYLOAD.to_owned(), name.to_owned()],
            value: ValueMatch::Text(pattern),
            invert: false,
        })
    };
    Principal::All(vec![claim("iss", issuer), claim("sub", subject)])
}

/// The name in `[NAME]`.
fn in_brackets(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']')
}

/// The names in `[A][B]`; where they do not nest cleanly, the whole as one name.
fn in_nested_brackets(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let clean = rest.strip_prefix('[').and_then(|inner| {
            let end = inner.find(['[', ']'])?;
            inner[end..].strip_prefix(']').map(|after| (&inner[..end], after))
        });
        let Some((name, after)) = clean else { return Some(vec![in_brackets(text)?.to_owned()]) };
        names.push(name.to_owned());
        rest = after;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_brackets_may_nest() {
        assert_eq!(in_nested_brackets("[a][b]"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(in_nested_brackets("[a[b]]"), Some(vec!["a[b]".to_owned()]));
        assert_eq!(in_nested_brackets("a"), None);
        assert_eq!(in_nested_brackets(""), Some(Vec::new()));
    }

    #[test]
    fn subjects_split_at_the_last_slash() {
        let claims = |value: &str| match subject(value) {
            Principal::All(both) => format!("{both:?}"),
            other => format!("{other:?}"),
        };
        assert!(claims("https://a/b/*").contains(r#"Exact("https://a/b")"#));
        assert!(claims("*/x").contains(r#"Regex(".+")"#) && claims("*/x").contains(r#"Exact("x")"#));
        assert!(claims("*@a").contains(r#"Suffix("@a")"#));
        assert!(claims("https://a*").contains(r#"Exact("https:/")"#));
    }
}
