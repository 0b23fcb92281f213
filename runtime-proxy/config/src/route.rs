//! One route: what it matches, what it does, what it changes.

use std::sync::Arc;

use meshc_envoy as envoy;
use meshc_re2::Regex;

use crate::action::{Action, new_action};
use crate::error::{At, ConfigError};
use crate::filters::RouteFilters;
use crate::header_ops::HeaderOperations;
use crate::matcher::{HeaderMatcher, Part, QueryMatcher, regex_matcher};
use crate::request::{RequestView, without_query};
use crate::retry::RetryPolicy;
use crate::route_table::Context;

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name, for logs.
    pub name: Box<str>,
    path: PathMatch,
    part: Option<Part>,
    headers: Vec<HeaderMatcher>,
    query: Vec<QueryMatcher>,
    /// What it does.
    pub action: Action,
    /// Operations on requests.
    pub request_headers: HeaderOperations,
    /// Operations on responses.
    pub response_headers: HeaderOperations,
    /// What it says about the filters.
    pub filters: RouteFilters,
}

#[derive(Debug, Clone)]
enum PathMatch {
    Everything,
    Prefix(Box<str>, bool),
    Exact(Box<str>, bool),
    Segments(Box<str>, bool),
    Regex(Regex),
}

impl Route {
    pub(crate) fn new(
        route: &envoy::Route,
        context: &Context<'_>,
        at: &At<'_>,
        retry: Option<&Arc<RetryPolicy>>,
    ) -> Result<Self, ConfigError> {
        let envoy::Route {
            name,
            r#match,
            route: _,
            redirect: _,
            direct_response: _,
            metadata: _,
            // Without tracing, the name of a span has no effect.
            decorator: _,
            typed_per_filter_config,
            request_headers_to_add,
            request_headers_to_remove,
            response_headers_to_add,
            response_headers_to_remove,
            // It names counters of the route's own beside those of the cluster; what becomes of a request is the same.
            stat_prefix: _,
        } = route;
        let field = at.field("match");
        let Some(matches) = r#match else { return Err(field.error("must be set")) };
        let levels = Context { levels: &context.below(typed_per_filter_config, at), ..*context };
        Ok(Self {
            name: name.as_str().into(),
            path: PathMatch::new(matches, &field)?,
            part: matches
                .runtime_fraction
                .as_ref()
                .map(|part| Part::runtime(part, &field.field("runtime_fraction")))
                .transpose()?,
            headers: matches
                .headers
                .iter()
                .enumerate()
                .map(|(index, matcher)| HeaderMatcher::new(matcher, &field.index("headers", index)))
                .collect::<Result<_, _>>()?,
            query: matches
                .query_parameters
                .iter()
                .enumerate()
                .map(|(index, matcher)| QueryMatcher::new(matcher, &field.index("query_parameters", index)))
                .collect::<Result<_, _>>()?,
            action: new_action(route, &levels, at, retry)?,
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
            filters: levels.filters()?,
        })
    }

    /// How much of the path the match covers, where the request matches.
    pub(crate) fn matches(&self, request: &RequestView<'_>, only: &str, random: u64) -> Option<usize> {
        let matched = self.path.matches(only)?;
        let wanted = self.part.is_none_or(|part| part.contains(random))
            && self.headers.iter().all(|matcher| matcher.matches(request))
            && self.query.iter().all(|matcher| matcher.matches(request.path));
        wanted.then_some(matched)
    }
}

impl PathMatch {
    fn new(matches: &envoy::RouteMatch, at: &At<'_>) -> Result<Self, ConfigError> {
        let sensitive = matches.case_sensitive.unwrap_or(true);
        match (&matches.prefix, &matches.path, &matches.safe_regex, &matches.path_separated_prefix) {
            (Some(prefix), None, None, None) => Ok(match prefix.as_str() {
                "" => Self::Everything,
                prefix => Self::Prefix(prefix.into(), sensitive),
            }),
            (None, Some(path), None, None) => Ok(Self::Exact(path.as_str().into(), sensitive)),
            (None, None, Some(regex), None) => {
                Ok(Self::Regex(regex_matcher(regex, &at.field("safe_regex"))?))
            }
            (None, None, None, Some(prefix)) => {
                if prefix.is_empty() || prefix.ends_with('/') || prefix.contains(['?', '#']) {
                    let field = at.field("path_separated_prefix");
                    return Err(field.error("must not be empty, end in a slash, or hold a query or fragment"));
                }
                Ok(Self::Segments(prefix.as_str().into(), sensitive))
            }
            _ => Err(at.error("one of prefix, path, safe_regex and path_separated_prefix must be set")),
        }
    }

    /// How much of the path (without its query) is covered.
    fn matches(&self, path: &str) -> Option<usize> {
        let starts = |prefix: &str, sensitive: bool| {
            path.as_bytes().get(..prefix.len()).is_some_and(|start| {
                if sensitive {
                    start == prefix.as_bytes()
                } else {
                    start.eq_ignore_ascii_case(prefix.as_bytes())
                }
            })
        };
        let covered = match self {
            Self::Everything => 0,
            Self::Prefix(prefix, sensitive) if starts(prefix, *sensitive) => prefix.len(),
            Self::Exact(exact, sensitive) if exact.len() == path.len() && starts(exact, *sensitive) => {
                exact.len()
            }
            Self::Segments(prefix, sensitive)
                if starts(prefix, *sensitive)
                    && matches!(path.as_bytes().get(prefix.len()), None | Some(b'/')) =>
            {
                prefix.len()
            }
            Self::Regex(regex) if regex.is_match(path.as_bytes()) => path.len(),
            _ => return None,
        };
        Some(covered)
    }
}

/// The path that routes are matched against.
pub(crate) fn matched_path(path: &str, ignore_parameters: bool) -> &str {
    let only = without_query(path);
    if ignore_parameters { only.split(';').next().unwrap_or(only) } else { only }
}
