//! What a route does: forward, redirect or answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use meshc_envoy as envoy;
use meshc_re2::{Regex, Substitution};

use crate::error::{At, ConfigError};
use crate::filters::RouteFilters;
use crate::header_ops::HeaderOperations;
use crate::matcher::Part;
use crate::re2;
use crate::redirect::Redirect;
use crate::request::without_query;
use crate::retry::RetryPolicy;
use crate::route_table::Context;
use crate::timeouts::Timeouts;

/// What a route does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Goes to a cluster.
    Forward(Box<Forward>),
    /// Sends the client elsewhere.
    Redirect(Box<Redirect>),
    /// Answers.
    Direct(DirectResponse),
}

/// An answer without an upstream.
#[derive(Debug, Clone)]
pub struct DirectResponse {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// Goes to a cluster.
#[derive(Debug, Clone)]
pub struct Forward {
    /// The clusters, one of which is chosen by weight.
    pub destinations: Vec<Destination>,
    total_weight: u64,
    /// The answer where the cluster does not exist.
    pub not_found_status: u16,
    /// Replaces the host.
    pub host_rewrite: Option<HeaderValue>,
    /// Replaces the path or a part of it.
    pub rewrite: Rewrite,
    /// Adds the old host to `x-forwarded-host`.
    pub append_forwarded_host: bool,
    /// How long the answer may take.
    pub timeouts: Timeouts,
    /// How long the stream may be silent, where the route says so.
    pub idle_timeout: Option<Duration>,
    /// Retries.
    pub retry: Option<Arc<RetryPolicy>>,
    /// Copies.
    pub mirrors: Vec<Mirror>,
    /// Upgrades that the route turns on or off.
    pub upgrades: Vec<(Box<str>, bool)>,
}

/// One of the clusters of a route.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The cluster's name.
    pub cluster_name: Arc<str>,
    /// Its index in the snapshot, where it exists.
    pub cluster: Option<usize>,
    weight: u64,
    /// Replaces the host for this cluster.
    pub host_rewrite: Option<HeaderValue>,
    /// Operations on the request before the route's.
    pub request_headers: HeaderOperations,
    /// Operations on the response before the route's.
    pub response_headers: HeaderOperations,
    /// What this cluster says about the filters, where it says something.
    pub filters: Option<RouteFilters>,
}

/// A copy of requests.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// The cluster's index in the snapshot, where it exists.
    pub cluster: Option<usize>,
    /// For which part of the requests.
    pub part: Part,
    /// Whether `-shadow` is appended to the host.
    pub append_shadow: bool,
}

/// A change of paths.
#[derive(Debug, Clone)]
pub enum Rewrite {
    /// None.
    None,
    /// Replaces what the route's match covers.
    Prefix(Box<str>),
    /// Replaces every match of an expression in the path without its query.
    Regex(Box<RegexRewrite>),
}

/// An expression and what replaces it.
#[derive(Debug, Clone)]
pub struct RegexRewrite {
    regex: Regex,
    substitution: Substitution,
}

impl Rewrite {
    pub(crate) fn new(
        prefix: &str,
        regex: Option<&envoy::RegexMatchAndSubstitute>,
        at: &At<'_>,
    ) -> Result<Self, ConfigError> {
        let Some(rewrite) = regex else {
            return Ok(if prefix.is_empty() { Self::None } else { Self::Prefix(prefix.into()) });
        };
        let field = at.field("regex_rewrite");
        if !prefix.is_empty() {
            return Err(field.error("only one of prefix_rewrite and regex_rewrite can be set"));
        }
        let pattern_at = field.field("pattern");
        let Some(pattern) = &rewrite.pattern else { return Err(pattern_at.error("must be set")) };
        let regex = re2::search(&pattern.regex, &pattern_at.field("regex"))?;
        let substitution = re2::substitution(&rewrite.substitution, &regex, &field.field("substitution"))?;
        Ok(Self::Regex(Box::new(RegexRewrite { regex, substitution })))
    }

    /// The path after the change, with its query; `None` where nothing changes. `matched` is how much of the path
    /// the route's match covers.
    pub fn apply(&self, path: &str, matched: usize) -> Option<String> {
        match self {
            Self::None => None,
            Self::Prefix(prefix) => Some(format!("{prefix}{}", path.get(matched..)?)),
            Self::Regex(rewrite) => {
                let only = without_query(path);
                let new =
                    String::from_utf8(rewrite.regex.replace_all(only.as_bytes(), &rewrite.substitution))
                        .ok()?;
                (!new.is_empty()).then(|| format!("{new}{}", &path[only.len()..]))
            }
        }
    }
}

impl Forward {
    /// The destination that a random number chooses.
    pub fn choose(&self, random: u64) -> &Destination {
        if self.destinations.len() > 1 {
            let mut point = random % self.total_weight.max(1);
            for destination in &self.destinations {
                if point < destination.weight {
                    return destination;
                }
                point -= destination.weight;
            }
        }
        &self.destinations[0]
    }
}

/// Compiles the action of a route.
pub(crate) fn new_action(
    route: &envoy::Route,
    context: &Context<'_>,
    at: &At<'_>,
    retry: Option<&Arc<RetryPolicy>>,
) -> Result<Action, ConfigError> {
    match (&route.route, &route.redirect, &route.direct_response) {
        (Some(action), None, None) => {
            Ok(Action::Forward(Box::new(new_forward(action, context, &at.field("route"), retry)?)))
        }
        (None, Some(redirect), None) => {
            Ok(Action::Redirect(Box::new(Redirect::new(redirect, &at.field("redirect"))?)))
        }
        (None, None, Some(direct)) => {
            Ok(Action::Direct(new_direct(direct, context, &at.field("direct_response"))?))
        }
        _ => Err(at.error("one of route, redirect and direct_response must be set")),
    }
}

fn new_direct(
    direct: &envoy::DirectResponseAction,
    context: &Context<'_>,
    at: &At<'_>,
) -> Result<DirectResponse, ConfigError> {
    let envoy::DirectResponseAction { status, body } = direct;
    let status = u16::try_from(*status)
        .ok()
        .filter(|status| (200..600).contains(status))
        .ok_or_else(|| at.field("status").error(format!("{status} is not in 200 to 599")))?;
    let field = at.field("body");
    let body = match body {
        None => Bytes::new(),
        Some(envoy::DataSource { inline_string, inline_bytes, filename, environment_variable }) => {
            field.refuse("inline_bytes", inline_bytes)?;
            field.refuse("filename", filename)?;
            field.refuse("environment_variable", environment_variable)?;
            Bytes::from(inline_string.clone().unwrap_or_default())
        }
    };
    if body.len() > context.max_direct_response {
        return Err(field.error(format!(
            "the body has {} bytes; max_direct_response_body_size_bytes allows {}",
            body.len(),
            context.max_direct_response
        )));
    }
    Ok(DirectResponse { status, body })
}

fn host(text: Option<&String>, at: &At<'_>) -> Result<Option<HeaderValue>, ConfigError> {
    text.filter(|text| !text.is_empty())
        .map(|text| {
            HeaderValue::from_str(text)
                .ok()
                .filter(|_| text.parse::<http::uri::Authority>().is_ok())
                .ok_or_else(|| at.field("host_rewrite_literal").error(format!("{text:?} is no host")))
        })
        .transpose()
}

fn new_forward(
    action: &envoy::RouteAction,
    context: &Context<'_>,
    at: &At<'_>,
    inherited_retry: Option<&Arc<RetryPolicy>>,
) -> Result<Forward, ConfigError> {
    let envoy::RouteAction {
        cluster,
        cluster_header,
        weighted_clusters,
        cluster_not_found_response_code,
        metadata_match,
        prefix_rewrite,
        regex_rewrite,
        host_rewrite_literal,
        auto_host_rewrite,
        host_rewrite_header,
        host_rewrite_path_regex,
        append_x_forwarded_host,
        timeout,
        idle_timeout,
        retry_policy,
        request_mirror_policies,
        hash_policy,
        cors,
        max_grpc_timeout,
        max_stream_duration,
        upgrade_configs,
        priority,
    } = action;
    at.refuse("cluster_header", cluster_header)?;
    at.refuse("metadata_match", metadata_match)?;
    at.refuse("host_rewrite_header", host_rewrite_header)?;
    at.refuse("host_rewrite_path_regex", host_rewrite_path_regex)?;
    at.refuse("hash_policy", hash_policy)?;
    at.refuse("cors", cors)?;
    at.refuse("priority", priority)?;
    if *auto_host_rewrite == Some(true) {
        return Err(at.field("auto_host_rewrite").not_implemented());
    }
    if let Some(limit) = max_stream_duration {
        // All zero means no limit, which is what Istio writes for inbound routes.
        let field = at.field("max_stream_duration");
        let envoy::MaxStreamDuration {
            max_stream_duration,
            grpc_timeout_header_max,
            grpc_timeout_header_offset,
        } = limit;
        for (name, value) in [
            ("max_stream_duration", max_stream_duration),
            ("grpc_timeout_header_max", grpc_timeout_header_max),
            ("grpc_timeout_header_offset", grpc_timeout_header_offset),
        ] {
            if value.is_some_and(|value| !value.is_zero()) {
                return Err(field.field(name).not_implemented());
            }
        }
    }
    let destinations = match (cluster, weighted_clusters) {
        (Some(name), None) => vec![plain(name, context, &at.field("cluster"))?],
        (None, Some(weighted)) => new_weighted(weighted, context, &at.field("weighted_clusters"))?,
        _ => return Err(at.error("one of cluster and weighted_clusters must be set")),
    };
    let total_weight = destinations.iter().map(|destination| destination.weight).sum();
    if total_weight == 0 || total_weight > u64::from(u32::MAX) {
        return Err(at.field("weighted_clusters").error("the sum of all weights must be in 1 to 4294967295"));
    }
    let retry = match retry_policy {
        Some(policy) => Some(Arc::new(RetryPolicy::new(policy, &at.field("retry_policy"))?)),
        None => inherited_retry.cloned(),
    };
    let timeouts = if max_stream_duration.is_some() {
        Timeouts::default()
    } else {
        Timeouts {
            route: timeout.map_or(Duration::from_secs(15), |timeout| timeout.0),
            max_grpc: max_grpc_timeout.map(|timeout| timeout.0),
        }
    };
    Ok(Forward {
        destinations,
        total_weight,
        not_found_status: match cluster_not_found_response_code {
            envoy::ClusterNotFoundResponseCode::ServiceUnavailable => 503,
            envoy::ClusterNotFoundResponseCode::NotFound => 404,
            envoy::ClusterNotFoundResponseCode::InternalServerError => 500,
        },
        host_rewrite: host(host_rewrite_literal.as_ref(), at)?,
        rewrite: Rewrite::new(prefix_rewrite, regex_rewrite.as_ref(), at)?,
        append_forwarded_host: *append_x_forwarded_host,
        timeouts,
        idle_timeout: idle_timeout.map(|timeout| timeout.0),
        retry,
        mirrors: request_mirror_policies
            .iter()
            .enumerate()
            .map(|(index, policy)| new_mirror(policy, context, &at.index("request_mirror_policies", index)))
            .collect::<Result<_, _>>()?,
        upgrades: upgrade_configs
            .iter()
            .map(|upgrade| {
                (upgrade.upgrade_type.to_ascii_lowercase().into(), upgrade.enabled.unwrap_or(true))
            })
            .collect(),
    })
}

fn plain(name: &str, context: &Context<'_>, at: &At<'_>) -> Result<Destination, ConfigError> {
    Ok(Destination {
        cluster: context.cluster(name, at)?,
        cluster_name: name.into(),
        weight: 1,
        host_rewrite: None,
        request_headers: HeaderOperations::default(),
        response_headers: HeaderOperations::default(),
        filters: None,
    })
}

fn new_weighted(
    weighted: &envoy::WeightedCluster,
    context: &Context<'_>,
    at: &At<'_>,
) -> Result<Vec<Destination>, ConfigError> {
    let envoy::WeightedCluster { clusters, total_weight } = weighted;
    if clusters.is_empty() {
        return Err(at.field("clusters").error("must not be empty"));
    }
    let sum: u64 = clusters.iter().map(|cluster| u64::from(cluster.weight.unwrap_or(0))).sum();
    if total_weight.is_some_and(|total| u64::from(total) != sum) {
        return Err(at.field("total_weight").error(format!("the sum of all weights is {sum}")));
    }
    let mut destinations = Vec::with_capacity(clusters.len());
    for (index, cluster) in clusters.iter().enumerate() {
        let field = at.index("clusters", index);
        let envoy::ClusterWeight {
            name,
            weight,
            metadata_match,
            request_headers_to_add,
            request_headers_to_remove,
            response_headers_to_add,
            response_headers_to_remove,
            typed_per_filter_config,
            host_rewrite_literal,
        } = cluster;
        field.refuse("metadata_match", metadata_match)?;
        let filters = if typed_per_filter_config.is_empty() {
            None
        } else {
            Some(context.filters_with(typed_per_filter_config, &field)?)
        };
        destinations.push(Destination {
            cluster: context.cluster(name, &field.field("name"))?,
            cluster_name: name.as_str().into(),
            weight: u64::from(weight.unwrap_or(0)),
            host_rewrite: host(host_rewrite_literal.as_ref(), &field)?,
            request_headers: HeaderOperations::new(
                "request",
                request_headers_to_add,
                request_headers_to_remove,
                &field,
            )?,
            response_headers: HeaderOperations::new(
                "response",
                response_headers_to_add,
                response_headers_to_remove,
                &field,
            )?,
            filters,
        });
    }
    Ok(destinations)
}

fn new_mirror(
    policy: &envoy::RequestMirrorPolicy,
    context: &Context<'_>,
    at: &At<'_>,
) -> Result<Mirror, ConfigError> {
    let envoy::RequestMirrorPolicy {
        cluster,
        runtime_fraction,
        trace_sampled: _,
        disable_shadow_host_suffix_append,
    } = policy;
    if cluster.is_empty() {
        return Err(at.field("cluster").error("must not be empty"));
    }
    Ok(Mirror {
        cluster: context.cluster(cluster, &at.field("cluster"))?,
        part: runtime_fraction
            .as_ref()
            .map_or(Ok(Part::ALL), |part| Part::runtime(part, &at.field("runtime_fraction")))?,
        append_shadow: !disable_shadow_host_suffix_append,
    })
}
