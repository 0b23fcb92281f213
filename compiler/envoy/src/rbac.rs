//! The filters that enforce rules about who may do what, on HTTP and on TCP.

use std::collections::BTreeMap;

use crate::listener::CidrRange;
use crate::matcher::{HeaderMatcher, MetadataMatcher, StringMatcher};
use crate::message::{message, proto_enum};
use crate::typed::TypedExtensionConfig;

proto_enum! {
    /// What happens to what matches.
    pub enum RbacAction {
        /// It passes, nothing else does.
        #[default]
        Allow = 0 "ALLOW",
        /// It does not pass.
        Deny = 1 "DENY",
        /// It is marked for the access log.
        Log = 2 "LOG",
    }
}

message! {
    /// `envoy.extensions.filters.http.rbac.v3.RBAC`.
    pub struct HttpRbac {
        /// What holds.
        pub rules: Option<Rbac>,
        /// What only counts.
        pub shadow_rules: Option<Rbac>,
        /// The start of the shadow's names in statistics and metadata.
        pub shadow_rules_stat_prefix: String,
    }

    /// `envoy.extensions.filters.network.rbac.v3.RBAC`.
    pub struct NetworkRbac {
        /// What holds.
        pub rules: Option<Rbac>,
        /// What only counts.
        pub shadow_rules: Option<Rbac>,
        /// The name in statistics.
        pub stat_prefix: String,
        /// The start of the shadow's names in statistics and metadata.
        pub shadow_rules_stat_prefix: String,
    }

    /// `envoy.config.rbac.v3.RBAC`.
    pub struct Rbac {
        /// What happens to what matches.
        pub action: RbacAction,
        /// By name.
        pub policies: BTreeMap<String, RbacPolicy>,
    }

    /// Any of its permissions and any of its principals.
    pub struct RbacPolicy {
        /// What is asked.
        pub permissions: Vec<Permission>,
        /// Who asks.
        pub principals: Vec<Principal>,
    }

    /// What is asked: one of the kinds.
    pub struct Permission {
        /// All of them.
        pub and_rules: Option<PermissionSet>,
        /// One of them.
        pub or_rules: Option<PermissionSet>,
        /// Anything.
        pub any: bool,
        /// A header.
        pub header: Option<HeaderMatcher>,
        /// The path.
        pub url_path: Option<PathMatcher>,
        /// The address.
        pub destination_ip: Option<CidrRange>,
        /// The port.
        pub destination_port: Option<u32>,
        /// What an earlier filter left.
        pub metadata: Option<MetadataMatcher>,
        /// The opposite.
        pub not_rule: Option<Box<Permission>>,
        /// The name in TLS's `ClientHello`.
        pub requested_server_name: Option<StringMatcher>,
        /// The path by a template.
        pub uri_template: Option<TypedExtensionConfig>,
    }

    /// Several.
    pub struct PermissionSet {
        /// The permissions.
        pub rules: Vec<Permission>,
    }

    /// Who asks: one of the kinds.
    pub struct Principal {
        /// All of them.
        pub and_ids: Option<PrincipalSet>,
        /// One of them.
        pub or_ids: Option<PrincipalSet>,
        /// Anyone.
        pub any: bool,
        /// The certificate.
        pub authenticated: Option<Authenticated>,
        /// The address of the connection.
        pub direct_remote_ip: Option<CidrRange>,
        /// The client's address.
        pub remote_ip: Option<CidrRange>,
        /// A header.
        pub header: Option<HeaderMatcher>,
        /// What an earlier filter left.
        pub metadata: Option<MetadataMatcher>,
        /// The opposite.
        pub not_id: Option<Box<Principal>>,
    }

    /// Several.
    pub struct PrincipalSet {
        /// The principals.
        pub ids: Vec<Principal>,
    }

    /// The peer's certificate.
    pub struct Authenticated {
        /// One of its names.
        pub principal_name: Option<StringMatcher>,
    }

    /// `envoy.type.matcher.v3.PathMatcher`.
    pub struct PathMatcher {
        /// The path without query and fragment.
        pub path: Option<StringMatcher>,
    }

    /// `envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig`.
    pub struct UriTemplateMatchConfig {
        /// With `*` for a segment and `**` for the rest.
        pub path_template: String,
    }
}
