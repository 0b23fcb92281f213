//! Route tables: from a request to a route.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use meshc_envoy as envoy;
use meshc_envoy::{TlsRequirementType, TypedConfig};

use crate::domains::Domains;
use crate::error::{At, ConfigError};
use crate::filters::{Filters, RouteFilters};
use crate::header_ops::HeaderOperations;
use crate::request::RequestView;
use crate::retry::RetryPolicy;
use crate::route::{Route, matched_path};

/// Routes of one table at most.
const MAX_ROUTES: usize = 1_000_000;

/// A route table.
#[derive(Debug, Clone)]
pub struct RouteTable {
    /// Its name.
    pub name: Box<str>,
    domains: Domains,
    hosts: Vec<VirtualHost>,
    ignore_port: bool,
    ignore_parameters: bool,
    /// Headers that requests from outside must not bring.
    pub internal_only_headers: Vec<http::HeaderName>,
    /// Operations on requests.
    pub request_headers: HeaderOperations,
    /// Operations on responses.
    pub response_headers: HeaderOperations,
    /// The operations of the route come last, so that they win.
    pub most_specific_wins: bool,
}

/// A virtual host.
#[derive(Debug, Clone)]
pub struct VirtualHost {
    /// Its name.
    pub name: Box<str>,
    routes: Vec<Route>,
    /// Whether plain HTTP is sent to HTTPS.
    pub require_tls: TlsRequirementType,
    /// Adds `x-envoy-attempt-count` to requests.
    pub count_attempts: bool,
    /// Adds `x-envoy-attempt-count` to responses.
    pub count_attempts_in_response: bool,
    /// Operations on requests.
    pub request_headers: HeaderOperations,
    /// Operations on responses.
    pub response_headers: HeaderOperations,
}

/// Where a request leads.
#[derive(Debug, Clone, Copy)]
pub enum Matched<'a> {
    /// To a route; `covered` is how much of the path its match covers.
    Route {
        /// The virtual host.
        host: &'a VirtualHost,
        /// The route.
        route: &'a Route,
        /// Bytes of the path that the match covers.
        covered: usize,
    },
    /// To HTTPS, which the virtual host requires.
    Https {
        /// The virtual host.
        host: &'a VirtualHost,
    },
}

impl RouteTable {
    /// The route of a request. `random` decides about matches that are for a part of the requests only;
    /// `forwarded_proto` is the scheme that the first proxy saw; `internal` whether the request comes from inside.
    pub fn find(
        &self,
        request: &RequestView<'_>,
        random: u64,
        forwarded_proto: &str,
        internal: bool,
    ) -> Option<Matched<'_>> {
        let host = &self.hosts[self.domains.find(request.authority, self.ignore_port)?];
        let plain = forwarded_proto != "https";
        match host.require_tls {
            TlsRequirementType::All if plain => return Some(Matched::Https { host }),
            TlsRequirementType::ExternalOnly if plain && !internal => return Some(Matched::Https { host }),
            _ => {}
        }
        let only = matched_path(request.path, self.ignore_parameters);
        host.routes.iter().find_map(|route| {
            route.matches(request, only, random).map(|covered| Matched::Route { host, route, covered })
        })
    }

    pub(crate) fn new(
        table: &envoy::RouteConfiguration,
        clusters: &HashMap<&str, usize>,
        filters: &Filters,
        validate_by_default: bool,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let envoy::RouteConfiguration {
            name,
            virtual_hosts,
            internal_only_headers,
            response_headers_to_add,
            response_headers_to_remove,
            request_headers_to_add,
            request_headers_to_remove,
            most_specific_header_mutations_wins,
            validate_clusters,
            max_direct_response_body_size_bytes,
            ignore_port_in_host_matching,
            ignore_path_parameters_in_path_matching,
            typed_per_filter_config,
        } = table;
        let context = Context {
            clusters,
            validate: validate_clusters.unwrap_or(validate_by_default),
            filters,
            levels: &[(typed_per_filter_config, at)],
            max_direct_response: max_direct_response_body_size_bytes.map_or(4_096, |bytes| bytes as usize),
        };
        let routes: usize = virtual_hosts.iter().map(|host| host.routes.len()).sum();
        if routes > MAX_ROUTES {
            return Err(at
                .field("virtual_hosts")
                .error(format!("{routes} routes; at most {MAX_ROUTES} are implemented")));
        }
        let mut domains = Domains::default();
        let mut hosts = Vec::with_capacity(virtual_hosts.len());
        for (index, host) in virtual_hosts.iter().enumerate() {
            let field = at.index("virtual_hosts", index);
            for (number, domain) in host.domains.iter().enumerate() {
                domains.insert(domain, index, &field.index("domains", number))?;
            }
            hosts.push(VirtualHost::new(host, &context, &field)?);
        }
        let mut internal_only = Vec::with_capacity(internal_only_headers.len());
        for (index, name) in internal_only_headers.iter().enumerate() {
            let field = at.index("internal_only_headers", index);
            internal_only.push(
                http::HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| field.error(format!("{name:?} is not the name of a header")))?,
            );
        }
        Ok(Self {
            name: name.as_str().into(),
            domains,
            hosts,
            ignore_port: *ignore_port_in_host_matching,
            ignore_parameters: *ignore_path_parameters_in_path_matching,
            internal_only_headers: internal_only,
            request_headers: HeaderOperations::new(
                "request",
                request_headers_to_add,
                request_headers_to_remove,
                at,
            )?,
            response_headers: HeaderOperations::new(
                "response",
                response_headers_to_add,
                response_headers_to_remove,
                at,
            )?,
            most_specific_wins: *most_specific_header_mutations_wins,
        })
    }
}

impl VirtualHost {
    fn new(host: &envoy::VirtualHost, context: &Context<'_>, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::VirtualHost {
            name,
            domains,
            routes,
            require_tls,
            request_headers_to_add,
            request_headers_to_remove,
            response_headers_to_add,
            response_headers_to_remove,
            typed_per_filter_config,
            include_request_attempt_count,
            include_attempt_count_in_response,
            retry_policy,
        } = host;
        if name.is_empty() {
            return Err(at.field("name").error("must not be empty"));
        }
        if domains.is_empty() {
            return Err(at.field("domains").error("must not be empty"));
        }
        let retry = retry_policy
            .as_ref()
            .map(|policy| RetryPolicy::new(policy, &at.field("retry_policy")).map(Arc::new))
            .transpose()?;
        let context = Context { levels: &context.below(typed_per_filter_config, at), ..*context };
        Ok(Self {
            name: name.as_str().into(),
            routes: routes
                .iter()
                .enumerate()
                .map(|(index, route)| Route::new(route, &context, &at.index("routes", index), retry.as_ref()))
                .collect::<Result<_, _>>()?,
            require_tls: *require_tls,
            count_attempts: *include_request_attempt_count,
            count_attempts_in_response: *include_attempt_count_in_response,
            request_headers: HeaderOperations::new(
                "request",
                request_headers_to_add,
                request_headers_to_remove,
                at,
            )?,
            response_headers: HeaderOperations::new(
                "response",
                response_headers_to_add,
                response_headers_to_remove,
                at,
            )?,
        })
    }
}

/// A level of configuration per filter, and where it stands.
pub(crate) type Level<'a> = (&'a BTreeMap<String, TypedConfig>, &'a At<'a>);

/// What routes are compiled with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) clusters: &'a HashMap<&'a str, usize>,
    /// Whether a cluster that does not exist is refused.
    pub(crate) validate: bool,
    pub(crate) filters: &'a Filters,
    /// What the route, its virtual host and its table say about filters, the most specific first.
    pub(crate) levels: &'a [Level<'a>],
    /// Bytes of a direct response.
    pub(crate) max_direct_response: usize,
}

impl<'a> Context<'a> {
    /// The levels below these.
    pub(crate) fn below<'b>(
        &'b self,
        level: &'b BTreeMap<String, TypedConfig>,
        at: &'b At<'b>,
    ) -> Vec<Level<'b>>
    where
        'a: 'b,
    {
        let mut levels: Vec<Level<'b>> = vec![(level, at)];
        levels.extend(self.levels.iter().map(|(level, at)| (*level, *at)));
        levels
    }

    /// What these levels say about the filters.
    pub(crate) fn filters(&self) -> Result<RouteFilters, ConfigError> {
        self.filters.resolve(self.levels)
    }

    /// What a still more specific level says about the filters.
    pub(crate) fn filters_with(
        &self,
        level: &BTreeMap<String, TypedConfig>,
        at: &At<'_>,
    ) -> Result<RouteFilters, ConfigError> {
        self.filters.resolve(&self.below(level, at))
    }

    /// The index of a cluster; refused where it is unknown and the table is to be validated.
    pub(crate) fn cluster(&self, name: &str, at: &At<'_>) -> Result<Option<usize>, ConfigError> {
        let found = self.clusters.get(name).copied();
        if found.is_none() && self.validate {
            return Err(at.error(format!("the cluster {name:?} does not exist")));
        }
        Ok(found)
    }
}
