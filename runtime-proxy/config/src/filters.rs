//! HTTP filters and what routes say about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;
use meshc_envoy as envoy;
use meshc_envoy::TypedConfig;

use crate::error::{At, ConfigError};
use crate::fault::Fault;
use crate::matcher::{Part, StringMatcher};

/// One HTTP filter; a chain holds each kind once at most, the router last.
#[derive(Debug, Clone)]
pub enum HttpFilter {
    /// Injects faults; what happens stands in the route's [`RouteFilters`].
    Fault,
    /// Answers CORS; the policies stand in the route's [`RouteFilters`].
    Cors,
    /// Routes.
    Router {
        /// No `x-envoy-*` headers of its own.
        suppress_envoy_headers: bool,
    },
}

/// The filters of a chain, with the names under which routes configure them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters {
    pub(crate) chain: Vec<HttpFilter>,
    fault: Option<(Box<str>, Option<Arc<Fault>>, bool)>,
    cors: Option<(Box<str>, bool)>,
}

/// What a route says about the filters before the router.
#[derive(Debug, Clone, Default)]
pub struct RouteFilters {
    /// The fault.
    pub fault: Option<Arc<Fault>>,
    /// CORS policies, the most specific first.
    pub cors: Vec<Arc<CorsPolicy>>,
}

/// A CORS policy; what a more specific one leaves open, the next one says.
#[derive(Debug, Clone)]
pub struct CorsPolicy {
    /// Origins that are allowed.
    pub allow_origins: Vec<StringMatcher>,
    /// `access-control-allow-methods`.
    pub allow_methods: Option<HeaderValue>,
    /// `access-control-allow-headers`.
    pub allow_headers: Option<HeaderValue>,
    /// `access-control-expose-headers`.
    pub expose_headers: Option<HeaderValue>,
    /// `access-control-max-age`.
    pub max_age: Option<HeaderValue>,
    /// `access-control-allow-credentials`.
    pub allow_credentials: Option<bool>,
    /// `access-control-allow-private-network`.
    pub allow_private_network: Option<bool>,
    /// Whether preflights that no origin matches go to the upstream.
    pub forward_not_matching_preflights: Option<bool>,
    /// For which part of the requests.
    pub enabled: Part,
}

type PerFilter = BTreeMap<String, TypedConfig>;

impl Filters {
    pub(crate) fn new(filters: &[envoy::HttpFilter], at: &At<'_>) -> Result<Self, ConfigError> {
        let mut built = Self::default();
        for (index, filter) in filters.iter().enumerate() {
            let field = at.index("http_filters", index);
            let envoy::HttpFilter { name, typed_config, config_discovery, is_optional: _, disabled } = filter;
            field.refuse("config_discovery", config_discovery)?;
            let config = field.field("typed_config");
            if matches!(built.chain.last(), Some(HttpFilter::Router { .. })) {
                return Err(field.error("stands behind the router, which must be the last filter"));
            }
            let twice =
                || field.error("a filter of this kind stands before; mesh-proxy implements one of each");
            match typed_config {
                Some(TypedConfig::HttpFault(fault)) => {
                    if built.fault.is_some() {
                        return Err(twice());
                    }
                    let fault = Fault::new(fault, &config)?;
                    let default = (fault.delay.is_some() || fault.abort.is_some()).then(|| Arc::new(fault));
                    built.fault = Some((name.as_str().into(), default, *disabled));
                    built.chain.push(HttpFilter::Fault);
                }
                Some(TypedConfig::Cors(_)) => {
                    if built.cors.is_some() {
                        return Err(twice());
                    }
                    built.cors = Some((name.as_str().into(), *disabled));
                    built.chain.push(HttpFilter::Cors);
                }
                Some(TypedConfig::Router(router)) => {
                    if *disabled {
                        return Err(field.field("disabled").error("the router cannot be disabled"));
                    }
                    built.chain.push(router_filter(router, &config)?);
                }
                Some(other) => {
                    return Err(
                        config.error(format!("{} is not implemented by mesh-proxy", other.type_url()))
                    );
                }
                None => return Err(config.error("must be set")),
            }
        }
        if matches!(built.chain.last(), Some(HttpFilter::Router { .. })) {
            Ok(built)
        } else {
            Err(at.field("http_filters").error("the last filter must be the router"))
        }
    }

    /// What levels of configuration, the most specific first, say about the filters.
    pub(crate) fn resolve(&self, levels: &[(&PerFilter, &At<'_>)]) -> Result<RouteFilters, ConfigError> {
        let mut resolved = RouteFilters::default();
        let (mut fault_said, mut cors_said) = (None, None);
        for (level, at) in levels {
            for (name, config) in *level {
                let key = at.key("typed_per_filter_config", name);
                let (config, disabled, key) = unwrap(config, &key)?;
                match config {
                    Some(TypedConfig::HttpFault(fault)) => {
                        let fault = Arc::new(Fault::new(fault, &key)?);
                        if self.fault.as_ref().is_some_and(|(own, ..)| **own == **name)
                            && resolved.fault.is_none()
                        {
                            resolved.fault = Some(fault);
                        }
                    }
                    Some(TypedConfig::CorsPolicy(policy)) => {
                        let policy = Arc::new(CorsPolicy::new(policy, &key)?);
                        if self.cors.as_ref().is_some_and(|(own, _)| **own == **name) {
                            resolved.cors.push(policy);
                        }
                    }
                    Some(other) => {
                        return Err(
                            key.error(format!("{} is not implemented by mesh-proxy", other.type_url()))
                        );
                    }
                    None => {}
                }
                if self.fault.as_ref().is_some_and(|(own, ..)| **own == **name) {
                    fault_said.get_or_insert(disabled);
                }
                if self.cors.as_ref().is_some_and(|(own, _)| **own == **name) {
                    cors_said.get_or_insert(disabled);
                }
            }
        }
        if let Some((_, default, disabled)) = &self.fault {
            if fault_said.unwrap_or(*disabled) {
                resolved.fault = None;
            } else if resolved.fault.is_none() {
                resolved.fault.clone_from(default);
            }
        }
        if let Some((_, disabled)) = &self.cors
            && cors_said.unwrap_or(*disabled)
        {
            resolved.cors.clear();
        }
        Ok(resolved)
    }
}

/// The configuration inside a `FilterConfig`, and whether it turns the filter off.
fn unwrap<'a, 'b>(
    config: &'a TypedConfig,
    at: &'b At<'b>,
) -> Result<(Option<&'a TypedConfig>, bool, At<'b>), ConfigError> {
    match config {
        TypedConfig::FilterConfig(wrapper) => {
            if matches!(wrapper.config, Some(TypedConfig::FilterConfig(_))) {
                return Err(at.error("a FilterConfig cannot hold another"));
            }
            Ok((wrapper.config.as_ref(), wrapper.disabled, at.field("config")))
        }
        other => Ok((Some(other), false, *at)),
    }
}

fn router_filter(router: &envoy::Router, at: &At<'_>) -> Result<HttpFilter, ConfigError> {
    let envoy::Router {
        dynamic_stats: _,
        start_child_span,
        upstream_log,
        suppress_envoy_headers,
        strict_check_headers,
        respect_expected_rq_timeout,
    } = router;
    at.refuse("start_child_span", start_child_span)?;
    at.refuse("upstream_log", upstream_log)?;
    at.refuse("strict_check_headers", strict_check_headers)?;
    at.refuse("respect_expected_rq_timeout", respect_expected_rq_timeout)?;
    Ok(HttpFilter::Router { suppress_envoy_headers: *suppress_envoy_headers })
}

impl CorsPolicy {
    pub(crate) fn new(policy: &envoy::CorsPolicy, at: &At<'_>) -> Result<Self, ConfigError> {
        let envoy::CorsPolicy {
            allow_origin_string_match,
            allow_methods,
            allow_headers,
            expose_headers,
            max_age,
            allow_credentials,
            filter_enabled,
            shadow_enabled,
            allow_private_network_access,
            forward_not_matching_preflights,
        } = policy;
        at.refuse("shadow_enabled", shadow_enabled)?;
        let header = |text: &str, name: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            HeaderValue::from_str(text)
                .map(Some)
                .map_err(|_| at.field(name).error("holds a character that no header may hold"))
        };
        Ok(Self {
            allow_origins: allow_origin_string_match
                .iter()
                .enumerate()
                .map(|(index, matcher)| {
                    StringMatcher::new(matcher, &at.index("allow_origin_string_match", index))
                })
                .collect::<Result<_, _>>()?,
            allow_methods: header(allow_methods, "allow_methods")?,
            allow_headers: header(allow_headers, "allow_headers")?,
            expose_headers: header(expose_headers, "expose_headers")?,
            max_age: header(max_age, "max_age")?,
            allow_credentials: *allow_credentials,
            allow_private_network: *allow_private_network_access,
            forward_not_matching_preflights: *forward_not_matching_preflights,
            enabled: filter_enabled
                .as_ref()
                .map_or(Ok(Part::ALL), |part| Part::runtime(part, &at.field("filter_enabled")))?,
        })
    }
}
