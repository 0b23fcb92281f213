//! What a proxy checks, for people: mutual TLS, tokens, rules and providers, in the order in which they see a request.

use std::fmt::Write as _;

use meshc_effective::model::{
    Cidr, ExternalAuthorization, ExternalService, HeaderCondition, HeaderMatch, JwtKeys, JwtProvider,
    MetadataMatch, MtlsMode, MtlsSetting, Permission, Principal, RbacAction, RbacPolicy, RuleSet, Security,
    SecurityFilter, ValueMatch,
};

use super::text::string;

/// Nothing where everything passes.
pub(super) fn security(out: &mut String, security: &Security) {
    if security.mtls.all.mode != MtlsMode::default() || !security.mtls.ports.is_empty() {
        let mode = |setting: &MtlsSetting| format!("{:?}", setting.mode);
        let _ = write!(out, "takes mutual TLS: {}", mode(&security.mtls.all));
        for (port, setting) in &security.mtls.ports {
            let _ = write!(out, ", at {port} {}", mode(setting));
        }
        out.push('\n');
    }
    for (what, filters) in [("requests", &security.http), ("connections", &security.tcp)] {
        for checked in filters {
            filter(out, what, checked);
        }
    }
}

fn filter(out: &mut String, what: &str, filter: &SecurityFilter) {
    match filter {
        SecurityFilter::Jwt(jwt) => {
            for provider in &jwt.providers {
                let _ = writeln!(out, "{what}: tokens {}", token(provider));
            }
        }
        SecurityFilter::Rbac(rbac) => {
            if let Some(set) = &rbac.enforced {
                let _ = writeln!(out, "{what}: {}", action(set));
                rules(out, set);
            }
            if let Some(set) = &rbac.shadow {
                let _ = writeln!(out, "{what}: only noted as {}: {}", rbac.shadow_prefix, action(set));
                rules(out, set);
            }
        }
        SecurityFilter::External(external) => {
            let _ = writeln!(out, "{what}: {}", provider(external));
        }
    }
}

fn action(set: &RuleSet) -> &'static str {
    match set.action {
        RbacAction::Allow => "only what one of these allows",
        RbacAction::Deny => "nothing that one of these denies",
        RbacAction::Log => "marked for the log by any of these",
    }
}

fn rules(out: &mut String, set: &RuleSet) {
    if set.policies.is_empty() {
        out.push_str("  no rule\n");
    }
    for (name, RbacPolicy { permissions, principals, .. }) in &set.policies {
        let asked: Vec<_> = permissions.iter().map(permission).collect();
        let who: Vec<_> = principals.iter().map(principal).collect();
        let _ = writeln!(out, "  {name}: {} from {}", asked.join(" or "), who.join(" or "));
    }
}

fn joined<T>(all: &[T], by: &str, text: fn(&T) -> String) -> String {
    let texts: Vec<_> = all.iter().map(text).collect();
    if let [one] = texts.as_slice() { one.clone() } else { format!("({})", texts.join(by)) }
}

fn permission(asked: &Permission) -> String {
    match asked {
        Permission::Any => "anything".to_owned(),
        Permission::All(all) => joined(all, " and ", permission),
        Permission::AnyOf(any) => joined(any, " or ", permission),
        Permission::Not(not) => format!("not {}", permission(not)),
        Permission::DestinationIp(block) => format!("to {}", cidr(block)),
        Permission::DestinationPort(port) => format!("port {port}"),
        Permission::ServerName(name) => format!("SNI{}", string(name)),
        Permission::Header(matched) => header(matched),
        Permission::Path(path) => format!("path{}", string(path)),
        Permission::PathTemplate(path) => format!("path like {path}"),
        Permission::Metadata(left) => metadata(left),
    }
}

fn principal(who: &Principal) -> String {
    match who {
        Principal::Any => "anyone".to_owned(),
        Principal::All(all) => joined(all, " and ", principal),
        Principal::AnyOf(any) => joined(any, " or ", principal),
        Principal::Not(not) => format!("not {}", principal(not)),
        Principal::Peer(name) => format!("peer{}", string(name)),
        Principal::DirectIp(block) => format!("address {}", cidr(block)),
        Principal::RemoteIp(block) => format!("client {}", cidr(block)),
        Principal::Header(matched) => header(matched),
        Principal::Metadata(left) => metadata(left),
    }
}

fn cidr(block: &Cidr) -> String {
    format!("{}/{}", block.address, block.length)
}

fn header(matched: &HeaderMatch) -> String {
    let HeaderMatch { name, condition, invert, ignore_case, .. } = matched;
    let not = if *invert { "not " } else { "" };
    let case = if *ignore_case { " (any case)" } else { "" };
    match condition {
        HeaderCondition::Present => format!("{not}{name} there{case}"),
        HeaderCondition::Value(value) => format!("{not}{name}{}{case}", string(value)),
    }
}

/// A claim of the token, or what another filter left.
pub(super) fn metadata(matched: &MetadataMatch) -> String {
    let not = if matched.invert { "not " } else { "" };
    let path = matched.path.strip_prefix(&["payload".to_owned()]).unwrap_or(&matched.path);
    format!("{not}claim {}{}", path.join("."), value(&matched.value))
}

fn value(matched: &ValueMatch) -> String {
    match matched {
        ValueMatch::Text(text) => string(text),
        ValueMatch::ListWith(item) => format!(" has{}", value(item)),
        ValueMatch::AnyOf(any) => {
            let any: Vec<_> = any.iter().map(value).collect();
            format!(" ({})", any.join(" or").trim_start())
        }
    }
}

fn token(provider: &JwtProvider) -> String {
    let JwtProvider { issuer, audiences, from_headers, from_params, from_cookies, .. } = provider;
    let mut out = format!("of {issuer}");
    if !audiences.is_empty() {
        let _ = write!(out, " for {}", audiences.join(" or "));
    }
    for (name, prefix) in from_headers {
        let _ = write!(out, ", in header {name} after {prefix:?}");
    }
    for name in from_params {
        let _ = write!(out, ", in parameter {name}");
    }
    for name in from_cookies {
        let _ = write!(out, ", in cookie {name}");
    }
    out.push_str(if provider.forward { ", passed on" } else { ", removed" });
    if let Some(header) = &provider.payload_header {
        let _ = write!(out, ", payload in {header}");
    }
    for (header, claim) in &provider.claim_headers {
        let _ = write!(out, ", claim {claim} in {header}");
    }
    if provider.clear_route_cache {
        out.push_str(", the route is chosen again");
    }
    match &provider.keys {
        JwtKeys::Inline(_) => out.push_str(", keys at hand"),
        JwtKeys::Remote(place) => {
            let _ = write!(out, ", keys of {place}");
        }
        JwtKeys::Discovered => out.push_str(", keys by discovery"),
    }
    out
}

fn provider(external: &ExternalAuthorization) -> String {
    let ExternalAuthorization { provider, service, cluster, timeout, .. } = external;
    let mut out = format!("what was noted is asked of {provider} by {cluster} within {timeout:?}");
    if external.fail_open {
        out.push_str(", let pass while it is away");
    }
    if let Some(status) = external.status_on_error {
        let _ = write!(out, ", {status} while it is away");
    }
    if let Some(body) = external.body {
        let part = if body.allow_partial { "first " } else { "" };
        let _ = write!(out, ", sees {part}{} bytes", body.max_bytes);
    }
    match service {
        ExternalService::Grpc => out.push_str(", gRPC"),
        ExternalService::Http(http) => {
            let _ = write!(out, ", HTTP below {:?}, sees {:?}", http.path_prefix, http.request_headers);
            let _ = write!(out, ", adds {:?}, to upstream {:?}", http.additional_headers, http.to_upstream);
            let _ = write!(
                out,
                ", to client {:?} or when denied {:?}",
                http.to_client_on_allow, http.to_client_on_deny
            );
        }
    }
    out
}
