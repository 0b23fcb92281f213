//! `security.istio.io` AuthorizationPolicy: who may do what.

use std::net::IpAddr;

use meshc_syntax::de::Spanned;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::common::{PolicyTargetReference, WorkloadSelector};

/// Rules by which a workload lets requests through, refuses them, or asks elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend(
    "x-meshc-one-of" = [["provider"]],
    "x-kubernetes-validations" = [{
        "rule": "(has(self.selector) ? 1 : 0) + (has(self.targetRef) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1",
        "message": "only one of targetRefs or selector can be set",
    }],
))]
pub struct AuthorizationPolicy {
    /// The pods.
    pub selector: Option<Spanned<WorkloadSelector>>,
    /// Deprecated form of `targetRefs`.
    pub target_ref: Option<Spanned<PolicyTargetReference>>,
    /// Gateways (and what ambient mode attaches to) in place of a selector.
    #[schemars(length(max = 16))]
    pub target_refs: Vec<Spanned<PolicyTargetReference>>,
    /// Any of them matches; none: the policy never does.
    #[schemars(length(max = 512))]
    pub rules: Vec<Spanned<AuthorizationRule>>,
    /// `ALLOW` when absent.
    pub action: Option<Spanned<AuthorizationAction>>,
    /// Whom a CUSTOM policy asks.
    pub provider: Option<Spanned<AuthorizationProvider>>,
}

/// What happens to a request that matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationAction {
    /// It passes; where there is such a policy, any other request does not.
    #[default]
    Allow,
    /// It is refused.
    Deny,
    /// It is marked for an audit log.
    Audit,
    /// An extension decides.
    Custom,
}

/// Istio's `AuthorizationPolicy.ExtensionProvider`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationProvider {
    /// One of MeshConfig's `extensionProviders`.
    pub name: Option<Spanned<String>>,
}

/// Istio's `Rule`: all three must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationRule {
    /// Any of them.
    #[schemars(length(max = 512))]
    pub from: Vec<Spanned<RuleFrom>>,
    /// Any of them.
    pub to: Vec<Spanned<RuleTo>>,
    /// All of them.
    pub when: Vec<Spanned<Condition>>,
}

/// Istio's `Rule.From`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleFrom {
    /// Who asks.
    pub source: Option<Spanned<Source>>,
}

/// Istio's `Rule.To`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleTo {
    /// What is asked.
    pub operation: Option<Spanned<Operation>>,
}

/// Istio's `Source`: each field that is written must hold; of its values any. A value is exact, `PREFIX*`, `*SUFFIX`
/// or `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && \
             !has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true",
    "message": "Cannot set serviceAccounts with namespaces or principals",
}]))]
pub struct Source {
    /// `TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT` of the peer's certificate.
    pub principals: Vec<Spanned<String>>,
    /// None of these.
    pub not_principals: Vec<Spanned<String>>,
    /// `ISSUER/SUBJECT` of a valid token.
    pub request_principals: Vec<Spanned<String>>,
    /// None of these.
    pub not_request_principals: Vec<Spanned<String>>,
    /// The namespace in the peer's certificate.
    pub namespaces: Vec<Spanned<String>>,
    /// None of these.
    pub not_namespaces: Vec<Spanned<String>>,
    /// `ACCOUNT` in the policy's namespace, or `NAMESPACE/ACCOUNT`.
    #[schemars(length(max = 16), transform = meshc_schema::items(json!({"maxLength": 320})))]
    pub service_accounts: Vec<Spanned<String>>,
    /// None of these.
    #[schemars(length(max = 16), transform = meshc_schema::items(json!({"maxLength": 320})))]
    pub not_service_accounts: Vec<Spanned<String>>,
    /// The trust domain in the peer's certificate.
    pub trust_domains: Vec<Spanned<String>>,
    /// None of these.
    pub not_trust_domains: Vec<Spanned<String>>,
    /// The address of the connection.
    pub ip_blocks: Vec<Spanned<String>>,
    /// None of these.
    pub not_ip_blocks: Vec<Spanned<String>>,
    /// The client's address, from `x-forwarded-for` where trusted.
    pub remote_ip_blocks: Vec<Spanned<String>>,
    /// None of these.
    pub not_remote_ip_blocks: Vec<Spanned<String>>,
}

/// Istio's `Operation`: each field that is written must hold; of its values any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation {
    /// The authority, letter case aside. HTTP only.
    pub hosts: Vec<Spanned<String>>,
    /// None of these.
    pub not_hosts: Vec<Spanned<String>>,
    /// The port of the pod.
    pub ports: Vec<Spanned<String>>,
    /// None of these.
    pub not_ports: Vec<Spanned<String>>,
    /// The method; for gRPC `POST`. HTTP only.
    pub methods: Vec<Spanned<String>>,
    /// None of these.
    pub not_methods: Vec<Spanned<String>>,
    /// The path without the query; `{*}` and `{**}` are templates. HTTP only.
    pub paths: Vec<Spanned<String>>,
    /// None of these.
    pub not_paths: Vec<Spanned<String>>,
}

/// Istio's `Condition`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// An attribute, such as `request.headers[x-user]`.
    #[schemars(required)]
    pub key: Option<Spanned<String>>,
    /// Any of them.
    pub values: Vec<Spanned<String>>,
    /// None of them.
    pub not_values: Vec<Spanned<String>>,
}

impl Source {
    /// All fields with their names.
    pub fn fields(&self) -> [(&'static str, &Vec<Spanned<String>>); 14] {
        [
            ("principals", &self.principals),
            ("notPrincipals", &self.not_principals),
            ("requestPrincipals", &self.request_principals),
            ("notRequestPrincipals", &self.not_request_principals),
            ("namespaces", &self.namespaces),
            ("notNamespaces", &self.not_namespaces),
            ("serviceAccounts", &self.service_accounts),
            ("notServiceAccounts", &self.not_service_accounts),
            ("trustDomains", &self.trust_domains),
            ("notTrustDomains", &self.not_trust_domains),
            ("ipBlocks", &self.ip_blocks),
            ("notIpBlocks", &self.not_ip_blocks),
            ("remoteIpBlocks", &self.remote_ip_blocks),
            ("notRemoteIpBlocks", &self.not_remote_ip_blocks),
        ]
    }
}

impl Operation {
    /// All fields with their names.
    pub fn fields(&self) -> [(&'static str, &Vec<Spanned<String>>); 8] {
        [
            ("hosts", &self.hosts),
            ("notHosts", &self.not_hosts),
            ("ports", &self.ports),
            ("notPorts", &self.not_ports),
            ("methods", &self.methods),
            ("notMethods", &self.not_methods),
            ("paths", &self.paths),
            ("notPaths", &self.not_paths),
        ]
    }
}

/// An IP address or a CIDR range, with the length of its prefix, as Go's `netip` reads them; nothing if it is neither.
pub fn ip_block(text: &str) -> Option<(IpAddr, u8)> {
    let bits = |address: IpAddr| if address.is_ipv4() { 32 } else { 128 };
    let Some((address, length)) = text.split_once('/') else {
        // An address may have a zone, which no policy can match.
        let (address, zone) = text.split_once('%').unwrap_or((text, "-"));
        let address = address.parse::<IpAddr>().ok().filter(|a| a.is_ipv6() || !text.contains('%'))?;
        return (!zone.is_empty()).then(|| (address, bits(address)));
    };
    let address = address.parse::<IpAddr>().ok()?;
    let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    let plain = length == "0" || !length.starts_with('0');
    let length = length.parse::<u8>().ok().filter(|length| digits && plain && *length <= bits(address))?;
    Some((address, length))
}
