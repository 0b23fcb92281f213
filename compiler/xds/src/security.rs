//! Security policies as Envoy's filters: tokens, rules, and providers that are asked.

use std::time::Duration;

use meshc_effective::model::{
    Cidr, ExternalAuthorization, ExternalHttp, ExternalService, JwtAuthentication, JwtKeys, JwtProvider,
    MetadataMatch, Permission, Principal, Rbac, RbacAction, RuleSet, SecurityFilter, ValueMatch,
};
use meshc_envoy as envoy;

use crate::{Target, matching};

const JWT: &str = "envoy.filters.http.jwt_authn";
const HTTP_RBAC: &str = "envoy.filters.http.rbac";
const NETWORK_RBAC: &str = "envoy.filters.network.rbac";
const HTTP_EXT_AUTHZ: &str = "envoy.filters.http.ext_authz";
const NETWORK_EXT_AUTHZ: &str = "envoy.filters.network.ext_authz";

/// The start of what TCP filters count.
const TCP_STATISTICS: &str = "tcp.";

/// Where an RBAC filter leaves the rule that a provider shall be asked about.
const MARKED_RULE: &str = "istio_ext_authz_shadow_effective_policy_id";

/// Before the names of rules that a provider is asked about.
const MARKED_PREFIX: &str = "istio-ext-authz";

/// The HTTP filters of a chain, which stand before all that acts on a request.
pub(crate) fn http_filters(filters: &[SecurityFilter], target: Target) -> Vec<envoy::HttpFilter> {
    let filter = |of: &SecurityFilter| {
        let (name, typed_config) = match of {
            SecurityFilter::Jwt(jwt) => (JWT, jwt_authn(jwt, target).into()),
            SecurityFilter::Rbac(rbac) => (HTTP_RBAC, http_rbac(rbac).into()),
            SecurityFilter::External(external) => (HTTP_EXT_AUTHZ, http_ext_authz(external).into()),
        };
        envoy::HttpFilter {
            name: name.to_owned(),
            typed_config: Some(typed_config),
            ..envoy::HttpFilter::default()
        }
    };
    filters.iter().map(filter).collect()
}

/// The network filters of a TCP chain, which stand before the one that passes bytes.
pub(crate) fn network_filters(filters: &[SecurityFilter]) -> Vec<envoy::Filter> {
    let filter = |of: &SecurityFilter| {
        let (name, typed_config) = match of {
            // Bytes have no tokens.
            SecurityFilter::Jwt(_) => return None,
            SecurityFilter::Rbac(rbac) => (NETWORK_RBAC, network_rbac(rbac).into()),
            SecurityFilter::External(external) => (NETWORK_EXT_AUTHZ, network_ext_authz(external).into()),
        };
        Some(envoy::Filter {
            name: name.to_owned(),
            typed_config: Some(typed_config),
            ..envoy::Filter::default()
        })
    };
    filters.iter().filter_map(filter).collect()
}

/// Istio's requirement: no token, or a valid one. With several issuers each place must hold a valid token of its
/// issuer or none, unless one of them is satisfied at all, as issuers may share a place.
fn jwt_authn(jwt: &JwtAuthentication, target: Target) -> envoy::JwtAuthentication {
    let requirement = |index: usize| envoy::JwtRequirement {
        provider_name: Some(provider_name(index)),
        ..envoy::JwtRequirement::default()
    };
    let any = |requirements: Vec<envoy::JwtRequirement>| envoy::JwtRequirement {
        requires_any: Some(envoy::JwtRequirementList { requirements }),
        ..envoy::JwtRequirement::default()
    };
    let missing = || envoy::JwtRequirement {
        allow_missing: Some(envoy::Empty::default()),
        ..envoy::JwtRequirement::default()
    };
    let each: Vec<_> =
        (0..jwt.providers.len()).map(|index| any(vec![requirement(index), missing()])).collect();
    let requires = match <[_; 1]>::try_from(each) {
        Ok([only]) => only,
        Err(each) => {
            let mut all: Vec<_> = (0..each.len()).map(requirement).collect();
            all.push(envoy::JwtRequirement {
                requires_all: Some(envoy::JwtRequirementList { requirements: each }),
                ..envoy::JwtRequirement::default()
            });
            any(all)
        }
    };
    envoy::JwtAuthentication {
        providers: jwt
            .providers
            .iter()
            .enumerate()
            .map(|(i, p)| (provider_name(i), provider(p, target)))
            .collect(),
        rules: vec![envoy::RequirementRule {
            r#match: Some(envoy::RouteMatch { prefix: Some("/".to_owned()), ..envoy::RouteMatch::default() }),
            requires: Some(requires),
        }],
        bypass_cors_preflight: true,
    }
}

/// Stock Envoy refuses a whole listener for a set without a key that it can read. With this one, whose private half nobody
/// has (it is the digest of a sentence), no token is valid either.
const NOBODYS_KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"nobody","x":"CJpvLPgBaFzeJ7Bozl2pv0B4STFhNPCj2SAmPSE-Q1g"}]}"#;

/// Whether a set has a key of a kind that Envoy reads, with all of its parts.
fn has_a_key(set: &str) -> bool {
    let set: serde_json::Value = serde_json::from_str(set).unwrap_or_default();
    let keys = set.get("keys").and_then(serde_json::Value::as_array);
    keys.into_iter().flatten().any(|key| {
        let has = |name: &str| {
            key.get(name).and_then(serde_json::Value::as_str).is_some_and(|text| !text.is_empty())
        };
        match key.get("kty").and_then(serde_json::Value::as_str) {
            Some("RSA") => (has("n") && has("e")) || key.get("x5c").is_some(),
            Some("EC") => has("x") && has("y"),
            Some("OKP") => has("x"),
            Some("oct") => has("k"),
            _ => false,
        }
    })
}

fn provider_name(index: usize) -> String {
    format!("origins-{index}")
}

fn provider(of: &JwtProvider, target: Target) -> envoy::JwtProvider {
    let keys = match &of.keys {
        JwtKeys::Inline(keys) => keys.clone(),
        // What the control plane would fetch is in no file: no key, so that no token is valid.
        JwtKeys::Remote(_) | JwtKeys::Discovered => r#"{"keys":[]}"#.to_owned(),
    };
    let keys = if target == Target::Envoy && !has_a_key(&keys) { NOBODYS_KEYS.to_owned() } else { keys };
    envoy::JwtProvider {
        issuer: of.issuer.clone(),
        audiences: of.audiences.clone(),
        local_jwks: Some(envoy::DataSource { inline_string: Some(keys), ..envoy::DataSource::default() }),
        forward: of.forward,
        from_headers: of
            .from_headers
            .iter()
            .map(|(name, prefix)| envoy::JwtHeader { name: name.clone(), value_prefix: prefix.clone() })
            .collect(),
        from_params: of.from_params.clone(),
        from_cookies: of.from_cookies.clone(),
        forward_payload_header: of.payload_header.clone().unwrap_or_default(),
        payload_in_metadata: "payload".to_owned(),
        normalize_payload_in_metadata: Some(envoy::NormalizePayload {
            space_delimited_claims: of.space_delimited_claims.clone(),
        }),
        claim_to_headers: of
            .claim_headers
            .iter()
            .map(|(header, claim)| envoy::JwtClaimToHeader {
                header_name: header.clone(),
                claim_name: claim.clone(),
            })
            .collect(),
        clear_route_cache: of.clear_route_cache,
        ..envoy::JwtProvider::default()
    }
}

fn http_rbac(rbac: &Rbac) -> envoy::HttpRbac {
    envoy::HttpRbac {
        rules: rbac.enforced.as_ref().map(rules),
        shadow_rules: rbac.shadow.as_ref().map(rules),
        shadow_rules_stat_prefix: rbac.shadow_prefix.clone(),
    }
}

fn network_rbac(rbac: &Rbac) -> envoy::NetworkRbac {
    envoy::NetworkRbac {
        rules: rbac.enforced.as_ref().map(rules),
        shadow_rules: rbac.shadow.as_ref().map(rules),
        stat_prefix: TCP_STATISTICS.to_owned(),
        shadow_rules_stat_prefix: rbac.shadow_prefix.clone(),
    }
}

fn rules(set: &RuleSet) -> envoy::Rbac {
    let policy = |policy: &meshc_effective::model::RbacPolicy| envoy::RbacPolicy {
        permissions: policy.permissions.iter().map(permission).collect(),
        principals: policy.principals.iter().map(principal).collect(),
    };
    envoy::Rbac {
        action: match set.action {
            RbacAction::Allow => envoy::RbacAction::Allow,
            RbacAction::Deny => envoy::RbacAction::Deny,
            RbacAction::Log => envoy::RbacAction::Log,
        },
        policies: set.policies.iter().map(|(name, of)| (name.clone(), policy(of))).collect(),
    }
}

fn permission(of: &Permission) -> envoy::Permission {
    let none = envoy::Permission::default();
    let set = |of: &[Permission]| Some(envoy::PermissionSet { rules: of.iter().map(permission).collect() });
    match of {
        Permission::Any => envoy::Permission { any: true, ..none },
        Permission::All(all) => envoy::Permission { and_rules: set(all), ..none },
        Permission::AnyOf(any) => envoy::Permission { or_rules: set(any), ..none },
        Permission::Not(inner) => envoy::Permission { not_rule: Some(Box::new(permission(inner))), ..none },
        Permission::DestinationIp(block) => envoy::Permission { destination_ip: Some(cidr(block)), ..none },
        Permission::DestinationPort(port) => {
            envoy::Permission { destination_port: Some(u32::from(*port)), ..none }
        }
        Permission::ServerName(name) => {
            envoy::Permission { requested_server_name: Some(matching::string(name, false)), ..none }
        }
        Permission::Header(header) => envoy::Permission { header: Some(matching::header(header)), ..none },
        Permission::Path(path) => {
            let path = envoy::PathMatcher { path: Some(matching::string(path, false)) };
            envoy::Permission { url_path: Some(path), ..none }
        }
        Permission::PathTemplate(template) => {
            let config = envoy::UriTemplateMatchConfig { path_template: template.clone() };
            let extension = envoy::TypedExtensionConfig {
                name: "uri-template".to_owned(),
                typed_config: Some(config.into()),
            };
            envoy::Permission { uri_template: Some(extension), ..none }
        }
        Permission::Metadata(metadata) => {
            envoy::Permission { metadata: Some(self::metadata(metadata)), ..none }
        }
    }
}

fn principal(of: &Principal) -> envoy::Principal {
    let none = envoy::Principal::default();
    let set = |of: &[Principal]| Some(envoy::PrincipalSet { ids: of.iter().map(principal).collect() });
    match of {
        Principal::Any => envoy::Principal { any: true, ..none },
        Principal::All(all) => envoy::Principal { and_ids: set(all), ..none },
        Principal::AnyOf(any) => envoy::Principal { or_ids: set(any), ..none },
        Principal::Not(inner) => envoy::Principal { not_id: Some(Box::new(principal(inner))), ..none },
        Principal::Peer(name) => {
            let authenticated = envoy::Authenticated { principal_name: Some(matching::string(name, false)) };
            envoy::Principal { authenticated: Some(authenticated), ..none }
        }
        Principal::DirectIp(block) => envoy::Principal { direct_remote_ip: Some(cidr(block)), ..none },
        Principal::RemoteIp(block) => envoy::Principal { remote_ip: Some(cidr(block)), ..none },
        Principal::Header(header) => envoy::Principal { header: Some(matching::header(header)), ..none },
        Principal::Metadata(metadata) => {
            envoy::Principal { metadata: Some(self::metadata(metadata)), ..none }
        }
    }
}

fn cidr(block: &Cidr) -> envoy::CidrRange {
    envoy::CidrRange { address_prefix: block.address.to_string(), prefix_len: Some(u32::from(block.length)) }
}

/// Envoy's `MetadataMatcher`.
pub(crate) fn metadata(of: &MetadataMatch) -> envoy::MetadataMatcher {
    envoy::MetadataMatcher {
        filter: of.filter.clone(),
        path: of.path.iter().map(|key| envoy::MetadataPathSegment { key: key.clone() }).collect(),
        value: Some(value(&of.value)),
        invert: of.invert,
    }
}

fn value(of: &ValueMatch) -> envoy::ValueMatcher {
    let none = envoy::ValueMatcher::default();
    match of {
        ValueMatch::Text(text) => {
            envoy::ValueMatcher { string_match: Some(matching::string(text, false)), ..none }
        }
        ValueMatch::ListWith(item) => {
            let list = envoy::ListMatcher { one_of: Some(Box::new(value(item))) };
            envoy::ValueMatcher { list_match: Some(list), ..none }
        }
        ValueMatch::AnyOf(any) => {
            let any = envoy::OrMatcher { value_matchers: any.iter().map(value).collect() };
            envoy::ValueMatcher { or_match: Some(any), ..none }
        }
    }
}

fn http_ext_authz(of: &ExternalAuthorization) -> envoy::HttpExtAuthz {
    let (grpc_service, http_service, allowed_headers) = match &of.service {
        ExternalService::Grpc => (Some(grpc(of)), None, None),
        ExternalService::Http(http) => (None, Some(http_service(of, http)), headers(&http.request_headers)),
    };
    envoy::HttpExtAuthz {
        grpc_service,
        http_service,
        allowed_headers,
        transport_api_version: envoy::ApiVersion::V3,
        failure_mode_allow: of.fail_open,
        with_request_body: of.body.map(|body| envoy::BufferSettings {
            max_request_bytes: body.max_bytes,
            allow_partial_message: body.allow_partial,
            pack_as_bytes: body.as_bytes,
        }),
        status_on_error: of
            .status_on_error
            .and_then(envoy::HttpStatusCode::from_number)
            .map(|code| envoy::HttpStatus { code }),
        filter_enabled_metadata: Some(marked(HTTP_RBAC, of)),
    }
}

fn network_ext_authz(of: &ExternalAuthorization) -> envoy::NetworkExtAuthz {
    envoy::NetworkExtAuthz {
        stat_prefix: TCP_STATISTICS.to_owned(),
        grpc_service: Some(grpc(of)),
        failure_mode_allow: of.fail_open,
        transport_api_version: envoy::ApiVersion::V3,
        filter_enabled_metadata: Some(marked(NETWORK_RBAC, of)),
    }
}

fn grpc(of: &ExternalAuthorization) -> envoy::GrpcService {
    envoy::GrpcService {
        envoy_grpc: Some(envoy::EnvoyGrpc { cluster_name: of.cluster.clone(), authority: of.host.clone() }),
        timeout: Some(timeout(of.timeout)),
    }
}

fn timeout(of: Duration) -> envoy::Duration {
    of.into()
}

fn http_service(of: &ExternalAuthorization, http: &ExternalHttp) -> envoy::ExtAuthzHttpService {
    let add: Vec<_> = http
        .additional_headers
        .iter()
        .map(|(key, value)| envoy::HeaderValue { key: key.clone(), value: value.clone() })
        .collect();
    let response = envoy::AuthorizationResponse {
        allowed_upstream_headers: headers(&http.to_upstream),
        allowed_client_headers: headers(&http.to_client_on_deny),
        allowed_client_headers_on_success: headers(&http.to_client_on_allow),
    };
    envoy::ExtAuthzHttpService {
        server_uri: Some(envoy::HttpUri {
            uri: format!("http://{}", of.host),
            cluster: Some(of.cluster.clone()),
            timeout: Some(timeout(of.timeout)),
        }),
        path_prefix: http.path_prefix.clone(),
        authorization_request: (!add.is_empty())
            .then_some(envoy::AuthorizationRequest { headers_to_add: add }),
        authorization_response: (response != envoy::AuthorizationResponse::default()).then_some(response),
    }
}

/// Names of headers, letter case aside: `*SUFFIX`, `PREFIX*` or whole.
fn headers(names: &[String]) -> Option<envoy::ListStringMatcher> {
    let pattern = |name: &String| {
        let mut pattern = envoy::StringMatcher { ignore_case: true, ..envoy::StringMatcher::default() };
        if let Some(suffix) = name.strip_prefix('*') {
            pattern.suffix = Some(suffix.to_owned());
        } else if let Some(prefix) = name.strip_suffix('*') {
            pattern.prefix = Some(prefix.to_owned());
        } else {
            pattern.exact = Some(name.clone());
        }
        pattern
    };
    (!names.is_empty()).then(|| envoy::ListStringMatcher { patterns: names.iter().map(pattern).collect() })
}

/// Only what the RBAC filter before marked for this provider.
fn marked(by: &str, of: &ExternalAuthorization) -> envoy::MetadataMatcher {
    let prefix = envoy::StringMatcher {
        prefix: Some(format!("{MARKED_PREFIX}-{}", of.provider)),
        ..envoy::StringMatcher::default()
    };
    envoy::MetadataMatcher {
        filter: by.to_owned(),
        path: vec![envoy::MetadataPathSegment { key: MARKED_RULE.to_owned() }],
        value: Some(envoy::ValueMatcher { string_match: Some(prefix), ..envoy::ValueMatcher::default() }),
        ..envoy::MetadataMatcher::default()
    }
}
