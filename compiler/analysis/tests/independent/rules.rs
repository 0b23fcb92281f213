//! Whether a proxy's policies let a request in, from Envoy's description of its RBAC filter and Istio's of mutual TLS.

use std::net::IpAddr;

use meshc_effective::model::{
    Cidr, MtlsMode, Permission, Principal, Proxy, ProxyKind, RbacAction, RuleSet, SecurityFilter, StringMatch,
};

use super::Sent;
use super::matching::{header_holds, regex_holds, text_holds};

/// How the checks of a proxy end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// The request goes on.
    Passed,
    /// 403.
    Denied,
    /// The connection is not taken.
    Closed,
    /// It depends on a token or on a provider.
    Unknown,
}

/// What a proxy's policies say to a request at one of its ports.
pub(crate) fn passes(proxy: &Proxy, port: u16, sent: &Sent) -> Fate {
    let security = &*proxy.security;
    if proxy.kind == ProxyKind::Sidecar {
        match (security.mtls.of(port).mode, &sent.peer) {
            (MtlsMode::Strict, None) | (MtlsMode::Disable, Some(_)) => return Fate::Closed,
            _ => {}
        }
    }
    for filter in &security.http {
        match filter {
            // A request without a token passes.
            SecurityFilter::Jwt(_) => {}
            SecurityFilter::External(_) => return Fate::Unknown,
            SecurityFilter::Rbac(rbac) => {
                let Some(set) = &rbac.enforced else { continue };
                let matched = set_matches(set, proxy, port, sent);
                match (set.action, matched) {
                    (RbacAction::Allow, false) | (RbacAction::Deny, true) => return Fate::Denied,
                    _ => {}
                }
            }
        }
    }
    Fate::Passed
}

fn set_matches(set: &RuleSet, proxy: &Proxy, port: u16, sent: &Sent) -> bool {
    set.policies.values().any(|rule| {
        rule.permissions.iter().any(|asked| permitted(asked, proxy, port, sent))
            && rule.principals.iter().any(|who| is_one(who, sent))
    })
}

fn permitted(asked: &Permission, proxy: &Proxy, port: u16, sent: &Sent) -> bool {
    match asked {
        Permission::Any => true,
        Permission::All(all) => all.iter().all(|one| permitted(one, proxy, port, sent)),
        Permission::AnyOf(any) => any.iter().any(|one| permitted(one, proxy, port, sent)),
        Permission::Not(inner) => !permitted(inner, proxy, port, sent),
        Permission::DestinationIp(block) => proxy.ip.parse().is_ok_and(|ip| is_in(block, ip)),
        Permission::DestinationPort(wanted) => *wanted == port,
        Permission::ServerName(name) => text_holds(name, "", false),
        Permission::Header(header) => header_holds(header, sent),
        Permission::Path(path) => text_holds(path, &sent.path, false),
        Permission::PathTemplate(template) => segments_fit(template, &sent.path),
        Permission::Metadata(_) => false,
    }
}

fn is_one(who: &Principal, sent: &Sent) -> bool {
    match who {
        Principal::Any => true,
        Principal::All(all) => all.iter().all(|one| is_one(one, sent)),
        Principal::AnyOf(any) => any.iter().any(|one| is_one(one, sent)),
        Principal::Not(inner) => !is_one(inner, sent),
        Principal::Peer(name) => sent.peer.as_ref().is_some_and(|peer| match name {
            StringMatch::Regex(pattern) => regex_holds(pattern, peer),
            other => text_holds(other, peer, false),
        }),
        Principal::DirectIp(block) | Principal::RemoteIp(block) => {
            sent.source.is_some_and(|source| is_in(block, source))
        }
        Principal::Header(header) => header_holds(header, sent),
        Principal::Metadata(_) => false,
    }
}

fn is_in(block: &Cidr, address: IpAddr) -> bool {
    let bits = |address: IpAddr| -> Vec<bool> {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1)).collect()
    };
    let (own, other) = (bits(block.address), bits(address));
    own.len() == other.len() && own.iter().zip(&other).take(usize::from(block.length)).all(|(a, b)| a == b)
}

/// `{*}` is one segment, `{**}` any number of them (Istio's path templates as Envoy takes them: `*` and `**`).
fn segments_fit(template: &str, path: &str) -> bool {
    fn fit(wanted: &[&str], got: &[&str]) -> bool {
        match (wanted.split_first(), got.split_first()) {
            (None, None) => true,
            (Some((&"**", rest)), _) => (0..=got.len()).any(|taken| fit(rest, &got[taken..])),
            (Some((&"*", rest)), Some((segment, left))) => !segment.is_empty() && fit(rest, left),
            (Some((wanted, rest)), Some((segment, left))) => wanted == segment && fit(rest, left),
            _ => false,
        }
    }
    let split = |text: &str| -> Vec<String> { text.split('/').skip(1).map(ToOwned::to_owned).collect() };
    let (wanted, got) = (split(template), split(path));
    let (wanted, got): (Vec<&str>, Vec<&str>) =
        (wanted.iter().map(String::as_str).collect(), got.iter().map(String::as_str).collect());
    fit(&wanted, &got)
}
