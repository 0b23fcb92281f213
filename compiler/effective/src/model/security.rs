//! Who may connect, which tokens are valid, and who may do what: the filters of Istio's security policies.
//!
//! Shapes follow Envoy's RBAC and JWT filters, which decide; each rule carries the node of its policy.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::{HeaderMatch, Origin, StringMatch};

/// Istio's identity of a workload: `spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
pub fn spiffe(trust_domain: &str, namespace: &str, service_account: &str) -> String {
    let account = if service_account.is_empty() { "default" } else { service_account };
    format!("spiffe://{trust_domain}/ns/{namespace}/sa/{account}")
}

/// What a proxy checks of the connections and requests that come to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Security {
    /// Which connections a sidecar takes; of gateways their servers decide.
    pub mtls: Mtls,
    /// In the order in which they see an HTTP request.
    pub http: Vec<SecurityFilter>,
    /// In the order in which they see a TCP connection.
    pub tcp: Vec<SecurityFilter>,
}

impl Security {
    /// Whether every connection and request passes.
    pub fn is_open(&self) -> bool {
        self.http.is_empty() && self.tcp.is_empty() && self.mtls == Mtls::default()
    }

    /// The tokens that are valid.
    pub fn jwt(&self) -> Option<&JwtAuthentication> {
        self.http.iter().find_map(|filter| match filter {
            SecurityFilter::Jwt(jwt) => Some(jwt.as_ref()),
            _ => None,
        })
    }
}

/// What a port takes, PeerAuthentication's modes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MtlsMode {
    /// Plaintext only.
    Disable,
    /// Both: Istio's default.
    #[default]
    Permissive,
    /// Mutual TLS only.
    Strict,
}

/// Which connections a workload takes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Mtls {
    /// At all ports but these.
    pub all: MtlsSetting,
    /// By the pod's port.
    pub ports: BTreeMap<u16, MtlsSetting>,
}

impl Mtls {
    /// What one port of the pod takes.
    pub fn of(&self, port: u16) -> &MtlsSetting {
        self.ports.get(&port).unwrap_or(&self.all)
    }
}

/// A mode with the policy that says so; none where it is Istio's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct MtlsSetting {
    /// The mode.
    pub mode: MtlsMode,
    /// The PeerAuthentication.
    pub origins: Vec<Origin>,
}

/// One filter.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityFilter {
    /// Verifies tokens.
    Jwt(Arc<JwtAuthentication>),
    /// Refuses, or marks.
    Rbac(Arc<Rbac>),
    /// Asks a provider about what the RBAC filter before it marked.
    External(Arc<ExternalAuthorization>),
}

/// Istio's RequestAuthentications of a workload, merged: a request without a token passes, one with a token passes
/// where that token is valid.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JwtAuthentication {
    /// By issuer, as Istio sorts them; Envoy calls them `origins-0`, `origins-1`…
    pub providers: Vec<JwtProvider>,
}

/// One issuer's tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JwtProvider {
    /// The token's `iss`; empty: any.
    pub issuer: String,
    /// One of them must be in the token's `aud`; none: any.
    pub audiences: Vec<String>,
    /// Headers with what stands before the token.
    pub from_headers: Vec<(String, String)>,
    /// Query parameters.
    pub from_params: Vec<String>,
    /// Cookies.
    pub from_cookies: Vec<String>,
    /// Whether the upstream sees the token.
    pub forward: bool,
    /// The header that gets the payload.
    pub payload_header: Option<String>,
    /// Headers and the claims that they get.
    pub claim_headers: Vec<(String, String)>,
    /// Claims that are lists in one text, sorted.
    pub space_delimited_claims: Vec<String>,
    /// A valid token makes the route be chosen again (gateways, which route by claims).
    pub clear_route_cache: bool,
    /// The keys.
    pub keys: JwtKeys,
    /// For fetching the keys.
    pub timeout: Option<Duration>,
    /// The rule of the RequestAuthentication.
    pub origins: Vec<Origin>,
}

/// Where keys come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JwtKeys {
    /// A JSON Web Key Set in the policy.
    Inline(String),
    /// Fetched by the control plane; no file has them.
    Remote(String),
    /// Found through the issuer's `/.well-known/openid-configuration`; no file has them.
    Discovered,
}

impl Default for JwtKeys {
    fn default() -> Self {
        Self::Inline(String::new())
    }
}

/// What a rule set does with what it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RbacAction {
    /// It passes, and nothing else does.
    Allow,
    /// It is refused.
    Deny,
    /// It is marked for the access log.
    Log,
}

/// Envoy's RBAC filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rbac {
    /// What holds.
    pub enforced: Option<RuleSet>,
    /// What only counts, or marks for a provider.
    pub shadow: Option<RuleSet>,
    /// The start of the names under which the shadow's result is kept.
    pub shadow_prefix: String,
}

/// Policies with one action.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleSet {
    /// The action.
    pub action: RbacAction,
    /// By Istio's name: `ns[NAMESPACE]-policy[NAME]-rule[INDEX]`.
    pub policies: BTreeMap<String, RbacPolicy>,
    /// The policies that make the set, also those that have no rule in it.
    pub origins: Vec<Origin>,
}

/// One rule: any of its permissions and any of its principals must hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RbacPolicy {
    /// What is asked.
    pub permissions: Vec<Permission>,
    /// Who asks.
    pub principals: Vec<Principal>,
    /// The rule of the AuthorizationPolicy.
    pub origins: Vec<Origin>,
}

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Cidr {
    /// As written, bits of hosts included.
    pub address: IpAddr,
    /// How many bits count.
    pub length: u8,
}

impl Cidr {
    /// Its first address.
    pub fn first(&self) -> Option<IpAddr> {
        let kept = |bits: u32, width: u32| if bits == 0 { 0 } else { u128::MAX << (width - bits.min(width)) };
        Some(match self.address {
            IpAddr::V4(address) => {
                IpAddr::from((u32::from(address) & kept(u32::from(self.length), 32) as u32).to_be_bytes())
            }
            IpAddr::V6(address) => {
                IpAddr::from((u128::from(address) & kept(u32::from(self.length), 128)).to_be_bytes())
            }
        })
    }

    /// The address behind its last one; none where there is none.
    pub fn after(&self) -> Option<IpAddr> {
        match self.first()? {
            IpAddr::V4(first) => {
                let size = 1_u64 << (32 - u32::from(self.length.min(32)));
                let after = u32::try_from(u64::from(u32::from(first)) + size).ok()?;
                Some(IpAddr::from(after.to_be_bytes()))
            }
            IpAddr::V6(first) => {
                let size = 1_u128.checked_shl(128 - u32::from(self.length.min(128)))?;
                Some(IpAddr::from(u128::from(first).checked_add(size)?.to_be_bytes()))
            }
        }
    }

    /// Whether it has this address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
            IpAddr::V6(v6) => (u128::from(v6), 128),
        };
        let ((own, width), (other, other_width)) = (bits(self.address), bits(address));
        width == other_width
            && (self.length == 0 || (own ^ other) >> (128 - u32::from(self.length.min(128))) == 0)
    }
}

/// A condition on what an earlier filter left (dynamic metadata): tokens' claims stand under `payload` of
/// `envoy.filters.http.jwt_authn`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct MetadataMatch {
    /// The filter.
    pub filter: String,
    /// Keys, outermost first.
    pub path: Vec<String>,
    /// What must hold of the value.
    pub value: ValueMatch,
    /// The opposite is wanted; what is not there does not match.
    pub invert: bool,
}

/// A condition on a JSON value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueMatch {
    /// It is a text that matches.
    Text(StringMatch),
    /// It is a list with an item that matches.
    ListWith(Box<ValueMatch>),
    /// One of these.
    AnyOf(Vec<ValueMatch>),
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Anything.
    Any,
    /// All of them.
    All(Vec<Permission>),
    /// One of them.
    AnyOf(Vec<Permission>),
    /// The opposite.
    Not(Box<Permission>),
    /// The pod's own address.
    DestinationIp(Cidr),
    /// The pod's port.
    DestinationPort(u16),
    /// The name in TLS's `ClientHello`; empty in plaintext.
    ServerName(StringMatch),
    /// A header or pseudo-header.
    Header(HeaderMatch),
    /// The path without query and fragment.
    Path(StringMatch),
    /// The path by Envoy's template, with `*` and `**`.
    PathTemplate(String),
    /// What an earlier filter left.
    Metadata(MetadataMatch),
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// Anyone.
    Any,
    /// All of them.
    All(Vec<Principal>),
    /// One of them.
    AnyOf(Vec<Principal>),
    /// The opposite.
    Not(Box<Principal>),
    /// The SPIFFE identity in the peer's certificate; nothing in plaintext has one.
    Peer(StringMatch),
    /// The address of the connection.
    DirectIp(Cidr),
    /// The client's address, from `x-forwarded-for` where that is trusted.
    RemoteIp(Cidr),
    /// A header.
    Header(HeaderMatch),
    /// What an earlier filter left: claims of the token.
    Metadata(MetadataMatch),
}

/// Envoy's `ext_authz` filter: a request that a CUSTOM policy marked is shown to a provider.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExternalAuthorization {
    /// MeshConfig's name for it.
    pub provider: String,
    /// How it is asked.
    pub service: ExternalService,
    /// The cluster that it is asked through.
    pub cluster: String,
    /// Its host, for the authority.
    pub host: String,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Requests pass while it cannot be asked.
    pub fail_open: bool,
    /// The status while it cannot be asked; 403 when absent.
    pub status_on_error: Option<u16>,
    /// How much of the body it sees.
    pub body: Option<ExternalBody>,
    /// MeshConfig's entry.
    pub origins: Vec<Origin>,
}

/// How a provider is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalService {
    /// Envoy's `Authorization` service.
    Grpc,
    /// A request with the same path.
    Http(Box<ExternalHttp>),
}

/// How a provider is asked over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExternalHttp {
    /// Before the request's path.
    pub path_prefix: String,
    /// Headers of the request that it sees, as `*SUFFIX`, `PREFIX*` or whole names.
    pub request_headers: Vec<String>,
    /// Headers that are added to what it sees.
    pub additional_headers: BTreeMap<String, String>,
    /// Headers of its answer that the upstream sees.
    pub to_upstream: Vec<String>,
    /// Headers of its answer that the client sees when it refuses.
    pub to_client_on_deny: Vec<String>,
    /// Headers of its answer that the client sees when it allows.
    pub to_client_on_allow: Vec<String>,
}

/// How much of a body a provider sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ExternalBody {
    /// At most so much.
    pub max_bytes: u32,
    /// More is cut off, not refused.
    pub allow_partial: bool,
    /// As bytes, not as text.
    pub as_bytes: bool,
}

#[cfg(test)]
mod tests {
    use super::Cidr;

    #[test]
    fn blocks_have_their_addresses() {
        let has = |block: &str, length: u8, address: &str| {
            let parse = |text: &str| text.parse().expect("an address");
            Cidr { address: parse(block), length }.contains(parse(address))
        };
        assert!(has("10.1.2.3", 16, "10.1.9.9") && !has("10.1.2.3", 16, "10.2.0.0"));
        assert!(has("0.0.0.0", 0, "1.2.3.4") && !has("0.0.0.0", 0, "::1"));
        assert!(has("fd00::", 8, "fdff::1") && !has("fd00::", 8, "fe80::1"));
        assert!(has("127.0.0.1", 32, "127.0.0.1") && !has("127.0.0.1", 32, "127.0.0.2"));
    }
}
